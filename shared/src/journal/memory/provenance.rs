//! Whom usher brought in: for which partner, with an address of which domain, and when.
//!
//! Responsible for: holding that for every person in a few bytes each, and in the saved document without addresses. Not
//! responsible for: steps that are not settled; see [`super::Step`].

use crate::ids::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Everybody whom usher brought in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Provenance {
    /// What many people have in common, in the order in which it was first seen.
    origins: Vec<Origin>,
    people: BTreeMap<UserId, Mark>,
}

/// What people have in common who were brought in alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// For which partner.
    pub partner: String,
    /// The domain of the address that was invited, in ASCII.
    pub domain: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    origin: u16,
    /// Seconds since 1970, which fit until 2106.
    seconds: u32,
}

impl Provenance {
    /// Notes that somebody was brought in.
    pub(super) fn note(&mut self, person: UserId, partner: &str, domain: &str, at: Timestamp) {
        let known = self.origins.iter().position(|origin| origin.partner == partner && origin.domain == domain);
        let origin = known.unwrap_or_else(|| {
            self.origins.push(Origin { partner: partner.to_owned(), domain: domain.to_owned() });
            self.origins.len() - 1
        });
        // A configuration of 65,000 domains would be refused long before.
        let origin = u16::try_from(origin).unwrap_or(u16::MAX);
        let seconds = u32::try_from(at.as_second()).unwrap_or_default();
        self.people.insert(person, Mark { origin, seconds });
    }

    /// Where somebody came from, and when; `None` if usher did not bring them in.
    pub(super) fn of(&self, person: UserId) -> Option<(&Origin, Timestamp)> {
        let mark = self.people.get(&person)?;
        let at = Timestamp::from_second(i64::from(mark.seconds)).ok()?;
        Some((self.origins.get(usize::from(mark.origin))?, at))
    }
}

/// The saved form: people by what they have in common, each with the seconds since 1970.
#[derive(Serialize, Deserialize)]
struct Group {
    origin: Origin,
    people: BTreeMap<UserId, u32>,
}

impl Serialize for Provenance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut groups: Vec<_> =
            self.origins.iter().map(|origin| Group { origin: origin.clone(), people: BTreeMap::new() }).collect();
        for (person, mark) in &self.people {
            if let Some(group) = groups.get_mut(usize::from(mark.origin)) {
                group.people.insert(*person, mark.seconds);
            }
        }
        serializer.collect_seq(groups)
    }
}

impl<'de> Deserialize<'de> for Provenance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let groups = Vec::<Group>::deserialize(deserializer)?;
        let mut provenance = Self::default();
        for (number, Group { origin, people }) in groups.into_iter().enumerate() {
            let number = u16::try_from(number).map_err(serde::de::Error::custom)?;
            provenance.origins.push(origin);
            let marks = people.into_iter().map(|(person, seconds)| (person, Mark { origin: number, seconds }));
            provenance.people.extend(marks);
        }
        Ok(provenance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_hundred_thousand_people_are_saved_in_six_megabytes_and_read_back_the_same() {
        let mut provenance = Provenance::default();
        for number in 0..100_000_u32 {
            let domain = if number % 2 == 0 { "fabrikam.us" } else { "second.example" };
            let person = Uuid::from_u128(u128::from(number) << 64).into();
            provenance.note(person, "fabrikam", domain, at(1_790_000_000 + i64::from(number)));
        }
        let saved = serde_json::to_vec(&provenance).unwrap();
        assert!(saved.len() < 6_000_000, "{}", saved.len());
        let read: Provenance = serde_json::from_slice(&saved).unwrap();
        assert_eq!(read, provenance);
        let (origin, since) = read.of(Uuid::from_u128(3 << 64).into()).unwrap();
        assert_eq!((origin.domain.as_str(), since), ("second.example", at(1_790_000_003)));
    }

    #[test]
    fn whoever_is_brought_in_again_has_the_newer_origin() {
        let person = Uuid::nil().into();
        let mut provenance = Provenance::default();
        provenance.note(person, "a", "one.example", at(1));
        provenance.note(person, "b", "one.example", at(2));
        assert_eq!(provenance.of(person).map(|(origin, since)| (origin.partner.as_str(), since)), Some(("b", at(2))));
        assert_eq!(provenance.of(Uuid::from_u128(1).into()), None);
    }
}
