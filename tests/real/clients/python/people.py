"""Reading people: pages, projections, filters, errors, and a refusal that passes."""

from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.tasks.page_iterator import PageIterator

Parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


async def tell(story):
    users = story.client.users

    select = ["id", "displayName", "mail", "userPrincipalName"]
    first = await users.get(story.asking(Parameters(select=select, top=10)))
    assert len(first.value) == 10 and first.odata_next_link
    met = []
    await PageIterator(first, story.client.request_adapter).iterate(lambda user: met.append(user) or True)
    assert len({user.id for user in met}) == len(met) == len(story.facts["people"]) + 1
    assert all(user.display_name and user.account_enabled is None for user in met), "only what was selected"

    ending = Parameters(filter="endsWith(mail,'@fabrikam.us')", count=True, top=5, select=["id", "mail"])
    page = await users.get(story.asking(ending, advanced=True))
    assert (page.odata_count, len(page.value)) == (len(story.facts["people"]), 5)
    await story.refused(users.get(story.asking(ending)), 400, "Request_UnsupportedQuery")

    person = await users.by_user_id(story.facts["people"][0]).get()
    assert person.mail == "person-0001@fabrikam.us"
    nobody = users.by_user_id("00000000-0000-0000-0000-000000000009")
    error = await story.refused(nobody.get(), 404, "Request_ResourceNotFound")
    assert "00000000-0000-0000-0000-000000000009" in error.error.message
    assert error.error.inner_error.request_id

    # The first answer is 429: the client's own handler waits as it is told, and comes again.
    assert (await story.client.subscribed_skus.get()).value is not None
