"""Cross-tenant access settings: the default, partners, and who may be synchronised from there."""

from msgraph.generated.models.cross_tenant_access_policy_configuration_default import (
    CrossTenantAccessPolicyConfigurationDefault,
)
from msgraph.generated.models.cross_tenant_access_policy_configuration_partner import (
    CrossTenantAccessPolicyConfigurationPartner,
)
from msgraph.generated.models.cross_tenant_access_policy_inbound_trust import CrossTenantAccessPolicyInboundTrust
from msgraph.generated.models.cross_tenant_identity_sync_policy_partner import CrossTenantIdentitySyncPolicyPartner
from msgraph.generated.models.cross_tenant_user_sync_inbound import CrossTenantUserSyncInbound
from msgraph.generated.models.inbound_outbound_policy_configuration import InboundOutboundPolicyConfiguration

ANOTHER = "33333333-3333-4333-8333-333333333333"


async def tell(story):
    policy = story.client.policies.cross_tenant_access_policy
    standard = await policy.default.get()
    assert standard.is_service_default and standard.automatic_user_consent_settings.inbound_allowed is False
    trust = CrossTenantAccessPolicyInboundTrust(is_mfa_accepted=True)
    await policy.default.patch(CrossTenantAccessPolicyConfigurationDefault(inbound_trust=trust))
    standard = await policy.default.get()
    assert standard.inbound_trust.is_mfa_accepted and not standard.is_service_default

    tenant = story.facts["partner"]
    consent = InboundOutboundPolicyConfiguration(inbound_allowed=True, outbound_allowed=False)
    partner = CrossTenantAccessPolicyConfigurationPartner(tenant_id=tenant, automatic_user_consent_settings=consent)
    made = await policy.partners.post(partner)
    assert made.tenant_id == tenant and made.inbound_trust is None, "the default holds"
    await story.refused(policy.partners.post(partner), 409, "Request_MultipleObjectsWithSameKeyValue")
    one = policy.partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(tenant)
    consent = InboundOutboundPolicyConfiguration(inbound_allowed=True, outbound_allowed=True)
    await one.patch(CrossTenantAccessPolicyConfigurationPartner(automatic_user_consent_settings=consent))
    assert (await one.get()).automatic_user_consent_settings.outbound_allowed

    await policy.partners.post(CrossTenantAccessPolicyConfigurationPartner(tenant_id=ANOTHER))
    assert {partner.tenant_id for partner in (await policy.partners.get()).value} == {tenant, ANOTHER}
    other = policy.partners.by_cross_tenant_access_policy_configuration_partner_tenant_id(ANOTHER)
    await other.delete()
    await story.refused(other.get(), 404, "Request_ResourceNotFound")

    await synchronisation(one.identity_synchronization)


async def synchronisation(settings):
    allowed = CrossTenantUserSyncInbound(is_sync_allowed=True)
    await settings.put(CrossTenantIdentitySyncPolicyPartner(display_name="Fabrikam", user_sync_inbound=allowed))
    assert (await settings.get()).user_sync_inbound.is_sync_allowed
    # The client has no way to change them, only to make and delete them.
    await settings.delete()
    forbidden = CrossTenantUserSyncInbound(is_sync_allowed=False)
    await settings.put(CrossTenantIdentitySyncPolicyPartner(display_name="Fabrikam", user_sync_inbound=forbidden))
    read = await settings.get()
    assert (read.display_name, read.user_sync_inbound.is_sync_allowed) == ("Fabrikam", False)
