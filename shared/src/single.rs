//! What is asked, and said, about one person.
//!
//! Responsible for: explaining one person with the evidence that a sweep would read for them, and forgetting human
//! decisions about them. Not responsible for: deciding; [`crate::people`] does.

use crate::journal::Journal;
use crate::journal::memory::Memory;
use crate::journal::record::{Note, Record};
use crate::people::case::{Case, View};
use crate::people::conditions::Need;
use crate::people::decide::decide;
use crate::people::explain::{self, Explanation, Subject};
use crate::people::guard::hold;
use crate::people::lifecycle::State;
use crate::people::observe::{Observer, Whom};
use crate::people::person::Person;
use crate::people::request::invited_lately;
use crate::people::snapshot::{Dear, Snapshot};
use crate::run::{RunError, Usher};
use crate::tri::Tri;
use crate::until::Until;
use crate::writer::Writer;
use jiff::Timestamp;

/// What came of forgetting human decisions about somebody.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Released {
    /// Whom it is about.
    pub person: Subject,
    /// The partner for whom usher looks after them.
    pub partner: String,
    /// Whether there was something to forget.
    pub released: bool,
}

impl Usher {
    /// Why one person is treated as they are. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn explain(&self, whom: &Whom, now: Timestamp) -> Result<Vec<Explanation>, RunError> {
        let journal = Journal::open(self.store.clone()).await?;
        let memory = journal.memory();
        let birth = self.birth().await?;
        let observer = self.observer(&self.client);
        let (mut snapshot, matching) = observer.one(whom, self.clock.now(), memory).await?;
        observer.look_closer(&mut snapshot, &matching, true).await;
        observer.find_twins(&mut snapshot, &matching).await;
        let mut explanations = Vec::new();
        for id in matching {
            let Some(person) = snapshot.people.get(&id).cloned() else { continue };
            // It is read person by person: of one it says nothing about the next.
            snapshot.disabled_by = Dear::NotRead;
            self.read_needs(&observer, &mut snapshot, memory, &person, None, now).await;
            let view = View { config: &self.config, snapshot: &snapshot, memory, now };
            explanations.extend(case_of(view, &person, None).map(|case| {
                let held = hold(view, case.partner, birth, None);
                explain::explain(&case, held.as_ref())
            }));
        }
        if explanations.is_empty() {
            explanations.push(self.explain_missing(&observer, snapshot, memory, whom, now).await);
        }
        Ok(explanations)
    }

    /// Explains somebody whom the directory does not show: deleted softly, or not there at all.
    async fn explain_missing(
        &self,
        observer: &Observer<'_>,
        mut snapshot: Snapshot,
        memory: &Memory,
        whom: &Whom,
        now: Timestamp,
    ) -> Explanation {
        observer.read_deleted(&mut snapshot, memory).await;
        let found = snapshot.deleted.read().into_iter().flat_map(|deleted| deleted.values());
        if let Some((person, since)) = found.cloned().collect::<Vec<_>>().into_iter().find(|(one, _)| whom.is(one)) {
            self.read_needs(observer, &mut snapshot, memory, &person, Some(since), now).await;
            let view = View { config: &self.config, snapshot: &snapshot, memory, now };
            if let Some(case) = case_of(view, &person, Some(since)) {
                return explain::explain(&case, None);
            }
        }
        match whom {
            Whom::Id(id) => explain::absent(Subject { id: Some(*id), address: None }, None),
            Whom::Address(address) => {
                let person = Subject { id: None, address: Some(address.as_str().to_owned()) };
                explain::absent(person, invited_lately(memory, address, now))
            }
        }
    }

    /// Reads the dear evidence that a decision about one person needs.
    async fn read_needs(
        &self,
        observer: &Observer<'_>,
        snapshot: &mut Snapshot,
        memory: &Memory,
        person: &Person,
        deleted: Option<Option<Timestamp>>,
        now: Timestamp,
    ) {
        loop {
            let view = View { config: &self.config, snapshot, memory, now };
            let Some(case) = case_of(view, person, deleted) else { return };
            let gone = matches!(case.state(), State::Disabled | State::Deleted);
            let need = decide(&case).need.or_else(|| case.leaves_while_disabled().err());
            let partner = case.partner.name.clone();
            match need {
                None if gone && snapshot.disabled_by.is_not_read() => {
                    observer.read_who_disabled(snapshot, &[person.id]).await
                }
                None => return,
                Some(Need::SignIns) => observer.read_sign_ins(snapshot).await,
                Some(Need::CrossTenant) => observer.read_cross_tenant(snapshot, &partner).await,
                Some(Need::DisabledBy) => observer.read_who_disabled(snapshot, &[person.id]).await,
                Some(Need::Roles) => observer.read_roles_of(snapshot, &[person.id]).await,
                Some(Need::Look(_)) => observer.look_closer(snapshot, &[person.id], true).await,
            }
        }
    }

    /// Forgets human decisions about a person whom usher looks after: the rules apply as if they had not been made, and all
    /// days are to come again. `None` if usher looks after nobody like that.
    ///
    /// # Errors
    /// When the directory or the state cannot be read, or the journal cannot be written.
    pub async fn release(&self, whom: &Whom, until: &mut Until) -> Result<Option<Released>, RunError> {
        let now = self.clock.now();
        let explanation = self.explain(whom, now).await?.into_iter().next();
        let Some((explanation, id)) = explanation.and_then(|one| one.person.id.map(|id| (one, id))) else {
            return Ok(None);
        };
        let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
        writer.begin(until).await?;
        let Some(life) = writer.journal().memory().life(id) else {
            writer.let_go().await;
            return Ok(None);
        };
        let partner = life.origin.partner.clone();
        let disabled = explanation.enabled.is_no();
        // Of somebody who is deleted there is nothing to forget: what usher took away it still may give back.
        let is_there = !matches!(explanation.state, State::Deleted | State::Absent);
        let memory = writer.journal().memory();
        let known = memory.departure(id).is_some() || memory.steps_of(id).any(|(_, step)| step.is_open());
        let released = is_there && (disabled || known);
        if released {
            let note = Note::Released { disabled };
            writer.note([Record::Noted { person: id, partner: partner.clone(), at: now, note }]);
        }
        writer.finish(until).await?;
        Ok(Some(Released { person: explanation.person, partner, released }))
    }
}

/// The person before the partner who looks after them, or else the one whose person this most likely is.
fn case_of<'a>(view: View<'a>, person: &'a Person, deleted: Option<Option<Timestamp>>) -> Option<Case<'a>> {
    let cases = view.config.partners.iter().map(|partner| match deleted {
        None => Case::new(view, partner, person),
        Some(since) => Case::deleted(view, partner, person, since),
    });
    // The partner whose person this is comes first; one whose domain it is not says nothing.
    let rank = |known: Tri| [Tri::Yes, Tri::Unknown, Tri::No].iter().position(|value| *value == known);
    cases.min_by_key(|case| (case.life().is_none(), rank(case.scope.domain), rank(case.scope.in_scope())))
}
