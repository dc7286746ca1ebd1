// A synchronisation across tenants, from the gallery's template to one person on demand; and who is assigned to it.

import assert from "node:assert/strict";

const GALLERY = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7";

export async function tell(story) {
  const { client, facts } = story;
  const made = await client.api(`/applicationTemplates/${GALLERY}/instantiate`).post({ displayName: "CTS-Fabrikam" });
  const { id, appRoles } = made.servicePrincipal;
  assert.equal((await client.api(`/servicePrincipals/${id}`).get()).appId, made.application.appId);
  assert.equal((await client.api(`/servicePrincipals(appId='${made.application.appId}')`).get()).id, id);

  const root = `/servicePrincipals/${id}/synchronization`;
  const [template] = (await client.api(`${root}/templates`).get()).value;
  const job = await client.api(`${root}/jobs`).post({ templateId: template.id });
  const secrets = [
    { key: "CompanyId", value: facts.partner },
    { key: "AuthenticationType", value: "SyncPolicy" },
    { key: "SyncAll", value: "false" },
  ];
  await client.api(`${root}/secrets`).put({ value: secrets });
  assert.deepEqual((await client.api(`${root}/secrets`).get()).value, secrets);
  await assignments(story, id, appRoles);
  await run(story, `${root}/jobs`, job.id);
}

/** The group is assigned, a person too; the person's assignment is taken away again. */
async function assignments({ client, facts }, resourceId, roles) {
  const appRoleId = roles.find((role) => role.displayName === "msiam_access").id;
  const assigned = client.api(`/servicePrincipals/${resourceId}/appRoleAssignedTo`);
  const assign = (principalId) => assigned.post({ principalId, resourceId, appRoleId });
  await assign(facts.inner);
  const hers = await assign(facts.ada);
  const kinds = (await assigned.get()).value.map((one) => one.principalType);
  assert.deepEqual(kinds.sort(), ["Group", "User"]);
  await client.api(`/servicePrincipals/${resourceId}/appRoleAssignedTo/${hers.id}`).delete();
  assert.deepEqual((await assigned.get()).value.map((one) => one.principalId), [facts.inner]);
  // The other side of the same: what the configuration itself may do.
  assert.deepEqual((await client.api(`/servicePrincipals/${resourceId}/appRoleAssignments`).get()).value, []);
}

async function run({ client, facts }, jobs, id) {
  const job = (path = "") => client.api(`${jobs}/${id}${path}`);
  assert.deepEqual((await client.api(jobs).get()).value.map((one) => one.id), [id]);
  const schema = await job("/schema").get();
  const [rule] = schema.synchronizationRules;
  const mapped = rule.objectMappings[0].attributeMappings.map((mapping) => mapping.targetAttributeName);
  assert.ok(mapped.includes("userType"), mapped);
  const operators = (await job("/schema/filterOperators").get()).value;
  assert.ok(operators.some((operator) => operator.id === "EQUALS"));
  const subjects = [{ objectId: facts.ada, objectTypeName: "User" }];
  const answer = await job("/provisionOnDemand").post({ parameters: [{ ruleId: rule.id, subjects }] });
  assert.equal(JSON.parse(answer.key).result, "Success", answer);
  await job("/start").post();
  assert.equal((await job().get()).schedule.state, "Active");
  await job("/pause").post();
  assert.equal((await job().get()).schedule.state, "Paused");
}
