"""Groups in groups, and directory roles."""

from msgraph.generated.groups.item.transitive_members.graph_user.graph_user_request_builder import (
    GraphUserRequestBuilder,
)
from msgraph.generated.models.group import Group
from msgraph.generated.models.unified_role_assignment import UnifiedRoleAssignment
from msgraph.generated.models.user import User
from msgraph.generated.role_management.directory.role_assignments.role_assignments_request_builder import (
    RoleAssignmentsRequestBuilder,
)


async def tell(story):
    facts = story.facts
    members = story.client.groups.by_group_id(facts["outer"]).transitive_members
    found = {member.id: type(member) for member in (await members.get()).value}
    assert found == {facts["inner"]: Group, facts["ada"]: User}
    counted = GraphUserRequestBuilder.GraphUserRequestBuilderGetQueryParameters(count=True)
    users = await members.graph_user.get(story.asking(counted, advanced=True))
    assert (users.odata_count, [user.id for user in users.value]) == (1, [facts["ada"]])

    directory = story.client.role_management.directory
    assignments = directory.role_assignments
    hers = RoleAssignmentsRequestBuilder.RoleAssignmentsRequestBuilderGetQueryParameters(
        filter=f"principalId eq '{facts['ada']}'"
    )
    had = (await assignments.get(story.asking(hers))).value
    assert [one.role_definition_id for one in had] == [facts["reader"]]
    definition = directory.role_definitions.by_unified_role_definition_id(facts["reader"])
    assert (await definition.get()).display_name == "Global Reader"
    given = UnifiedRoleAssignment(
        principal_id=facts["ada"], role_definition_id=facts["another_role"], directory_scope_id="/"
    )
    made = await assignments.post(given)
    assert len((await assignments.get(story.asking(hers))).value) == 2
    await assignments.by_unified_role_assignment_id(made.id).delete()
    assert len((await assignments.get(story.asking(hers))).value) == 1
