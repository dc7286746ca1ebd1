//! What people are called in their home tenant: written there, and compared here.
//!
//! Responsible for: the document that goes from one tenant's operator to the other's, and whose mail is not their user
//! principal name. The document holds personal data, so its file is for its owner alone. Not responsible for: bringing it
//! over.

use super::{across_clouds, catalogue as ids, named};
use crate::address::Address;
use crate::checks::Check;
use crate::clouds::Cloud;
use crate::config::Partner;
use crate::graph::model::User;
use crate::ids::{TenantId, UserId};
use crate::people::case::{Case, View};
use crate::people::person::{Lens, Person, Standing};
use crate::tri::Tri;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::Path;

const VERSION: u32 = 1;
const KIND: &str = "usher-home-people";

/// The people of a home tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Home {
    kind: String,
    version: u32,
    /// The tenant.
    pub tenant: TenantId,
    /// Everybody who could be invited somewhere else.
    pub people: Vec<HomePerson>,
}

/// Somebody at home.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HomePerson {
    /// Object id there.
    pub id: UserId,
    /// Mail.
    pub mail: Option<String>,
    /// What the person signs in with.
    pub user_principal_name: String,
}

/// Why a file is not such a document.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] io::Error),
    /// It is something else.
    #[error("the file was not written by `usher doctor --export`: {0}")]
    Format(String),
    /// It is of a tenant that no partner names.
    #[error("the file is of tenant {0}, which is no partner's")]
    Stranger(TenantId),
}

impl Home {
    /// A document of these people: enabled members who come from nowhere else.
    pub fn of(tenant: TenantId, users: impl IntoIterator<Item = User>, lens: &Lens) -> Self {
        let belongs = |user: &User| {
            let person = Person::observe_anyhow(user, lens);
            person.standing == Standing::Internal
                && person.enabled.is_yes()
                && person.user_type == Some(crate::graph::model::UserType::Member)
        };
        let people = users.into_iter().filter(belongs).filter_map(|user| {
            Some(HomePerson { id: user.id, mail: user.mail, user_principal_name: user.user_principal_name? })
        });
        Self { kind: KIND.to_owned(), version: VERSION, tenant, people: people.collect() }
    }

    /// Writes it to a file that nobody but its owner can read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        // A file that was there keeps the permissions that it had.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// Reads one for a configuration with these partners.
    ///
    /// # Errors
    /// When it cannot be read, is something else, or is of no partner.
    pub fn read(path: &Path, partners: &[Partner]) -> Result<Self, HomeError> {
        let text = std::fs::read(path)?;
        // The error names a place and never a person.
        let home: Self = serde_json::from_slice(&text).map_err(|error| {
            HomeError::Format(format!("it does not fit at line {}, column {}", error.line(), error.column()))
        })?;
        if home.kind != KIND {
            return Err(HomeError::Format("it is a document of another kind".to_owned()));
        }
        if home.version > VERSION {
            return Err(HomeError::Format(format!("a newer usher wrote it (version {})", home.version)));
        }
        if partners.iter().all(|partner| partner.tenant_id != home.tenant) {
            return Err(HomeError::Stranger(home.tenant));
        }
        Ok(home)
    }

    /// By every address, who has it at home and whether their mail is their user principal name.
    fn by_address(&self) -> HashMap<Address, bool> {
        let mut found = HashMap::new();
        for person in &self.people {
            let name = Address::parse(&person.user_principal_name).ok();
            let mail = person.mail.as_deref().and_then(|mail| Address::parse(mail).ok());
            // Whoever has no mail is found by the name alone.
            let is_same = mail.is_none() || mail == name;
            for address in name.into_iter().chain(mail) {
                found.entry(address).and_modify(|known| *known &= is_same).or_insert(is_same);
            }
        }
        found
    }
}

impl std::fmt::Debug for HomePerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HomePerson").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether the people of a partner sign in at home with the address that they have here.
pub fn judge(view: View<'_>, partner: &Partner, home: Option<&Home>, own: Cloud) -> Check {
    let (id, name) = (ids::HOME_NAME, &partner.name);
    let Some(home) = home.filter(|home| home.tenant == partner.tenant_id) else {
        let remedy = "Let the home tenant's operator run `usher doctor --export FILE`, and run this with --home FILE.";
        return Check::unknown(id, name, "what people are called at home is not seen from here", remedy);
    };
    let known = home.by_address();
    let (mut differing, mut found, mut missing) = (BTreeSet::new(), 0, 0);
    for person in view.snapshot.people.values() {
        if Case::new(view, partner, person).scope.domain == Tri::No {
            continue;
        }
        let answers: Vec<_> = person.addresses.iter().filter_map(|one| known.get(&one.address)).collect();
        match answers.as_slice() {
            [] => missing += 1,
            answers if answers.iter().all(|same| **same) => found += 1,
            _ => _ = differing.insert(person.id),
        }
    }
    let there = format!("{found} sign in at home with their mail; {missing} are not found at home");
    if differing.is_empty() {
        return Check::pass(id, name, there);
    }
    let differing: Vec<_> = differing.into_iter().collect();
    let evidence = format!("{there}; mail and user principal name differ: {}", named(&differing));
    let check = if across_clouds(own, partner) {
        Check::fail(
            id,
            name,
            evidence,
            "Across clouds people can redeem with their user principal name alone: make both the same at home, or invite \
             the name (invite.address).",
        )
    } else {
        Check::warn(id, name, evidence, "Make both the same at home, so that people know what to sign in with.")
    };
    check.about(differing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{Fail, Pass, Unknown, Warn};
    use crate::people::fixtures::{World, id, now, plain, synced};
    use serde_json::json;

    fn home(people: &[(&str, Option<&str>)]) -> Home {
        let people = people.iter().zip(100..).map(|((name, mail), number)| HomePerson {
            id: id(number),
            mail: mail.map(str::to_owned),
            user_principal_name: (*name).to_owned(),
        });
        Home { kind: KIND.into(), version: VERSION, tenant: plain().partners[0].tenant_id, people: people.collect() }
    }

    #[test]
    fn a_mail_that_is_not_the_name_fails_across_clouds_and_is_told_within_one() {
        let world = World::of(plain(), vec![synced(1, json!({}))]);
        let snapshot = world.snapshot();
        let view = View { config: &world.config, snapshot: &snapshot, memory: &world.memory, now: now() };
        let mail = Some("person-0001@fabrikam.us");
        for (people, own, expected) in [
            (Some(home(&[("Person-0001@fabrikam.us", mail)])), Cloud::Global, Pass),
            (Some(home(&[("person-0001@fabrikam.us", None)])), Cloud::Global, Pass),
            (Some(home(&[("p1@fabrikam.us", mail)])), Cloud::Global, Fail),
            (Some(home(&[("p1@fabrikam.us", mail)])), Cloud::UsGov, Warn),
            (Some(home(&[("stranger@fabrikam.us", mail.map(|_| "s@fabrikam.us"))])), Cloud::Global, Pass),
            (None, Cloud::Global, Unknown),
        ] {
            let check = judge(view, &world.config.partners[0], people.as_ref(), own);
            assert_eq!(check.result, expected, "{}", check.evidence);
        }
    }

    #[test]
    fn a_file_that_is_something_else_is_refused_without_a_word_of_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home.json");
        let partners = plain().partners;
        let good = home(&[("person@fabrikam.us", None)]);
        good.write(&path).unwrap();
        assert_eq!(Home::read(&path, &partners).unwrap().people.len(), 1);
        let stranger = Home { tenant: uuid::Uuid::from_u128(9).into(), ..good.clone() };
        stranger.write(&path).unwrap();
        assert!(matches!(Home::read(&path, &partners), Err(HomeError::Stranger(_))));
        for text in ["", "{}", "[]", "person@fabrikam.us", "{\"kind\": \"person@fabrikam.us\"}"] {
            std::fs::write(&path, text).unwrap();
            let error = Home::read(&path, &partners).unwrap_err();
            assert!(matches!(error, HomeError::Format(_)) && !error.to_string().contains('@'), "{error}");
        }
        assert!(matches!(Home::read(&folder.path().join("none"), &partners), Err(HomeError::File(_))));
    }
}
