// Reading people: pages, projections, filters, errors, and a refusal that passes.

import assert from "node:assert/strict";
import graph from "@microsoft/microsoft-graph-client";

const NOBODY = "00000000-0000-0000-0000-000000000009";

export async function tell({ client, facts, refused }) {
  const select = ["id", "displayName", "mail", "userPrincipalName"];
  const first = await client.api("/users").select(select).top(10).get();
  assert.ok(first.value.length === 10 && first["@odata.nextLink"]);
  const met = [];
  const iterator = new graph.PageIterator(client, first, (user) => {
    met.push(user);
    return true;
  });
  await iterator.iterate();
  assert.ok(iterator.isComplete());
  assert.equal(met.length, facts.people.length + 1);
  assert.equal(new Set(met.map((user) => user.id)).size, met.length);
  for (const user of met) {
    assert.deepEqual(Object.keys(user).sort(), [...select].sort(), "only what was selected");
  }

  const ending = () => client.api("/users").filter("endsWith(mail,'@fabrikam.us')").count(true).top(5).select("id,mail");
  const page = await ending().header("ConsistencyLevel", "eventual").get();
  assert.deepEqual([page["@odata.count"], page.value.length], [facts.people.length, 5]);
  await refused(ending().get(), 400, "Request_UnsupportedQuery");

  const person = await client.api(`/users/${facts.people[0]}`).get();
  assert.equal(person.mail, "person-0001@fabrikam.us");
  const error = await refused(client.api(`/users/${NOBODY}`).get(), 404, "Request_ResourceNotFound");
  assert.ok(error.message.includes(NOBODY));
  assert.ok(error.requestId);

  // The first answer is 429: the client's own handler waits as it is told, and comes again.
  assert.ok((await client.api("/subscribedSkus").get()).value);
}
