// Following changes by links, until they expire; deleting a person, finding and restoring them.

import assert from "node:assert/strict";

export async function tell(story) {
  const { client, facts, refused, expireLinks } = story;
  const [, second, , fourth] = facts.people;
  const select = "displayName,userPrincipalName,usageLocation,accountEnabled";
  let round = await follow(client, client.api("/users/delta").select(select));
  assert.ok(round.met.has(second) && round.met.has(fourth));

  round = await follow(client, client.api(round.link));
  await client.api(`/users/${fourth}`).patch({ usageLocation: "US" });
  await client.api(`/users/${second}`).delete();
  round = await follow(client, client.api(round.link));
  assert.deepEqual([...round.met.keys()].sort(), [second, fourth].sort());
  assert.equal(round.met.get(fourth).usageLocation, "US");
  assert.equal(round.met.get(fourth)["@removed"], undefined);
  assert.deepEqual(round.met.get(second)["@removed"], { reason: "changed" }, "deleted, and can be restored");

  await expireLinks();
  const error = await refused(client.api(round.link).get(), 410, "Gone");
  // Where a new first round begins is told by a header.
  round = await follow(client, client.api(error.headers.get("location")));
  assert.ok(round.met.has(fourth) && !round.met.has(second));

  await restore(story, second);
}

/** All that a round has, by id, and the link to the next. */
async function follow(client, request) {
  const met = new Map();
  for (let page = await request.get(); ; page = await client.api(page["@odata.nextLink"]).get()) {
    page.value.forEach((user) => met.set(user.id, user));
    if (page["@odata.deltaLink"]) {
      return { met, link: page["@odata.deltaLink"] };
    }
  }
}

async function restore({ client }, person) {
  const deleted = client.api("/directory/deletedItems/microsoft.graph.user");
  const [listed, ...others] = (await deleted.get()).value;
  assert.deepEqual([listed.id, listed.mail, others], [person, "person-0002@fabrikam.us", []]);
  const item = await client.api(`/directory/deletedItems/${person}`).get();
  assert.equal(item["@odata.type"], "#microsoft.graph.user", "the type is told beside the object");
  assert.equal((await client.api(`/directory/deletedItems/${person}/restore`).post({})).id, person);
  assert.deepEqual((await deleted.get()).value, []);
}
