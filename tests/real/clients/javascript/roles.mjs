// Groups in groups, and directory roles.

import assert from "node:assert/strict";

export async function tell({ client, facts }) {
  const members = `/groups/${facts.outer}/transitiveMembers`;
  const found = (await client.api(members).get()).value.map((member) => [member.id, member["@odata.type"]]);
  assert.deepEqual(Object.fromEntries(found), {
    [facts.inner]: "#microsoft.graph.group",
    [facts.ada]: "#microsoft.graph.user",
  });
  const counted = client.api(`${members}/microsoft.graph.user`).count(true).header("ConsistencyLevel", "eventual");
  const users = await counted.get();
  assert.deepEqual([users["@odata.count"], users.value.map((user) => user.id)], [1, [facts.ada]]);

  const assignments = "/roleManagement/directory/roleAssignments";
  const hers = async () => (await client.api(assignments).filter(`principalId eq '${facts.ada}'`).get()).value;
  assert.deepEqual((await hers()).map((one) => one.roleDefinitionId), [facts.reader]);
  const definition = await client.api(`/roleManagement/directory/roleDefinitions/${facts.reader}`).get();
  assert.equal(definition.displayName, "Global Reader");
  const given = { principalId: facts.ada, roleDefinitionId: facts.another_role, directoryScopeId: "/" };
  const made = await client.api(assignments).post(given);
  assert.equal((await hers()).length, 2);
  await client.api(`${assignments}/${made.id}`).delete();
  assert.equal((await hers()).length, 1);
}
