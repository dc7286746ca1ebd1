//! The people whom usher looks after: for which partner, since when, and how far it got with each.
//!
//! Responsible for: holding that for everybody in a few bytes each, and in the saved document without addresses. Not
//! responsible for: steps that are not settled, see [`super::Step`], nor for those who are being taken away, see
//! [`super::departures`].

use crate::address::Address;
use crate::ids::UserId;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Short for an address that was invited, or for values that were written, to notice that they changed. Two with one
/// fingerprint would hide a change; there are four billion fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(u32);

impl Fingerprint {
    /// Of an address; never that of "none".
    pub fn of(address: &Address) -> Self {
        Self::of_text(address.as_str())
    }

    /// The same of another text.
    pub fn of_text(text: &str) -> Self {
        let hash = Sha256::digest(text);
        Self(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]).max(1))
    }

    /// Of no address, where none is known.
    const NONE: Self = Self(0);
}

/// What people have in common who were brought in alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// For which partner.
    pub partner: String,
    /// The domain of the address that was invited, in ASCII.
    pub domain: String,
    /// Whether somebody else had invited them.
    pub adopted: bool,
}

/// Somebody whom usher looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life<'a> {
    /// Where they came from.
    pub origin: &'a Origin,
    /// When the invitation was sent from which the days are counted, or when they were adopted.
    pub since: Timestamp,
    /// The address that was invited, if one is known.
    pub address: Option<Fingerprint>,
    /// The last day of `resend_after_days` that a resend was sent for; 0 before the first.
    pub resent: u16,
    /// The redemption was seen.
    pub redeemed: bool,
    /// The groups that usher put them into.
    pub groups: &'a [Uuid],
    /// The sponsors that usher gave them.
    pub sponsors: &'a [Uuid],
}

/// The compact form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    origin: u16,
    /// Seconds since 1970, which fit until 2106.
    seconds: u32,
    address: Fingerprint,
    resent: u16,
    redeemed: bool,
    groups: u16,
    sponsors: u16,
}

/// Everybody whom usher looks after.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lives {
    /// What many people have in common, in the order in which it was first seen.
    origins: Vec<Origin>,
    /// Sets of groups or sponsors that many people have in common; the first is empty.
    sets: Vec<Vec<Uuid>>,
    people: BTreeMap<UserId, Mark>,
}

impl Lives {
    /// Begins a life, or begins it anew: an invitation was sent, or somebody was adopted.
    pub(super) fn begin(&mut self, person: UserId, origin: Origin, address: Option<&Address>, at: Timestamp) {
        let number = index_of(&mut self.origins, origin);
        let before = self.people.get(&person);
        let mark = Mark {
            origin: number,
            seconds: seconds(at),
            address: address.map_or(Fingerprint::NONE, Fingerprint::of),
            resent: 0,
            redeemed: false,
            groups: before.map_or(0, |mark| mark.groups),
            sponsors: before.map_or(0, |mark| mark.sponsors),
        };
        self.people.insert(person, mark);
    }

    /// The account is gone for good.
    pub(super) fn end(&mut self, person: UserId) {
        self.people.remove(&person);
    }

    pub(super) fn of(&self, person: UserId) -> Option<Life<'_>> {
        let mark = self.people.get(&person)?;
        Some(Life {
            origin: self.origins.get(usize::from(mark.origin))?,
            since: Timestamp::from_second(i64::from(mark.seconds)).ok()?,
            address: (mark.address != Fingerprint::NONE).then_some(mark.address),
            resent: mark.resent,
            redeemed: mark.redeemed,
            groups: self.set(mark.groups),
            sponsors: self.set(mark.sponsors),
        })
    }

    /// Everybody, by object id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (UserId, Life<'_>)> {
        self.people.keys().filter_map(|person| Some((*person, self.of(*person)?)))
    }

    /// The compact form, to put back with [`Lives::put_back`].
    pub(super) fn mark(&self, person: UserId) -> Option<Mark> {
        self.people.get(&person).copied()
    }

    pub(super) fn put_back(&mut self, person: UserId, mark: Mark) {
        self.people.insert(person, mark);
    }

    /// A resend was sent for that day.
    pub(super) fn resent(&mut self, person: UserId, day: u16) {
        if let Some(mark) = self.people.get_mut(&person) {
            mark.resent = mark.resent.max(day);
        }
    }

    /// The redemption starts again, with another address.
    pub(super) fn reset(&mut self, person: UserId, address: &Address, at: Timestamp) {
        let Some(origin) = self.of(person).map(|life| life.origin.clone()) else { return };
        self.begin(person, Origin { domain: address.domain().to_owned(), ..origin }, Some(address), at);
    }

    /// The person may sign in again. The time before that says nothing about whether they want to, so the days begin anew; a
    /// day that was served stays so.
    pub(super) fn may_sign_in_again(&mut self, person: UserId, at: Timestamp) {
        if let Some(mark) = self.people.get_mut(&person) {
            mark.seconds = mark.seconds.max(seconds(at));
        }
    }

    /// Somebody else made the redemption start again.
    pub(super) fn pending_anew(&mut self, person: UserId, since: Timestamp) {
        if let Some(mark) = self.people.get_mut(&person) {
            mark.seconds = seconds(since);
            mark.resent = 0;
            mark.redeemed = false;
        }
    }

    pub(super) fn redeemed(&mut self, person: UserId) {
        if let Some(mark) = self.people.get_mut(&person) {
            mark.redeemed = true;
        }
    }

    pub(super) fn joined(&mut self, person: UserId, group: Uuid) {
        self.change(person, |mark| &mut mark.groups, |set| set.push(group));
    }

    pub(super) fn left(&mut self, person: UserId, group: Uuid) {
        self.change(person, |mark| &mut mark.groups, |set| set.retain(|joined| *joined != group));
    }

    pub(super) fn sponsored(&mut self, person: UserId, sponsor: Uuid) {
        self.change(person, |mark| &mut mark.sponsors, |set| set.push(sponsor));
    }

    fn change(&mut self, person: UserId, which: fn(&mut Mark) -> &mut u16, change: impl FnOnce(&mut Vec<Uuid>)) {
        let Some(mark) = self.people.get_mut(&person) else { return };
        let number = which(mark);
        let mut set =
            number.checked_sub(1).and_then(|index| self.sets.get(usize::from(index)).cloned()).unwrap_or_default();
        change(&mut set);
        set.sort_unstable();
        set.dedup();
        *number = if set.is_empty() { 0 } else { index_of(&mut self.sets, set).saturating_add(1) };
    }

    fn set(&self, number: u16) -> &[Uuid] {
        number.checked_sub(1).and_then(|index| self.sets.get(usize::from(index))).map_or(&[], Vec::as_slice)
    }
}

/// A configuration of 65,000 domains or sets of groups would be refused long before.
fn index_of<T: PartialEq>(known: &mut Vec<T>, wanted: T) -> u16 {
    let index = known.iter().position(|one| *one == wanted).unwrap_or_else(|| {
        known.push(wanted);
        known.len() - 1
    });
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap_or_default()
}

/// The saved form: people by what they have in common.
#[derive(Deserialize)]
struct Saved {
    sets: Vec<Vec<Uuid>>,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    origin: Origin,
    people: Vec<Row>,
}

/// The person, seconds, fingerprint, last resend, redeemed, groups, sponsors.
type Row = (UserId, u32, Fingerprint, u16, bool, u16, u16);

/// The same, written without a copy of everybody.
#[derive(Serialize)]
struct SavedOf<'a> {
    sets: &'a [Vec<Uuid>],
    groups: Vec<GroupOf<'a>>,
}

#[derive(Serialize)]
struct GroupOf<'a> {
    origin: &'a Origin,
    people: PeopleOf<'a>,
}

struct PeopleOf<'a> {
    lives: &'a Lives,
    origin: u16,
}

impl Serialize for PeopleOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_origin = self.lives.people.iter().filter(|(_, mark)| mark.origin == self.origin);
        serializer.collect_seq(of_origin.map(|(person, mark)| -> Row {
            let Mark { seconds, address, resent, redeemed, groups, sponsors, .. } = *mark;
            (*person, seconds, address, resent, redeemed, groups, sponsors)
        }))
    }
}

impl Serialize for Lives {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = |(origin, of)| GroupOf { origin: of, people: PeopleOf { lives: self, origin } };
        SavedOf { sets: &self.sets, groups: (0_u16..).zip(&self.origins).map(group).collect() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Lives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Saved { sets, groups } = Saved::deserialize(deserializer)?;
        if u16::try_from(groups.len()).is_err() {
            return Err(serde::de::Error::custom("more than 65,535 origins"));
        }
        let origins = groups.iter().map(|group| group.origin.clone()).collect();
        let marks = (0_u16..).zip(groups).flat_map(|(origin, group)| {
            group.people.into_iter().map(move |(person, seconds, address, resent, redeemed, groups, sponsors)| {
                (person, Mark { origin, seconds, address, resent, redeemed, groups, sponsors })
            })
        });
        // Collected at once the nodes of the map are full; one by one, in order, they would be half empty.
        Ok(Self { origins, sets, people: marks.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn origin(partner: &str, domain: &str) -> Origin {
        Origin { partner: partner.to_owned(), domain: domain.to_owned(), adopted: false }
    }

    #[test]
    fn a_hundred_thousand_people_are_saved_in_eight_megabytes_and_read_back_the_same() {
        let mut lives = Lives::default();
        let group = Uuid::from_u128(7);
        for number in 0..100_000_u32 {
            let domain = if number % 2 == 0 { "fabrikam.us" } else { "second.example" };
            let person = Uuid::from_u128(u128::from(number) << 64).into();
            let address = Address::parse(&format!("person-{number}@{domain}")).unwrap();
            lives.begin(person, origin("fabrikam", domain), Some(&address), at(1_790_000_000 + i64::from(number)));
            lives.joined(person, group);
        }
        let saved = serde_json::to_vec(&lives).unwrap();
        assert!(saved.len() < 8_000_000, "{}", saved.len());
        let read: Lives = serde_json::from_slice(&saved).unwrap();
        assert_eq!(read, lives);
        let life = read.of(Uuid::from_u128(3 << 64).into()).unwrap();
        assert_eq!((life.origin.domain.as_str(), life.since), ("second.example", at(1_790_000_003)));
        assert_eq!(life.groups, [group]);
        assert!(!String::from_utf8(saved).unwrap().contains('@'), "no address is saved");
    }

    #[test]
    fn whoever_is_brought_in_again_begins_anew_and_keeps_groups() {
        let person = Uuid::nil().into();
        let group = Uuid::from_u128(7);
        let mut lives = Lives::default();
        lives.begin(person, origin("a", "one.example"), None, at(1));
        lives.joined(person, group);
        lives.resent(person, 7);
        lives.begin(person, origin("b", "one.example"), None, at(2));
        let life = lives.of(person).unwrap();
        assert_eq!((life.origin.partner.as_str(), life.since, life.resent), ("b", at(2), 0));
        assert_eq!(life.groups, [group]);
        lives.left(person, group);
        assert!(lives.of(person).unwrap().groups.is_empty());
        assert_eq!(lives.of(Uuid::from_u128(1).into()), None);
    }

    #[test]
    fn after_a_reset_the_domain_is_that_of_the_new_address() {
        let person = Uuid::nil().into();
        let mut lives = Lives::default();
        lives.begin(person, origin("a", "old.example"), None, at(1));
        lives.reset(person, &Address::parse("x@new.example").unwrap(), at(2));
        let life = lives.of(person).unwrap();
        assert_eq!(
            (life.origin.domain.as_str(), life.origin.partner.as_str(), life.since),
            ("new.example", "a", at(2))
        );
    }
}
