"""Microsoft's Python client tells the story of the official clients; the facts it needs are in the file that is named.

Each chapter is a module. What a chapter is answered, it checks itself; whoever started this checks what is left behind.
"""

import asyncio
import json
import sys
from dataclasses import dataclass

from azure.identity.aio import CertificateCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

import changes
import invitations
import people
import policies
import provisioning
import roles


@dataclass
class Story:
    """What every chapter needs."""

    client: GraphServiceClient
    facts: dict

    @staticmethod
    def asking(parameters=None, advanced=False):
        """Query options, and the header that advanced queries need."""
        configuration = RequestConfiguration(query_parameters=parameters)
        if advanced:
            configuration.headers.add("ConsistencyLevel", "eventual")
        return configuration

    @staticmethod
    async def refused(request, status, code):
        """Graph must refuse it so; gives the client's own error."""
        try:
            await request
        except ODataError as error:
            assert (error.response_status_code, error.error.code) == (status, code), error
            assert error.error.message, error
            return error
        raise AssertionError(f"this was not refused with {status} {code}")

    @staticmethod
    def expire_links():
        """All links of change tracking given out so far expire."""
        print("expire", flush=True)
        assert sys.stdin.readline() == "expired\n"


async def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        facts = json.load(file)
    credential = CertificateCredential(
        facts["tenant"],
        facts["client"],
        facts["certificate"],
        authority=facts["login"],
        # There is one cloud only whose list of authorities could be asked.
        disable_instance_discovery=True,
    )
    async with credential:
        client = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
        client.request_adapter.base_url = f"{facts['graph']}/v1.0"
        story = Story(client, facts)
        for chapter in (people, invitations, changes, policies, provisioning, roles):
            await chapter.tell(story)


asyncio.run(main())
