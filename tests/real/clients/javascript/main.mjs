// Microsoft's JavaScript client tells the story of the official clients; the facts it needs are in the file that is named.
//
// Each chapter is a module. What a chapter is answered, it checks itself; whoever started this checks what is left behind.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { ManagedIdentityCredential } from "@azure/identity";
import graph from "@microsoft/microsoft-graph-client";
import providers from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";
import * as changes from "./changes.mjs";
import * as invitations from "./invitations.mjs";
import * as people from "./people.mjs";
import * as policies from "./policies.mjs";
import * as provisioning from "./provisioning.mjs";
import * as roles from "./roles.mjs";

const facts = JSON.parse(readFileSync(process.argv[2], "utf8"));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Graph must refuse it so; gives the client's own error. */
async function refused(request, status, code) {
  const error = await request.then(
    () => assert.fail(`this was not refused with ${status} ${code}`),
    (error) => error,
  );
  assert.ok(error instanceof graph.GraphError, error);
  assert.deepEqual([error.statusCode, error.code], [status, code], error.message);
  assert.ok(error.message);
  return error;
}

/** All links of change tracking given out so far expire. */
async function expireLinks() {
  console.log("expire");
  assert.equal((await lines.next()).value, "expired");
}

// The managed identity's endpoint is named by the environment, as App Service does.
const credential = new ManagedIdentityCredential();
const scopes = ["https://graph.microsoft.com/.default"];
const client = graph.Client.initWithMiddleware({
  authProvider: new providers.TokenCredentialAuthenticationProvider(credential, { scopes }),
  baseUrl: `${facts.graph}/`,
  customHosts: new Set([new URL(facts.graph).hostname]),
});
const story = { client, facts, refused, expireLinks };
for (const chapter of [people, invitations, changes, policies, provisioning, roles]) {
  await chapter.tell(story);
}
process.stdin.destroy();
