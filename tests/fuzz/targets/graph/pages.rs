//! Pages of people, as a sweep and as change tracking bring them: what is not in an answer is unknown, and no evidence.

use super::super::client::decode;
use super::super::error::Kind;
use super::super::model::{ChangedUser, DeltaPage, Page, User};
use super::is_fit_for_the_log;
use crate::address::Address;
use crate::people::person::{Lens, Person, Standing};
use crate::tri::Tri;
use serde_json::Value;

#[test]
fn pages() {
    usher_fuzz::check("pages", |input| {
        let lens = Lens { domains: ["fabrikam.us".into()].into(), ..Lens::default() };
        // What nobody looks at may be no Unicode.
        let raw = || serde_json::from_slice::<Value>(input).unwrap_or_default();
        match decode::<Page<User>>("GET /users", false, input) {
            Ok(page) => {
                let raw = raw();
                for (user, raw) in page.value.iter().zip(raw["value"].as_array().into_iter().flatten()) {
                    shows_no_more_than(&Person::observe_anyhow(user, &lens), raw);
                    assert!(Person::observe(user, &lens).is_none_or(|one| one == Person::observe_anyhow(user, &lens)));
                }
            }
            Err(error) => {
                assert_eq!(error.kind, Kind::Malformed);
                is_fit_for_the_log(&error);
            }
        }
        if let Ok(page) = decode::<DeltaPage<ChangedUser>>("GET /users/delta", false, input) {
            let raw = raw();
            for (changed, raw) in page.value.iter().zip(raw["value"].as_array().into_iter().flatten()) {
                assert_eq!(changed.removed.is_some(), raw.get("@removed").is_some_and(|reason| !reason.is_null()));
            }
        }
    });
}

fn shows_no_more_than(person: &Person, raw: &Value) {
    assert_eq!(person.enabled, raw["accountEnabled"].as_bool().into(), "{raw}");
    assert!(person.synced != Tri::Yes || raw["onPremisesSyncEnabled"] == true, "{raw}");
    let says = |name: &str| raw.get(name).is_some_and(|value| !value.is_null());
    let is_named_external = raw["userPrincipalName"].as_str().is_some_and(|name| name.to_uppercase().contains("#EXT#"));
    if !says("externalUserState") && !says("creationType") && !is_named_external {
        assert!(raw.get("identities").is_some() || person.standing == Standing::Unclear, "{raw}");
    }
    let accepted = raw["externalUserState"].as_str().is_some_and(|state| state.eq_ignore_ascii_case("accepted"));
    let accepted_with_blanks = || raw["externalUserState"].as_str().is_some_and(|state| state.contains(' '));
    assert!(person.standing != Standing::Accepted || accepted || accepted_with_blanks(), "{raw}");
    for known in &person.addresses {
        assert_eq!(Address::parse(known.address.as_str()).as_ref(), Ok(&known.address), "another one when read again");
    }
}
