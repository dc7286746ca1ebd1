//! Whether what Conditional Access asks of a partner's people can be met by them.
//!
//! Responsible for: policies that name all users, or external users by word or kind. Not responsible for: policies that name
//! single people, groups or roles: nobody can tell from here who is in them.

use super::catalogue as ids;
use crate::checks::Check;
use crate::config::Partner;
use crate::graph::setup::access::InboundTrust;
use crate::graph::setup::policies::{ConditionalAccess, CoveredUsers, ExternalKinds, GrantControls};
use serde_json::Value;

/// The kinds of external users that invitations make.
const KINDS: [&str; 2] = ["b2bCollaborationGuest", "b2bCollaborationMember"];
const ALL: [&str; 2] = ["All", "GuestsOrExternalUsers"];

/// How far a control can be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    /// What people do at home is enough.
    AtHome,
    /// They have to do it again here.
    Here,
    /// It is not known what that is.
    Unclear,
    /// Not at all.
    Never,
}

/// One check for each policy that not everybody can meet, or one for all.
pub fn judge(partner: &Partner, trust: InboundTrust, policies: &[ConditionalAccess]) -> Vec<Check> {
    let (id, name) = (ids::CONDITIONAL_ACCESS, &partner.name);
    let tenant = partner.tenant_id.to_string();
    let in_force = policies.iter().filter(|policy| policy.state.as_deref() == Some("enabled"));
    let covering: Vec<_> = in_force.filter(|policy| covers(policy, &tenant)).collect();
    let mut checks = Vec::new();
    for policy in &covering {
        let called = policy.display_name.as_deref().unwrap_or("without a name");
        let controls = policy.grant_controls.as_ref().map_or_else(|| "nothing".to_owned(), describe);
        let evidence = format!("\"{called}\" asks for {controls}");
        let narrowed = is_narrowed(policy);
        checks.push(match met(policy.grant_controls.as_ref(), trust) {
            Met::AtHome => continue,
            Met::Here => Check::warn(
                id,
                name,
                format!("{evidence}, and what people did at home does not count: they register here too"),
                "Set trust_mfa = true in [partner.trust] if the partner's multifactor authentication is good enough.",
            ),
            Met::Unclear => Check::warn(id, name, evidence, "Look whether external users can meet it."),
            Met::Never if narrowed => Check::warn(
                id,
                name,
                format!("{evidence}, which external users cannot meet, where its further conditions hold"),
                "Look at the policy's conditions, and whether they hold for external users.",
            ),
            Met::Never => Check::fail(
                id,
                name,
                format!("{evidence}, which external users cannot meet: they are kept out"),
                "Leave external users out of the policy, or trust the partner's devices ([partner.trust]).",
            ),
        });
    }
    if checks.is_empty() {
        checks.push(Check::pass(
            id,
            name,
            format!("{} policies in force name external users, and all can be met", covering.len()),
        ));
    }
    checks
}

fn covers(policy: &ConditionalAccess, tenant: &str) -> bool {
    let Some(CoveredUsers {
        include_users,
        exclude_users,
        include_guests_or_external_users: included,
        exclude_guests_or_external_users: excluded,
    }) = &policy.conditions.users
    else {
        return false;
    };
    let named = |users: &Option<Vec<String>>| users.iter().flatten().any(|user| ALL.contains(&user.as_str()));
    let some = |kinds: &Option<ExternalKinds>| kinds.as_ref().is_some_and(|kinds| kinds.reaches(tenant, KINDS, false));
    let every = |kinds: &Option<ExternalKinds>| kinds.as_ref().is_some_and(|kinds| kinds.reaches(tenant, KINDS, true));
    (named(include_users) || some(included)) && !named(exclude_users) && !every(excluded)
}

impl ExternalKinds {
    /// Whether it names any, or every one, of the kinds, for this tenant.
    fn reaches(&self, tenant: &str, kinds: [&str; 2], every: bool) -> bool {
        let listed = self.guest_or_external_user_types.as_deref().unwrap_or_default();
        let names = |kind: &&str| listed.split(',').any(|one| one.trim().eq_ignore_ascii_case(kind));
        let by_kind = if every { kinds.iter().all(names) } else { kinds.iter().any(names) };
        let by_tenant = self.external_tenants.as_ref().is_none_or(|tenants| {
            tenants.membership_kind.as_deref() != Some("enumerated")
                || tenants.members.iter().flatten().any(|member| member.eq_ignore_ascii_case(tenant))
        });
        by_kind && by_tenant
    }
}

/// Whether the policy holds only under further conditions.
fn is_narrowed(policy: &ConditionalAccess) -> bool {
    let lacks = |list: Option<&Vec<String>>, word: &str| {
        list.is_some_and(|list| !list.iter().any(|one| one.eq_ignore_ascii_case(word)))
    };
    let applications = policy.conditions.applications.as_ref().and_then(|all| all.include_applications.as_ref());
    let says_something = |value: &Value| match value {
        Value::Null => false,
        Value::Array(values) => !values.is_empty(),
        _ => true,
    };
    lacks(applications, "All")
        || lacks(policy.conditions.client_app_types.as_ref(), "all")
        || policy.conditions.others.values().any(says_something)
}

fn met(controls: Option<&GrantControls>, trust: InboundTrust) -> Met {
    let Some(controls) = controls else { return Met::AtHome };
    let when = |trusted: Option<bool>, otherwise| if trusted == Some(true) { Met::AtHome } else { otherwise };
    let built_in = controls.built_in_controls.iter().flatten().map(|control| match control.as_str() {
        "mfa" => when(trust.mfa, Met::Here),
        "compliantDevice" => when(trust.compliant_device, Met::Never),
        "domainJoinedDevice" => when(trust.hybrid_joined_device, Met::Never),
        "block" | "approvedApplication" | "compliantApplication" | "passwordChange" => Met::Never,
        _ => Met::Unclear,
    });
    let strength = controls.authentication_strength.as_ref().filter(|value| !value.is_null());
    let all: Vec<_> = built_in.chain(strength.map(|_| when(trust.mfa, Met::Here))).collect();
    let either = controls.operator.as_deref() != Some("AND");
    let decides = if either { all.iter().min() } else { all.iter().max() };
    decides.copied().unwrap_or(Met::AtHome)
}

fn describe(controls: &GrantControls) -> String {
    let strength = controls.authentication_strength.as_ref().filter(|value| !value.is_null());
    let built_in = controls.built_in_controls.iter().flatten().map(String::as_str);
    let all: Vec<_> = built_in.chain(strength.map(|_| "an authentication strength")).collect();
    let joined = if controls.operator.as_deref() == Some("AND") { " and " } else { " or " };
    if all.is_empty() { "nothing that is known".to_owned() } else { all.join(joined) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{self, Fail, Pass, Warn};
    use crate::people::fixtures::plain;
    use serde_json::json;

    const TRUSTED: InboundTrust =
        InboundTrust { mfa: Some(true), compliant_device: Some(true), hybrid_joined_device: Some(true) };

    fn judged(users: &Value, controls: &Value, more: &Value, trust: InboundTrust) -> CheckResult {
        let mut policy = json!({
            "displayName": "P", "state": "enabled", "grantControls": controls,
            "conditions": { "users": users, "clientAppTypes": ["all"], "applications": {"includeApplications": ["All"]},
                "locations": null, "platforms": null },
        });
        policy["conditions"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let policy: ConditionalAccess = serde_json::from_value(policy).unwrap();
        judge(&plain().partners[0], trust, &[policy])[0].result
    }

    #[test]
    fn what_can_be_met_depends_on_the_control_and_on_what_is_trusted() {
        let users = json!({"includeUsers": ["All"]});
        let none = InboundTrust::default();
        for (controls, trust, expected) in [
            (json!(null), none, Pass),
            (json!({"operator": "OR", "builtInControls": ["mfa"]}), none, Warn),
            (json!({"operator": "OR", "builtInControls": ["mfa"]}), TRUSTED, Pass),
            (json!({"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": "x"}}), none, Warn),
            (json!({"operator": "OR", "builtInControls": ["compliantDevice"]}), none, Fail),
            (json!({"operator": "OR", "builtInControls": ["compliantDevice"]}), TRUSTED, Pass),
            (json!({"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}), none, Warn),
            (json!({"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}), none, Fail),
            (json!({"operator": "OR", "builtInControls": ["block"]}), TRUSTED, Fail),
            (json!({"operator": "OR", "builtInControls": ["unknownFutureValue"]}), TRUSTED, Warn),
        ] {
            assert_eq!(judged(&users, &controls, &json!({}), trust), expected, "{controls}");
        }
    }

    #[test]
    fn whom_a_policy_names() {
        let own = plain().partners[0].tenant_id.to_string();
        let enumerated = |members: &[&str]| {
            json!({"guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest",
                "externalTenants": {"membershipKind": "enumerated", "members": members}})
        };
        let both = json!({"guestOrExternalUserTypes": "b2bCollaborationGuest,b2bCollaborationMember",
            "externalTenants": {"membershipKind": "all"}});
        let guests_alone = json!({"guestOrExternalUserTypes": "b2bCollaborationGuest"});
        for (users, named) in [
            (json!({"includeUsers": ["GuestsOrExternalUsers"]}), true),
            (json!({"includeUsers": ["None"]}), false),
            (json!({"includeUsers": ["00000000-0000-0000-0000-000000000001"]}), false),
            (json!({"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers"]}), false),
            (json!({"includeGuestsOrExternalUsers": enumerated(&[&own])}), true),
            (json!({"includeGuestsOrExternalUsers": enumerated(&["another"])}), false),
            (json!({"includeUsers": ["All"], "excludeGuestsOrExternalUsers": both}), false),
            (json!({"includeUsers": ["All"], "excludeGuestsOrExternalUsers": guests_alone}), true),
        ] {
            let block = json!({"operator": "OR", "builtInControls": ["block"]});
            let expected = if named { Fail } else { Pass };
            assert_eq!(judged(&users, &block, &json!({}), TRUSTED), expected, "{users}");
        }
    }

    #[test]
    fn a_block_under_further_conditions_is_told_and_fails_nothing() {
        let (users, block) =
            (json!({"includeUsers": ["All"]}), json!({"operator": "OR", "builtInControls": ["block"]}));
        for more in [
            json!({"clientAppTypes": ["exchangeActiveSync", "other"]}),
            json!({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}}),
            json!({"signInRiskLevels": ["high"]}),
            json!({"applications": {"includeApplications": ["Office365"]}}),
        ] {
            assert_eq!(judged(&users, &block, &more, TRUSTED), Warn, "{more}");
        }
        assert_eq!(judged(&users, &block, &json!({"signInRiskLevels": []}), TRUSTED), Fail);
    }
}
