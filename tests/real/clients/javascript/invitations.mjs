// Inviting, converting and mailing again; changing a person, alone and in a batch.

import assert from "node:assert/strict";
import graph from "@microsoft/microsoft-graph-client";

export async function tell(story) {
  const { client } = story;
  const guest = await invite(story);
  const person = client.api(`/users/${guest}`);
  await person.patch({ companyName: "Fabrikam", jobTitle: "Engineer" });
  assert.equal((await person.get()).jobTitle, "Engineer");
  await person.patch({ jobTitle: null });
  assert.equal((await person.get()).jobTitle, null);
  await batch(story);
}

async function invite({ client, facts, refused }) {
  const post = (address, more) =>
    client.api("/invitations").post({
      invitedUserEmailAddress: address,
      inviteRedirectUrl: "https://myapps.microsoft.com",
      sendInvitationMessage: true,
      ...more,
    });
  // The first answer is 429 here too: a write is repeated as well.
  const made = await post("guest@fabrikam.us", {
    invitedUserDisplayName: "Grace of Fabrikam",
    invitedUserMessageInfo: { messageLanguage: "de-DE" },
  });
  assert.equal(made.status, "PendingAcceptance");
  assert.ok(made.inviteRedeemUrl && made.invitedUser.id);

  const converted = await post("person-0001@fabrikam.us", { invitedUser: { id: facts.people[0] } });
  assert.equal(converted.invitedUser.id, facts.people[0]);

  const again = await post("guest@fabrikam.us");
  assert.equal(again.invitedUser.id, made.invitedUser.id, "nobody new");
  await refused(post("ada@contoso.com"), 400, "BadRequest");
  return made.invitedUser.id;
}

async function batch({ client, facts }) {
  const person = `/users/${facts.people[2]}`;
  const disable = new Request(`${facts.graph}/v1.0${person}`, {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ accountEnabled: false }),
  });
  const get = (path) => new Request(`${facts.graph}/v1.0${path}`);
  // The client knows no other order than one after the other.
  const content = new graph.BatchRequestContent([
    { id: "disable", request: disable },
    { id: "read", request: get(`${person}?$select=mail,accountEnabled`), dependsOn: ["disable"] },
    { id: "nobody", request: get("/users/00000000-0000-0000-0000-000000000009"), dependsOn: ["read"] },
    { id: "never", request: get(person), dependsOn: ["nobody"] },
  ]);
  const answers = new graph.BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
  const statuses = ["disable", "read", "nobody", "never"].map((id) => answers.getResponseById(id).status);
  assert.deepEqual(statuses, [204, 200, 404, 424]);
  const { mail, accountEnabled } = await answers.getResponseById("read").json();
  assert.deepEqual([mail, accountEnabled], ["person-0003@fabrikam.us", false], "in their order");
}
