"""Inviting, converting and mailing again; changing a person, alone and in a batch."""

from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.invited_user_message_info import InvitedUserMessageInfo
from msgraph.generated.models.user import User
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

Parameters = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters


async def tell(story):
    guest = await invite(story)
    person = story.client.users.by_user_id(guest)
    await person.patch(User(company_name="Fabrikam", job_title="Engineer"))
    changed = await person.get()
    assert changed.job_title == "Engineer"
    # The client leaves out what is None in a model of its own; null is sent as additional data.
    await person.patch(User(additional_data={"jobTitle": None}))
    assert (await person.get()).job_title is None
    await batch(story)


async def invite(story):
    invitations = story.client.invitations
    invitation = Invitation(
        invited_user_display_name="Grace of Fabrikam",
        invited_user_email_address="guest@fabrikam.us",
        invited_user_message_info=InvitedUserMessageInfo(message_language="de-DE"),
        invite_redirect_url="https://myapps.microsoft.com",
        send_invitation_message=True,
    )
    # The first answer is 429 here too: a write is repeated as well.
    made = await invitations.post(invitation)
    assert made.status == "PendingAcceptance" and made.invite_redeem_url and made.invited_user.id

    person = story.facts["people"][0]
    converted = await invitations.post(
        Invitation(
            invited_user_email_address="person-0001@fabrikam.us",
            invited_user=User(id=person),
            invite_redirect_url="https://myapps.microsoft.com",
            send_invitation_message=True,
        )
    )
    assert converted.invited_user.id == person

    again = await invitations.post(
        Invitation(
            invited_user_email_address="guest@fabrikam.us",
            invite_redirect_url="https://myapps.microsoft.com",
            send_invitation_message=True,
        )
    )
    assert again.invited_user.id == made.invited_user.id, "nobody new"
    colleague = Invitation(
        invited_user_email_address="ada@contoso.com", invite_redirect_url="https://myapps.microsoft.com"
    )
    await story.refused(invitations.post(colleague), 400, "BadRequest")
    return made.invited_user.id


async def batch(story):
    users = story.client.users
    third = users.by_user_id(story.facts["people"][2])
    nobody = users.by_user_id("00000000-0000-0000-0000-000000000009")
    content = BatchRequestContent()

    def add(name, information):
        # What a request goes to is filled in only when it is sent by itself.
        information.path_parameters["baseurl"] = story.client.request_adapter.base_url
        content.add_request(name, BatchRequestItem(information, id=name))

    add("read", third.to_get_request_information())
    add("disable", third.to_patch_request_information(User(account_enabled=False)))
    add("nobody", nobody.to_get_request_information())
    answers = await story.client.batch.post(content)
    assert answers.get_response_status_codes() == {"read": 200, "disable": 204, "nobody": 404}
    # Bodies cannot be had: this version of the client takes them for base64, where Graph sends JSON.
    assert (await third.get(story.asking(Parameters(select=["accountEnabled"])))).account_enabled is False
