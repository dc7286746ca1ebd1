// Cross-tenant access settings: the default, partners, and who may be synchronised from there.

import assert from "node:assert/strict";

const ANOTHER = "33333333-3333-4333-8333-333333333333";

export async function tell(story) {
  const { client, facts, refused } = story;
  const policy = (path) => client.api(`/policies/crossTenantAccessPolicy/${path}`);
  let standard = await policy("default").get();
  assert.ok(standard.isServiceDefault);
  assert.equal(standard.automaticUserConsentSettings.inboundAllowed, false);
  await policy("default").patch({ inboundTrust: { isMfaAccepted: true } });
  standard = await policy("default").get();
  assert.ok(standard.inboundTrust.isMfaAccepted && !standard.isServiceDefault);

  const tenantId = facts.partner;
  const consent = { inboundAllowed: true, outboundAllowed: false };
  const made = await policy("partners").post({ tenantId, automaticUserConsentSettings: consent });
  assert.deepEqual([made.tenantId, made.inboundTrust], [tenantId, null], "the default holds");
  await refused(policy("partners").post({ tenantId }), 409, "Request_MultipleObjectsWithSameKeyValue");
  const one = policy(`partners/${tenantId}`);
  await one.patch({ automaticUserConsentSettings: { inboundAllowed: true, outboundAllowed: true } });
  assert.ok((await one.get()).automaticUserConsentSettings.outboundAllowed);

  await policy("partners").post({ tenantId: ANOTHER });
  const tenants = (await policy("partners").get()).value.map((partner) => partner.tenantId);
  assert.deepEqual(tenants.sort(), [tenantId, ANOTHER].sort());
  await policy(`partners/${ANOTHER}`).delete();
  await refused(policy(`partners/${ANOTHER}`).get(), 404, "Request_ResourceNotFound");

  const settings = policy(`partners/${tenantId}/identitySynchronization`);
  await settings.put({ displayName: "Fabrikam", userSyncInbound: { isSyncAllowed: true } });
  assert.ok((await settings.get()).userSyncInbound.isSyncAllowed);
  await settings.patch({ userSyncInbound: { isSyncAllowed: false } });
  const read = await settings.get();
  assert.deepEqual([read.displayName, read.userSyncInbound.isSyncAllowed], ["Fabrikam", false]);
}
