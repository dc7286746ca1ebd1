//! What usher's own token allows.

use super::catalogue as ids;
use crate::checks::Check;
use crate::config::Config;
use crate::graph::credential::Permissions;
use crate::permissions::{Duties, is_of_use, missing, needed};

/// What of the permissions is missing and what is surplus, by the token that asks; `None` where there is no token to look
/// into.
pub fn permissions(config: &Config, token: Option<&Permissions>) -> Vec<Check> {
    let subject = "usher's identity";
    let unseen = |why: &str, remedy: &str| {
        [ids::PERMISSIONS, ids::SURPLUS].map(|id| Check::unknown(id, subject, why, remedy)).into()
    };
    let Some(token) = token else {
        return unseen("there is no token, or none that can be looked into", "Sign in, or look at `usher grant plan`.");
    };
    if token.person().is_some() {
        let why = "a person asks here, so what the function app's identity may do does not show";
        return unseen(why, "Run `usher grant plan --identity ID` with the app's identity.");
    }
    let wanted = needed(config, Duties::Lifecycle);
    let missing = missing(config, token.names());
    let is_needed = |name: &str| wanted.iter().any(|wanted| wanted.name == name) || is_of_use(config, name);
    let surplus: Vec<_> = token.names().filter(|one| !is_needed(one)).collect();
    let first = if missing.is_empty() {
        Check::pass(ids::PERMISSIONS, subject, format!("all {} are there", wanted.len()))
    } else {
        let missing: Vec<_> = missing.iter().map(|one| format!("{} ({})", one.name, one.why)).collect();
        Check::fail(
            ids::PERMISSIONS,
            subject,
            format!("missing: {}", missing.join("; ")),
            "Run `usher grant apply`; a new permission shows in the token after some time, at most a day.",
        )
    };
    let second = if surplus.is_empty() {
        Check::pass(ids::SURPLUS, subject, "none")
    } else {
        Check::warn(ids::SURPLUS, subject, surplus.join(", "), "Run `usher grant apply --prune`.")
    };
    vec![first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult;
    use crate::people::fixtures::plain;

    fn token(claims: &serde_json::Value) -> Permissions {
        serde_json::from_value(claims.clone()).unwrap()
    }

    fn results(claims: &serde_json::Value) -> Vec<CheckResult> {
        permissions(&plain(), Some(&token(claims))).into_iter().map(|check| check.result).collect()
    }

    #[test]
    fn what_is_missing_fails_what_nothing_needs_is_told_and_a_persons_token_says_nothing() {
        use CheckResult::{Fail, Pass, Unknown, Warn};
        let all: Vec<_> = needed(&plain(), Duties::Lifecycle).iter().map(|one| one.name).collect();
        let with = |more: &'static str| [&all[..], &[more]].concat();
        for (roles, expected) in [
            (all.clone(), [Pass, Pass]),
            (all[1..].to_vec(), [Fail, Pass]),
            (with("Mail.Send"), [Pass, Warn]),
            (Vec::new(), [Fail, Pass]),
        ] {
            assert_eq!(results(&serde_json::json!({ "roles": roles, "idtyp": "app" })), expected, "{roles:?}");
        }
        let wider = all.iter().map(|name| if *name == "User.Read.All" { "Directory.ReadWrite.All" } else { *name });
        let person = serde_json::json!({ "scp": "User.Read.All", "idtyp": "user", "oid": uuid::Uuid::nil() });
        assert_eq!(results(&serde_json::json!({ "roles": wider.collect::<Vec<_>>() })), [Pass, Warn]);
        assert_eq!(results(&person), [Unknown, Unknown]);
        assert!(permissions(&plain(), None).iter().all(|check| check.result == Unknown));
    }
}
