"""Following changes by links, until they expire; deleting a person, finding and restoring them."""

from msgraph.generated.models.user import User
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder

Parameters = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
SELECT = ["displayName", "userPrincipalName", "usageLocation", "accountEnabled"]


async def tell(story):
    delta = story.client.users.delta
    second, fourth = story.facts["people"][1], story.facts["people"][3]
    everybody, link = await rounds(delta, await delta.get(story.asking(Parameters(select=SELECT))))
    assert {second, fourth} <= {user.id for user in everybody}

    _, link = await rounds(delta, await delta.with_url(link).get())
    await story.client.users.by_user_id(fourth).patch(User(usage_location="US"))
    await story.client.users.by_user_id(second).delete()
    changed, link = await rounds(delta, await delta.with_url(link).get())
    changed = {user.id: user for user in changed}
    assert changed.keys() == {second, fourth}
    assert changed[fourth].usage_location == "US" and "@removed" not in changed[fourth].additional_data
    assert changed[second].additional_data["@removed"] == {"reason": "changed"}, "deleted, and can be restored"

    story.expire_links()
    error = await story.refused(delta.with_url(link).get(), 410, "Gone")
    # Where a new first round begins is told by a header.
    everybody, _ = await rounds(delta, await delta.with_url(error.response_headers["location"]).get())
    met = {user.id for user in everybody}
    assert fourth in met and second not in met

    await restore(story, second)


async def rounds(delta, page):
    """All that the round has, and the link to the next."""
    met = []
    while True:
        met.extend(page.value)
        if page.odata_delta_link:
            return met, page.odata_delta_link
        page = await delta.with_url(page.odata_next_link).get()


async def restore(story, person):
    deleted = story.client.directory.deleted_items
    listed = await deleted.graph_user.get()
    assert [user.id for user in listed.value] == [person] and listed.value[0].mail == "person-0002@fabrikam.us"
    item = deleted.by_directory_object_id(person)
    assert isinstance(await item.get(), User), "the type is told beside the object"
    restored = await item.restore.post()
    assert restored.id == person
    assert (await deleted.graph_user.get()).value == []
