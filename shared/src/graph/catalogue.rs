//! What Graph's refusals of an invitation mean: for whom, and what an administrator can do.
//!
//! Responsible for: recognising a refusal by status and code first and by text last, because Graph reserves the right to
//! change its texts, and documents neither status nor code of most of them. Not responsible for: what is done about it; see
//! [`crate::apply`] and the circuit breaker in [`crate::journal::memory`].

use super::error::{GraphError, Kind};
use crate::ids::UserId;
use serde::{Deserialize, Serialize};

/// For whom a refusal counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// This person; others may be invited.
    Person,
    /// Everybody of this partner.
    Partner,
    /// Everybody.
    Tenant,
}

/// What a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Our name for it, as in `--json`.
    pub name: &'static str,
    /// For whom it counts.
    pub scope: Scope,
    /// What an administrator can do.
    pub advice: &'static str,
    /// Whether only a person can tell that it is over: then nothing is tried by itself.
    pub until_a_person_says_so: bool,
}

impl Refusal {
    /// Whether the catalogue does not know it.
    pub fn is_generic(&self) -> bool {
        *self == OTHER || *self == FORBIDDEN
    }
}

/// How an entry is recognised.
struct Entry {
    /// Any of these in Graph's text, in lower case.
    texts: &'static [&'static str],
    /// Or this error code.
    code: Option<&'static str>,
    refusal: Refusal,
}

const fn entry(name: &'static str, scope: Scope, texts: &'static [&'static str], advice: &'static str) -> Entry {
    Entry { texts, code: None, refusal: Refusal { name, scope, advice, until_a_person_says_so: false } }
}

/// The name of a refusal that Graph does not explain: it may be the person's, or everybody's.
pub const UNEXPLAINED: &str = "forbidden";

/// The object already exists; whose it is stands behind a colon.
const ALREADY_EXISTS: &str = "already exists in the directory as object";

/// In the order in which they are tried: what counts for more people first.
const CATALOGUE: &[Entry] = &[
    Entry {
        texts: &["due to suspicious activity"],
        code: None,
        refusal: Refusal {
            name: "suspicious-activity",
            scope: Scope::Tenant,
            advice: "Microsoft's abuse protection has blocked invitations for this tenant. Open a support request with \
                     Microsoft; when it is lifted, run `usher circuit close` and lower tenant.invitations_per_minute.",
            until_a_person_says_so: true,
        },
    },
    Entry {
        code: Some("AzureActiveDirectoryForbidden"),
        ..entry(
            "invitations-not-allowed",
            Scope::Tenant,
            &["guest invitations not allowed"],
            "This tenant forbids the invitation. In external collaboration settings let at least member users and \
             specific administrators invite, or give usher's identity the role Guest Inviter; it takes up to an hour.",
        )
    },
    entry(
        "own-domain",
        Scope::Partner,
        &["is a verified domain of this directory"],
        "The partner's domain is verified in this tenant, so its people are colleagues. Correct scope.domains.",
    ),
    entry(
        "cross-tenant-access",
        Scope::Partner,
        &["blocked by cross-tenant access"],
        "Cross-tenant access settings, here or at the partner, block B2B collaboration. Compare both tenants' settings \
         for each other, and across clouds the Microsoft cloud settings of both.",
    ),
    entry(
        "cross-cloud-worker",
        Scope::Partner,
        &["b2b cross cloud worker"],
        "Microsoft's application \"B2B Cross Cloud Worker\" is disabled in the partner's tenant. An administrator there \
         has to enable it.",
    ),
    entry(
        "domain-refused",
        Scope::Partner,
        &["domain is blocked", "is blocked by the organization's policy", "domain is not allowed", "not in the allow"],
        "The domain is on the deny list, or missing on the allow list, of external collaboration settings. Correct the \
         list; it also stops people from redeeming.",
    ),
    entry(
        "account-blocked",
        Scope::Person,
        &["blocked from signing in"],
        "The account is disabled here. Enable it if the person shall come back.",
    ),
    entry(
        "on-premises-upn",
        Scope::Person,
        &["onpremisesuserprincipalname", "on-premises user principal name"],
        "Entra Connect flows the on-premises UPN, which blocks conversion. Let the sync rule flow AuthoritativeNull \
         for it; the value that Graph shows decides nothing.",
    ),
    entry(
        "mail-differs",
        Scope::Person,
        &["doesn't match any emails on the user object", "does not match any emails"],
        "The account's mail is not the address any more. Correct mail at the account's master.",
    ),
    Entry {
        code: Some("ObjectConflict"),
        ..entry(
            "address-in-use",
            Scope::Person,
            &["proxyaddresses", "conflictingobjects", "group email address"],
            "Another user, group or contact has the address. Remove it there.",
        )
    },
    entry(
        "address-refused",
        Scope::Person,
        &["is not a valid address", "invalid email address", "inviteduseremailaddress"],
        "Graph does not take the address. Plus signs and most other special characters are not allowed.",
    ),
];

const FORBIDDEN: Refusal = Refusal {
    name: UNEXPLAINED,
    scope: Scope::Person,
    advice: "Graph forbids it without saying why. Check who may invite guests in this tenant, whether the person holds a \
             role, and usher's permissions.",
    until_a_person_says_so: false,
};

const OTHER: Refusal = Refusal {
    name: "refused",
    scope: Scope::Person,
    advice: "Correct what Graph objects to; it is tried again after a day.",
    until_a_person_says_so: false,
};

/// The token does not carry the permission to invite.
pub const PERMISSION_MISSING: Refusal = Refusal {
    name: "permission-missing",
    scope: Scope::Tenant,
    advice: "The identity's token does not allow to invite. Grant it User.Invite.All; a new token may take some hours.",
    until_a_person_says_so: false,
};

/// Everybody of a partner was refused, each for a reason that looks like their own.
pub const REFUSED_THROUGHOUT: Refusal = Refusal {
    name: "refused-throughout",
    scope: Scope::Partner,
    advice: "Nobody of this partner was accepted. Look at the single errors: what all have in common is to be corrected \
             once, in the sync rule or in the settings.",
    until_a_person_says_so: false,
};

/// Several different people in a row were forbidden, and nobody was accepted.
pub const FORBIDDEN_THROUGHOUT: Refusal = Refusal {
    name: "forbidden-throughout",
    scope: Scope::Partner,
    advice: "Graph forbids everybody of this partner without saying why. Check who may invite guests in this tenant, \
             cross-tenant access settings of both tenants, and usher's permissions.",
    until_a_person_says_so: false,
};

/// Every refusal that has a name here.
pub fn all() -> impl Iterator<Item = Refusal> {
    let named = CATALOGUE.iter().map(|entry| entry.refusal);
    let further = [PERMISSION_MISSING, REFUSED_THROUGHOUT, FORBIDDEN_THROUGHOUT, FORBIDDEN, OTHER, SAME_OBJECT, TWIN];
    named.chain(further)
}

/// A refusal that counts for more than a person, by its name.
pub fn by_name(name: &str) -> Option<Refusal> {
    all().find(|refusal| refusal.name == name && refusal.scope != Scope::Person)
}

/// What can be done about a refusal of this name, if the catalogue knows it.
pub fn advice_of(name: &str) -> Option<&'static str> {
    all().find(|refusal| refusal.name == name).map(|refusal| refusal.advice)
}

/// What the answer to an invitation of `asked` amounts to, when it is a refusal.
pub fn refusal(error: &GraphError, asked: UserId) -> Refusal {
    let text = error.message().to_lowercase();
    if let Some(owner) = existing_object(&text) {
        return if owner == Some(asked) { SAME_OBJECT } else { TWIN };
    }
    let code = error.code.as_deref();
    let by_code = CATALOGUE.iter().find(|entry| entry.code.is_some() && entry.code == code);
    let by_text = || CATALOGUE.iter().find(|entry| entry.texts.iter().any(|fragment| text.contains(fragment)));
    match by_code.or_else(by_text) {
        Some(entry) => entry.refusal,
        None if error.kind == Kind::Forbidden => FORBIDDEN,
        None => OTHER,
    }
}

/// The account is external already: what was asked is so.
pub const SAME_OBJECT: Refusal = Refusal {
    name: "already-external",
    scope: Scope::Person,
    advice: "Nothing to do: the account is an external user already.",
    until_a_person_says_so: false,
};

const TWIN: Refusal = Refusal {
    name: "twin",
    scope: Scope::Person,
    advice: "Another object has the address. Delete the one left over, or remove the address from it.",
    until_a_person_says_so: false,
};

/// Whether the text says that an object exists already, and which.
fn existing_object(text: &str) -> Option<Option<UserId>> {
    // Written as "objectID", "object ID" and with more or fewer blanks.
    let squeezed: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = &squeezed[squeezed.find(ALREADY_EXISTS)?..];
    if rest.contains("blocked from signing in") {
        return None;
    }
    let id = rest.split_once(':').map(|(_, id)| id.trim_start().chars().take(36).collect::<String>());
    Some(id.and_then(|id| id.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn named(status: u16, code: &str, message: &str) -> (&'static str, Scope) {
        let body = serde_json::json!({"error": {"code": code, "message": message}}).to_string();
        let error = GraphError::from_answer(
            "POST /invitations",
            true,
            status,
            &super::super::error::Headers::default(),
            body.as_bytes(),
        );
        let refusal = refusal(&error, asked());
        assert!(refusal.advice.ends_with('.'), "{}", refusal.name);
        (refusal.name, refusal.scope)
    }

    fn asked() -> UserId {
        Uuid::from_u128(7).into()
    }

    #[test]
    fn every_entry_is_recognised_by_the_texts_that_were_seen() {
        use Scope::{Partner, Person, Tenant};
        let same = format!("The invited user already exists in the directory as objectID: {}", asked());
        let spaced = format!("The invited user already exists in the directory as  object ID : {}.", asked());
        let other = format!("The invited user already exists in the directory as objectID: {}", Uuid::from_u128(8));
        let blocked = format!("{other}. That account is blocked from signing in");
        for (status, code, text, expected) in [
            (
                403,
                "Forbidden",
                "Invitations are blocked for this directory due to suspicious activity.",
                ("suspicious-activity", Tenant),
            ),
            (403, "Forbidden", "Guest invitations not allowed for your company.", ("invitations-not-allowed", Tenant)),
            (403, "AzureActiveDirectoryForbidden", "in other words", ("invitations-not-allowed", Tenant)),
            (
                400,
                "BadRequest",
                "The domain 'fabrikam.us' is a verified domain of this directory",
                ("own-domain", Partner),
            ),
            (
                403,
                "Forbidden",
                "This invitation is blocked by cross-tenant access settings.",
                ("cross-tenant-access", Partner),
            ),
            (400, "BadRequest", "Microsoft B2B Cross Cloud Worker is disabled", ("cross-cloud-worker", Partner)),
            (400, "BadRequest", "The user's domain is not allowed", ("domain-refused", Partner)),
            (400, "BadRequest", &blocked, ("account-blocked", Person)),
            (400, "BadRequest", &same, ("already-external", Person)),
            (400, "BadRequest", &spaced, ("already-external", Person)),
            (400, "BadRequest", &other, ("twin", Person)),
            (400, "BadRequest", "already exists in the directory as objectID", ("twin", Person)),
            (400, "BadRequest", "because onPremisesUserPrincipalName is set", ("on-premises-upn", Person)),
            (400, "BadRequest", "address doesn't match any emails on the user object", ("mail-differs", Person)),
            (400, "ObjectConflict", "", ("address-in-use", Person)),
            (
                400,
                "BadRequest",
                "Another object has the same value for property proxyAddresses",
                ("address-in-use", Person),
            ),
            (
                400,
                "BadRequest",
                "The invited user email address 'a+b' is not a valid address.",
                ("address-refused", Person),
            ),
            (403, "Authorization_RequestDenied", "Insufficient privileges", ("forbidden", Person)),
            (400, "Request_BadRequest", "something new", ("refused", Person)),
        ] {
            assert_eq!(named(status, code, text), expected, "{status} {code} {text}");
        }
    }
}
