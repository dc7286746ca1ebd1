"""The runbook that people use today, call for call, with Microsoft's Python client in place of its PowerShell modules.

It looks at whoever was created within the last hours, picks by address and state, and invites one after the other with a mail
each. It keeps nothing between two runs, and it swallows errors, as the original does. In one thing it is kinder: it reads all
pages, where the original reads the first.
"""

import asyncio
import os
import re
from datetime import datetime, timedelta

from azure.identity.aio import ManagedIdentityCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder

Parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters

# A schedule runs it once a day, so it looks back a day and an hour.
LOOK_BACK = timedelta(hours=25)
DOMAIN = "fabrikam.us"
REDIRECT_URL = "https://myapps.microsoft.com"


async def created_since(users, since):
    """All pages, each as large as it comes."""
    wanted = Parameters(
        filter=f"createdDateTime ge {since:%Y-%m-%dT%H:%M:%SZ}", select=["id", "mail", "externalUserState"]
    )
    page = await users.get(RequestConfiguration(query_parameters=wanted))
    found = list(page.value)
    while page.odata_next_link:
        page = await users.with_url(page.odata_next_link).get()
        found.extend(page.value)
    return found


async def main():
    # The simulated tenant's time; the original asks the machine for it.
    now = datetime.fromisoformat(os.environ["RUNBOOK_NOW"])
    async with ManagedIdentityCredential() as credential:
        client = GraphServiceClient(credential, ["https://graph.microsoft.com/.default"])
        client.request_adapter.base_url = f"{os.environ['RUNBOOK_GRAPH_ROOT']}/v1.0"
        for user in await created_since(client.users, now - LOOK_BACK):
            if re.search(DOMAIN, user.mail or "") and user.external_user_state in (None, "PendingAcceptance"):
                invitation = Invitation(
                    invited_user=User(id=user.id),
                    invited_user_email_address=user.mail,
                    invite_redirect_url=REDIRECT_URL,
                    send_invitation_message=True,
                )
                try:
                    await client.invitations.post(invitation)
                except Exception:
                    pass


asyncio.run(main())
