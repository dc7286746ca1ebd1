//! Who signs in by text message: Microsoft's synchronization takes them for external users and skips them, without an error.
//!
//! Responsible for: finding them, the cheapest question first: whom is synchronized, who of them has registered a mobile
//! phone, and whose number alone is enough. Not responsible for: changing anything; see [`super::fix`].

use super::{catalogue as ids, named};
use crate::checks::Check;
use crate::config::{CrossTenantSync, Partner};
use crate::graph::GraphError;
use crate::graph::setup::SetupReader;
use crate::graph::setup::authentication::{Pace, SmsPolicy};
use crate::ids::UserId;
use crate::run::{OnProgress, Progress};
use std::collections::BTreeSet;

/// The state of a number that is enough to sign in.
pub const READY: &str = "ready";
const REPORT: &str = "AuditLog.Read.All";
const MEMBERS: &str = "GroupMember.Read.All";
const PHONES: &str = "UserAuthMethod-Phone.Read.All";
const POLICY: &str = "Policy.Read.AuthenticationMethod";

/// What was found for a partner.
pub(super) struct Found {
    pub(super) ready: Vec<UserId>,
    pub(super) checks: Vec<Check>,
}

/// Looks at the people who are synchronized to a partner. Members are read with `usual`, everything else with `reader`.
pub(super) async fn find(
    usual: &SetupReader,
    reader: &SetupReader,
    pace: &mut Pace,
    partner: &Partner,
    sync: &CrossTenantSync,
    progress: OnProgress<'_>,
) -> Found {
    let name = &partner.name;
    let policy = match reader.sms_policy().await {
        Ok(found) => policy(name, &found),
        Err(error) => Check::unreadable(ids::SMS_POLICY, name, &error, POLICY),
    };
    let unread = |error: &GraphError, permission| {
        let check = Check::unreadable(ids::SMS_SIGN_IN, name, error, permission);
        Found { ready: Vec::new(), checks: vec![policy.clone(), check] }
    };
    let mut members = BTreeSet::new();
    for group in &sync.groups {
        match usual.direct_members(*group).await {
            Ok(found) => members.extend(found),
            Err(error) => return unread(&error, MEMBERS),
        }
    }
    let with_mobile = match reader.people_with_mobile(pace).await {
        Ok(found) => found,
        Err(error) => return unread(&error, REPORT),
    };
    let candidates: Vec<_> = members.iter().filter(|person| with_mobile.contains(person)).copied().collect();
    progress(Progress::Planned(candidates.len()));
    let (mut ready, mut unreadable) = (Vec::new(), Vec::new());
    for person in &candidates {
        match reader.sms_sign_in(pace, *person).await {
            Ok(state) if state.as_deref() == Some(READY) => ready.push(*person),
            Ok(_) => {}
            Err(error) => {
                unreadable.push((*person, error));
                // Where the permission is missing, it is missing for everybody.
                if unreadable.len() == candidates.len().min(3) && ready.is_empty() {
                    break;
                }
            }
        }
        progress(Progress::Applied(1));
    }
    let mut checks = vec![policy, judge(name, members.len(), candidates.len(), &ready)];
    if let Some((_, error)) = unreadable.first() {
        let people: Vec<_> = unreadable.iter().map(|(person, _)| *person).collect();
        let check = Check::unreadable(ids::SMS_SIGN_IN, name, error, PHONES);
        let evidence = format!("{}; {}", check.evidence, named(&people));
        if ready.is_empty() {
            checks.pop();
        }
        checks.push(Check { evidence, ..check }.about(people));
    }
    Found { ready, checks }
}

/// Whether anybody can make text messages their way to sign in. Who did before may still have it when the policy is changed:
/// that is not documented, so people are looked at either way.
fn policy(name: &str, policy: &SmsPolicy) -> Check {
    let usable = policy.include_targets.iter().filter(|target| target.is_usable_for_sign_in == Some(true));
    let usable: Vec<_> = usable.map(|target| target.id.as_deref().unwrap_or("a group without id")).collect();
    if policy.state.as_deref() != Some("enabled") || usable.is_empty() {
        return Check::pass(ids::SMS_POLICY, name, "nobody new can sign in by text message");
    }
    let remedy = "In the portal, Authentication methods > SMS, take \"Use for sign-in\" from the groups that are \
                  synchronized: text messages as a second factor go on.";
    Check::warn(ids::SMS_POLICY, name, format!("usable to sign in for {}", usable.join(", ")), remedy)
}

/// What it means that these are ready, of so many members and so many with a mobile phone.
pub(super) fn judge(name: &str, members: usize, with_mobile: usize, ready: &[UserId]) -> Check {
    let of =
        format!("of {members} direct members of the synchronized groups {with_mobile} have a mobile phone registered");
    if ready.is_empty() {
        return Check::pass(ids::SMS_SIGN_IN, name, format!("{of}, and nobody signs in with it alone"));
    }
    let remedy = "`usher doctor --fix` switches that off and keeps the numbers; then `usher sync provision PERSON`.";
    let evidence =
        format!("{of}; they sign in with it alone, so that the synchronization skips them: {}", named(ready));
    Check::fail(ids::SMS_SIGN_IN, name, evidence, remedy).about(ready.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{Fail, Pass, Warn};
    use crate::people::fixtures::id;
    use serde_json::json;

    #[test]
    fn the_policy_lets_somebody_in_only_where_it_is_on_and_a_target_is_for_signing_in() {
        for (state, usable, expected) in [("enabled", true, Warn), ("enabled", false, Pass), ("disabled", true, Pass)] {
            let targets = json!([{"id": "all_users", "isUsableForSignIn": usable}]);
            let found = serde_json::from_value(json!({"state": state, "includeTargets": targets})).unwrap();
            assert_eq!(policy("fabrikam", &found).result, expected, "{state} {usable}");
        }
    }

    #[test]
    fn whoever_is_ready_fails_by_id() {
        assert_eq!(judge("fabrikam", 5, 2, &[]).result, Pass);
        let check = judge("fabrikam", 5, 2, &[id(7)]);
        assert_eq!((check.result, check.people), (Fail, vec![id(7)]));
    }
}
