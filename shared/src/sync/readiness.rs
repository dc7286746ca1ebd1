//! Handing a partner's external users over to Microsoft's cross-tenant synchronization: who can go, who cannot, and why.
//!
//! Runs in the tenant in which they are external users. Responsible for: judging person by person, and noting whose they are
//! as a person says it. Not responsible for: what follows; the planner neither changes nor takes away from people whom the
//! synchronization owns or may own.

use crate::journal::Journal;
use crate::journal::record::{Owner, Record};
use crate::people::case::{Case, View};
use crate::people::lifecycle::State;
use crate::people::observe::Track;
use crate::run::{RunError, Usher};
use crate::tri::Tri;
use crate::until::Until;
use crate::writer::Writer;
use serde::Serialize;
use uuid::Uuid;

/// A partner's external users, and whether they can go.
#[derive(Clone, Debug, Serialize)]
pub struct Readiness {
    /// The partner's name.
    pub partner: String,
    /// Whether the partner may push people here.
    pub sync_allowed: Tri,
    /// Whose the external users are, if a person said it.
    pub owner: Option<Owner>,
    /// How many can go.
    pub ready: usize,
    /// How many cannot, or it is not known.
    pub not_ready: usize,
    /// One by one, those first who cannot.
    pub people: Vec<PersonReadiness>,
}

/// Whether one person can go.
#[derive(Clone, Debug, Serialize)]
pub struct PersonReadiness {
    /// The object id.
    pub id: Uuid,
    /// The address.
    pub address: Option<String>,
    /// Whether the synchronization would find the account and could manage it.
    pub ready: Tri,
    /// Why.
    pub reason: &'static str,
    /// What helps; empty where there is nothing to do.
    pub advice: &'static str,
}

/// Whether a person can go: by what the account is, whether Entra Connect masters it, and whether it may sign in.
const fn judge(state: State, synced: Tri, enabled: Tri) -> (Tri, &'static str, &'static str) {
    match (state, synced) {
        (_, Tri::Unknown) => {
            (Tri::Unknown, "it could not be read whether Entra Connect masters the account", "Try again.")
        }
        (State::Internal, Tri::Yes) => (
            Tri::No,
            "an internal account of Entra Connect's: the synchronization matches external users only, and fails where an \
             internal account has the address",
            "Leave the person to usher, which converts such accounts, and out of the synchronized groups.",
        ),
        (State::Internal, Tri::No) => (
            Tri::No,
            "an internal account has the address, and the synchronization would fail",
            "Take the address from it, or keep the person out of the synchronized groups.",
        ),
        (_, Tri::Yes) => (
            Tri::No,
            "Entra Connect masters the account, converted or not, and the synchronization cannot change it",
            "Leave the person to usher, and out of the synchronized groups.",
        ),
        (State::Pending, Tri::No) => (
            Tri::No,
            "never redeemed: the account has no link yet to the one at home, by which people are matched",
            "Let the person redeem first, or provision them on demand after automatic redemption is on in both tenants.",
        ),
        (State::Unconfirmed, Tri::No) => {
            (Tri::Unknown, "it is not known yet what became of usher's last step", "Wait for two more sweeps.")
        }
        (State::Disabled, Tri::No) => (
            Tri::No,
            "disabled: the synchronization may enable the account again with the next change at home",
            "Settle first whether the person shall sign in here.",
        ),
        (State::Deleted | State::Absent, Tri::No) => (
            Tri::No,
            "deleted here: the synchronization does not restore it",
            "Restore the account first, or let it go.",
        ),
        (State::Accepted, Tri::No) if enabled.is_no() => {
            (Tri::No, "disabled", "Settle first whether the person shall sign in here.")
        }
        (State::Accepted, Tri::No) => (Tri::Yes, "redeemed, and mastered in the cloud", ""),
    }
}

/// Whether somebody is the partner's: by an address, or because usher looks after them.
fn is_of_partner(case: &Case<'_>) -> bool {
    case.scope.domain.is_yes() || case.life().is_some()
}

impl Usher {
    /// Judges the external users, and the accounts to be converted, of the partners of that name, or of all.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn readiness(&self, partner: Option<&str>) -> Result<Vec<Readiness>, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let memory = journal.memory();
        let observer = self.observer(&self.client);
        let now = self.clock.now();
        let (mut snapshot, _) = observer.sweep(now, Track::Nothing, memory, &|_| {}).await?;
        let chosen: Vec<_> =
            self.config.partners.iter().filter(|one| partner.is_none_or(|name| one.name == name)).collect();
        for partner in &chosen {
            observer.read_cross_tenant(&mut snapshot, &partner.name).await;
        }
        let view = View { config: &self.config, snapshot: &snapshot, memory, now };
        let of = |partner| {
            let cases = snapshot.people.values().map(|person| Case::new(view, partner, person));
            let mut people: Vec<_> = cases
                .filter(is_of_partner)
                .map(|case| {
                    let (ready, reason, advice) = judge(case.state(), case.person.synced, case.person.enabled);
                    let address = case.person.addresses.first().map(|known| known.address.as_str().to_owned());
                    PersonReadiness { id: case.person.id.uuid(), address, ready, reason, advice }
                })
                .collect();
            people.sort_by_key(|person| (person.ready.is_yes(), person.reason, person.id));
            let ready = people.iter().filter(|person| person.ready.is_yes()).count();
            Readiness {
                partner: partner.name.clone(),
                sync_allowed: snapshot.cross_tenant.get(&partner.name).map_or(Tri::Unknown, |known| known.sync_allowed),
                owner: memory.partner(&partner.name).and_then(|known| known.owner),
                ready,
                not_ready: people.len() - ready,
                people,
            }
        };
        Ok(chosen.into_iter().map(of).collect())
    }

    /// Notes whose a partner's external users are whom Entra Connect does not master.
    ///
    /// # Errors
    /// [`RunError::Busy`] if somebody else writes all the time; otherwise when the state or the journal fails.
    pub async fn settle_owner(&self, partner: &str, owner: Owner, until: &mut Until) -> Result<(), RunError> {
        let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
        writer.begin(until).await?;
        writer.note([Record::Owner { partner: partner.to_owned(), at: self.clock.now(), owner }]);
        writer.finish(until).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_redeemed_and_is_mastered_in_the_cloud_can_go() {
        use State::{Absent, Accepted, Deleted, Disabled, Internal, Pending, Unconfirmed};
        for state in [Absent, Internal, Pending, Accepted, Disabled, Deleted, Unconfirmed] {
            for synced in [Tri::Yes, Tri::No, Tri::Unknown] {
                let (ready, reason, _) = judge(state, synced, Tri::Yes);
                assert_eq!(ready.is_yes(), (state, synced) == (Accepted, Tri::No), "{state:?} {synced:?}: {reason}");
            }
        }
        assert!(judge(Accepted, Tri::No, Tri::No).0.is_no(), "nobody who may not sign in");
    }
}
