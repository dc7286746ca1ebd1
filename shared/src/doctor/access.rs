//! What this tenant lets a partner's people do, whether or not the configuration says what it should.
//!
//! Responsible for: judging the settings and what invitations have shown. Not responsible for: reading them, see
//! `policies`, nor for comparing with `[partner.trust]`, see [`crate::trust::verify`].

use super::{across_clouds, catalogue as ids};
use crate::checks::Check;
use crate::clouds::Cloud;
use crate::config::{HomeRedemption, Partner};
use crate::graph::catalogue::advice_of;
use crate::graph::setup::access::Reach;
use crate::graph::setup::policies::MultiTenantOrganization;
use crate::journal::memory::Memory;
use crate::trust::endpoint_of;
use crate::trust::observe::Observed;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The whole policy may have so many bytes.
const LARGEST: usize = 25 * 1024;
const COLLABORATION: &str = "External Identities > External collaboration settings";

/// Whom usher brought in for a partner, by domain: how many, and when the last.
pub type BroughtIn = BTreeMap<String, (usize, Timestamp)>;

/// Whom usher brought in for a partner itself, by what the journal says.
pub fn brought_in(memory: &Memory, partner: &str) -> BroughtIn {
    let mut found = BroughtIn::new();
    for (_, life) in memory.lives().filter(|(_, life)| life.origin.partner == partner && !life.origin.adopted) {
        let known = found.entry(life.origin.domain.clone()).or_insert((0, life.since));
        *known = (known.0 + 1, known.1.max(life.since));
    }
    found
}

/// Who may invite. `has_invited` is whether invitations of usher's have been taken.
pub fn invites(allowed: Option<&str>, has_invited: bool) -> Check {
    let (id, subject) = (ids::INVITES, "this tenant");
    let remedy = format!(
        "In {COLLABORATION} let at least member users and specific administrators invite; it takes up to an hour."
    );
    match allowed {
        Some(allowed @ ("everyone" | "adminsGuestInvitersAndAllMembers")) => Check::pass(id, subject, allowed),
        Some("none") => Check::fail(id, subject, "none: nobody may invite, applications neither", remedy),
        Some("adminsAndGuestInviters") => {
            let evidence = "adminsAndGuestInviters: Microsoft's reference says that applications then may not invite; \
                            some were seen to invite with User.Invite.All, others were refused even as Guest Inviter";
            if has_invited {
                Check::warn(id, subject, format!("{evidence}; usher's own invitations were taken here"), remedy)
            } else {
                Check::fail(id, subject, evidence, format!("{remedy} Or try one: `usher doctor --probe ADDRESS`."))
            }
        }
        other => {
            let evidence = format!("{}, which is not known", other.unwrap_or("it is not shown"));
            Check::unknown(id, subject, evidence, format!("Look in the portal: {COLLABORATION}."))
        }
    }
}

/// Whether the list of allowed or denied domains lets the partner's domains through. Graph v1.0 does not show it; an
/// invitation does.
pub fn domain_lists(partner: &Partner, brought_in: &BroughtIn, memory: &Memory) -> Check {
    let (id, name) = (ids::DOMAIN_LISTS, &partner.name);
    if memory.circuit_of(name).is_some_and(|circuit| circuit.reason == "domain-refused") {
        let advice = advice_of("domain-refused").unwrap_or_default();
        return Check::fail(id, name, "invitations are refused for the domain", advice);
    }
    let domains = partner.scope.domains.iter().map(|domain| domain.as_str());
    let (seen, unseen): (Vec<_>, Vec<_>) = domains.partition(|domain| brought_in.contains_key(*domain));
    let seen: Vec<_> = seen
        .into_iter()
        .filter_map(|domain| Some((domain, brought_in.get(domain)?)))
        .map(|(domain, (count, last))| {
            format!("{domain}: {count} invited, the last at {}", last.strftime("%Y-%m-%d %H:%M UTC"))
        })
        .collect();
    if unseen.is_empty() {
        return Check::pass(id, name, seen.join("; "));
    }
    let evidence = format!("Graph does not show the lists, and nobody of {} was invited yet", unseen.join(", "));
    let remedy = format!(
        "Look in the portal: {COLLABORATION} > Collaboration restrictions. The first invitation shows it, which is \
         refused as domain-refused: `usher doctor --probe ADDRESS`."
    );
    Check::unknown(id, name, evidence, remedy)
}

/// Whom of the partner's people the settings let in.
pub fn inbound(partner: &Partner, observed: &Observed) -> Check {
    let (id, name) = (ids::INBOUND, &partner.name);
    let inbound = observed.inbound();
    let own = if observed.partner.is_some() { "the partner's settings" } else { "the default settings" };
    let evidence = format!("{own}: {}", inbound.describe());
    match inbound.reach() {
        Some(Reach::All) => Check::pass(id, name, evidence),
        Some(Reach::None) => Check::fail(
            id,
            name,
            evidence,
            "Allow inbound B2B collaboration for the partner: set inbound = true in [partner.trust], and see `usher trust plan`.",
        ),
        Some(Reach::Some) => {
            Check::warn(id, name, evidence, "Make sure that everybody in scope, and what they need, is in these lists.")
        }
        None => Check::unknown(id, name, evidence, "Look in the portal: Cross-tenant access settings."),
    }
}

/// Whether invitations are redeemed automatically, and what people get to see of it.
pub fn redemption(partner: &Partner, observed: &Observed) -> Check {
    let here = observed.consent().inbound_allowed == Some(true);
    let home = partner.invite.home_redeems_automatically;
    let (id, name) = (ids::REDEMPTION, &partner.name);
    let sides = format!(
        "here: {}; at home: {}",
        if here { "yes" } else { "no" },
        match home {
            HomeRedemption::Yes => "yes",
            HomeRedemption::No => "no",
            HomeRedemption::Unknown => "nobody said",
        }
    );
    let invited = if partner.invite.send_message {
        "people get Microsoft's invitation by mail and have to agree at their first sign-in"
    } else {
        "people get no mail (send_message = false) and have to agree at their first sign-in: somebody has to tell them"
    };
    let one_side = "Set it on both sides or on none: one alone does nothing.";
    match (here, home) {
        (true, HomeRedemption::Yes) => Check::pass(
            id,
            name,
            format!(
                "{sides}. Nobody is asked to agree; a mail tells at most that they were added. Pending says nothing then: \
                 usher sends no mail again, and nothing expires"
            ),
        ),
        (true, HomeRedemption::No) | (false, HomeRedemption::Yes) => {
            Check::warn(id, name, format!("{sides}. It has no effect: {invited}"), one_side)
        }
        (true, HomeRedemption::Unknown) => Check::warn(
            id,
            name,
            format!(
                "{sides}. Where home agrees nobody is asked; else {invited}. While that is not known, usher sends no mail \
                 again, and nothing expires"
            ),
            "Ask the home tenant for its outbound setting, and say it: invite.home_redeems_automatically.",
        ),
        (false, _) => Check::pass(id, name, format!("{sides}: {invited}")),
    }
}

/// Whether this tenant works with the partner's cloud.
pub fn other_cloud(own: Cloud, partner: &Partner, observed: &Observed, brought_in: &BroughtIn) -> Check {
    let (id, name) = (ids::OTHER_CLOUD, &partner.name);
    let endpoint = endpoint_of(partner.cloud);
    if !across_clouds(own, partner) {
        return Check::not_applicable(id, name, "both tenants are in one cloud");
    }
    match &observed.policy.allowed_cloud_endpoints {
        Some(allowed) if allowed.iter().any(|one| one == endpoint) => {
            Check::pass(id, name, format!("{endpoint} is allowed; the other tenant has to allow this cloud too"))
        }
        Some(_) => Check::fail(
            id,
            name,
            format!("{endpoint} is not allowed: everything from there is blocked"),
            "Run `usher trust plan`, then `usher trust apply`.",
        ),
        None => match brought_in.values().map(|(_, last)| *last).max() {
            Some(last) => {
                let last = last.strftime("%Y-%m-%d %H:%M UTC");
                let evidence = format!("Graph of this cloud does not show it, and invitations were taken until {last}");
                Check::pass(id, name, evidence)
            }
            None => Check::unknown(
                id,
                name,
                "Graph of this cloud does not show which other clouds are allowed, and nobody was invited yet",
                format!(
                    "Look in the portal: Cross-tenant access settings > Microsoft cloud settings: {endpoint} must be \
                     allowed. Else invitations are refused as cross-tenant-access."
                ),
            ),
        },
    }
}

/// Whether Microsoft's own synchronization may own the partner's people.
pub fn sync_in(partner: &Partner, observed: &Observed) -> Check {
    let (id, name) = (ids::SYNC_IN, &partner.name);
    if observed.sync_allowed != Some(true) {
        return Check::pass(id, name, "not allowed");
    }
    let evidence = "allowed: usher neither changes nor takes away external users who are not synced from on premises";
    Check::warn(id, name, evidence, "Set allow_sync_in = false in [partner.trust] if it is not used.")
}

/// Whether a multitenant organization may own the partner's people. `organization` is the tenant's, where it could be told.
pub fn organization(partner: &Partner, observed: &Observed, organization: Option<&MultiTenantOrganization>) -> Check {
    let (id, name) = (ids::ORGANIZATIONS, &partner.name);
    let remedy = "Its synchronization may bring the same people: decide which of the two looks after them.";
    if in_organization(observed) == Some(true) {
        return Check::warn(id, name, "the partner is in this tenant's multitenant organization", remedy);
    }
    match organization {
        None => Check::pass(id, name, "there is none, or the partner is not in it"),
        Some(found) => {
            let called = found.display_name.as_deref().unwrap_or("without a name");
            let state = found.state.as_deref().unwrap_or("of an unknown state");
            Check::warn(id, name, format!("this tenant is in {called} ({state})"), remedy)
        }
    }
}

/// Whether the partner's settings say that it is in a multitenant organization; `None` where they do not say.
pub fn in_organization(observed: &Observed) -> Option<bool> {
    observed.partner.as_ref()?.others.get("isInMultiTenantOrganization")?.as_bool()
}

/// Whether the whole policy is far from what it may have.
pub fn policy_size(size: usize) -> Check {
    let (id, subject) = (ids::POLICY_SIZE, "this tenant");
    let evidence = format!("about {} of 25 KB", size.div_ceil(1024));
    let remedy = "Remove partners that are not used, or list groups in place of people: Graph refuses a larger one.";
    match size {
        size if size > LARGEST => Check::fail(id, subject, evidence, remedy),
        size if size > LARGEST / 5 * 4 => Check::warn(id, subject, evidence, remedy),
        _ => Check::pass(id, subject, evidence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{self, Fail, NotApplicable, Pass, Unknown, Warn};
    use crate::graph::setup::access::{AccessPolicy, AccessSettings, Collaboration, Consent};
    use crate::people::fixtures::{config, now};

    fn observed(allowed: bool) -> Observed {
        let inbound = Some(Collaboration::everybody(allowed));
        Observed {
            default: AccessSettings { b2b_collaboration_inbound: inbound, ..AccessSettings::default() },
            ..Observed::default()
        }
    }

    fn partner(invite: &str) -> Partner {
        config("", "", "", &format!("[partner.invite]\n{invite}")).partners.remove(0)
    }

    #[test]
    fn who_may_invite() {
        for (allowed, has_invited, expected) in [
            (Some("everyone"), false, Pass),
            (Some("adminsGuestInvitersAndAllMembers"), false, Pass),
            (Some("adminsAndGuestInviters"), false, Fail),
            (Some("adminsAndGuestInviters"), true, Warn),
            (Some("none"), true, Fail),
            (Some("somethingNew"), true, Unknown),
            (None, true, Unknown),
        ] {
            assert_eq!(invites(allowed, has_invited).result, expected, "{allowed:?}");
        }
    }

    #[test]
    fn the_mails_that_people_get_follow_from_both_sides() {
        let cases: [(bool, &str, CheckResult, &str); 6] = [
            (true, "yes", Pass, "Nobody is asked"),
            (true, "no", Warn, "no effect"),
            (true, "unknown", Warn, "no mail again"),
            (false, "yes", Warn, "no effect"),
            (false, "no", Pass, "by mail"),
            (false, "unknown", Pass, "by mail"),
        ];
        for (here, home, expected, says) in cases {
            let consent = Consent { inbound_allowed: Some(here), outbound_allowed: None };
            let own = AccessSettings { automatic_user_consent_settings: Some(consent), ..AccessSettings::default() };
            let observed = Observed { partner: Some(own), ..observed(true) };
            let check = redemption(&partner(&format!("home_redeems_automatically = \"{home}\"")), &observed);
            assert_eq!(check.result, expected, "{here} {home}");
            assert!(check.evidence.contains(says), "{}", check.evidence);
        }
        let silent = redemption(&partner("send_message = false"), &observed(true));
        assert!(silent.evidence.contains("no mail (send_message"), "{}", silent.evidence);
    }

    #[test]
    fn another_cloud_has_to_be_allowed_and_where_that_is_not_shown_invitations_tell() {
        let partner = partner("");
        let with = |allowed: Option<&[&str]>| Observed {
            policy: AccessPolicy {
                allowed_cloud_endpoints: allowed.map(|all| all.iter().map(|one| (*one).to_owned()).collect()),
            },
            ..observed(true)
        };
        let nobody = BroughtIn::new();
        let somebody = BroughtIn::from([("fabrikam.us".to_owned(), (1, now()))]);
        let judge =
            |own, observed: &Observed, brought: &BroughtIn| other_cloud(own, &partner, observed, brought).result;
        assert_eq!(judge(Cloud::Global, &with(Some(&["microsoftonline.us"])), &nobody), Pass);
        assert_eq!(judge(Cloud::Global, &with(Some(&[])), &somebody), Fail);
        assert_eq!(judge(Cloud::Global, &with(None), &nobody), Unknown);
        assert_eq!(judge(Cloud::Global, &with(None), &somebody), Pass);
        assert_eq!(judge(Cloud::UsGovDod, &with(Some(&[])), &nobody), NotApplicable);
    }

    #[test]
    fn domain_lists_are_known_only_by_invitations() {
        let partner = partner("");
        let memory = Memory::default();
        assert_eq!(domain_lists(&partner, &BroughtIn::new(), &memory).result, Unknown);
        let other = BroughtIn::from([("fabrikam.example".to_owned(), (3, now()))]);
        assert_eq!(domain_lists(&partner, &other, &memory).result, Unknown);
        let some = BroughtIn::from([("fabrikam.us".to_owned(), (3, now()))]);
        assert_eq!(domain_lists(&partner, &some, &memory).result, Pass);
    }

    #[test]
    fn what_blocks_and_what_only_has_to_be_known() {
        let partner = partner("");
        assert_eq!(inbound(&partner, &observed(true)).result, Pass);
        assert_eq!(inbound(&partner, &observed(false)).result, Fail);
        assert_eq!(inbound(&partner, &Observed::default()).result, Unknown);
        for (allowed, expected) in [(None, Pass), (Some(false), Pass), (Some(true), Warn)] {
            assert_eq!(sync_in(&partner, &Observed { sync_allowed: allowed, ..observed(true) }).result, expected);
        }
        for (size, expected) in [(0, Pass), (20 * 1024, Pass), (21 * 1024, Warn), (26 * 1024, Fail)] {
            assert_eq!(policy_size(size).result, expected, "{size}");
        }
    }
}
