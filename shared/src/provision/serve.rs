//! Working off what waits: observe, decide, write, look again, and answer.
//!
//! Responsible for: serving all requests that wait in one go, whoever placed them, under the writer's lease and the journal
//! like any run. One after the other serves: within a process a mutex says who, among processes a lease. Not responsible
//! for: what is decided, see `decision`.

use super::decision::{Decided, Decision};
use super::desk::{self, Request, RequestId, State};
use super::tale::Tale;
use super::{Answer, Asked};
use crate::apply::Applier;
use crate::config::Partner;
use crate::graph::{DirectoryWriter, WritePermit};
use crate::ids::{RunId, UserId};
use crate::journal::JournalError;
use crate::journal::record::{Job, Record};
use crate::outbox::{self, About};
use crate::people::decide::Action;
use crate::people::observe::Whom;
use crate::people::request::Wish;
use crate::report::{ErrorReport, OutcomeReport};
use crate::run::{RunError, Usher};
use crate::telemetry::{metrics, spans};
use crate::until::Until;
use crate::writer::Writer;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;
use tokio::sync::Mutex;
use tracing::Instrument;

/// Whoever works off requests holds this lease.
const DESK: &str = "desk";
/// How often it is looked whether another process has answered.
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
/// Restored, enabled, invited again, brought up to date, looked at; and one more, where somebody else came first.
const MOST_ROUNDS: usize = 6;

impl Usher {
    /// Waits until a request that was placed is worked off, by this caller or by somebody else. `alone` is the same for all
    /// callers of a process.
    ///
    /// # Errors
    /// When the state or the journal fails, or the time is over; the request waits still.
    pub async fn answer(
        &self,
        id: &RequestId,
        alone: &Mutex<()>,
        until: &mut Until,
    ) -> Result<Option<State>, RunError> {
        loop {
            let turn = alone.lock().await;
            match desk::read(self.store.as_ref(), id).await? {
                None => return Ok(None),
                Some(Request { state: State::Waiting, .. }) => {}
                Some(Request { state, .. }) => return Ok(Some(state)),
            }
            let served = self.serve_requests(until).await;
            drop(turn);
            match served {
                Ok(true) => continue,
                // Somebody else writes, or serves; the next look tells.
                Ok(false) | Err(RunError::Busy | RunError::Journal(JournalError::Fenced(_))) => {}
                Err(error) => return Err(error),
            }
            if !until.rest(BETWEEN_LOOKS).await {
                return Err(RunError::NoTime);
            }
        }
    }

    /// Works off the requests that wait, until none does; `false` if somebody else is at it.
    ///
    /// # Errors
    /// When the state or the journal fails, or the time is over; what was not answered waits still.
    pub async fn serve_requests(&self, until: &mut Until) -> Result<bool, RunError> {
        while desk::is_waiting(self.store.as_ref()).await? {
            let Some(alone) = self.store.try_lease(DESK).await? else { return Ok(false) };
            let served = Box::pin(self.serve_waiting(until)).instrument(spans::provision()).await;
            alone.release().await;
            if !served? {
                break;
            }
        }
        Ok(true)
    }

    /// What would be done, by what is there now. Reads only.
    ///
    /// # Errors
    /// When the directory or the state cannot be read.
    pub async fn rehearse(&self, asked: &Asked) -> Result<Answer, RunError> {
        let partner = asked.partner.clone();
        let Some(configured) = self.config.partner(&partner) else { return Ok(Answer { partner, people: Vec::new() }) };
        let writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
        let memory = writer.journal().memory().clone();
        let client = self.client.urgent();
        let observer = self.observer(&client);
        let seen = observer.several(&asked.people, &partner, &memory, self.clock.now()).await?;
        let decided = self.decide_requests(&client, configured, asked.wish, seen, memory).await?;
        let tales = decided.people.iter().map(|(whom, decision)| (whom.clone(), Tale::begin(decision)));
        let tales: BTreeMap<_, _> = tales.collect();
        Ok(answer_to(asked, &tales))
    }

    /// Works off what waits now; `false` if that is nothing that can be worked off.
    async fn serve_waiting(&self, until: &mut Until) -> Result<bool, RunError> {
        let waiting = desk::waiting(self.store.as_ref()).await?;
        let alike = |(_, one): &(RequestId, Request), (_, other): &(RequestId, Request)| {
            (&one.asked.partner, one.asked.wish) == (&other.asked.partner, other.asked.wish)
        };
        for group in waiting.chunk_by(alike) {
            let Some((_, first)) = group.first() else { continue };
            let whom: BTreeSet<_> =
                group.iter().flat_map(|(_, request)| request.asked.people.iter().cloned()).collect();
            let result = match self.config.partner(&first.asked.partner) {
                Some(partner) => {
                    let tales = self.carry_out(partner, first.asked.wish, whom.into_iter().collect(), until).await;
                    match tales {
                        Err(RunError::Observe(error)) => Err(ErrorReport::from(&error)),
                        other => Ok(other?),
                    }
                }
                None => Err(partner_is_gone()),
            };
            for (id, request) in group {
                let state = match &result {
                    Ok(tales) => State::Answered(answer_to(&request.asked, tales)),
                    Err(error) => State::Failed(error.clone()),
                };
                if let (State::Answered(answer), true) = (&state, request.asked.notify) {
                    let about = About::Request { wish: request.asked.wish, answer: answer.clone() };
                    outbox::put(self.store.as_ref(), &format!("request-{id}"), about, self.clock.now()).await?;
                }
                let answered = matches!(state, State::Answered(_));
                desk::settle(self.store.as_ref(), id, state).await?;
                metrics::provisioned(&first.asked.partner, first.asked.wish, answered);
            }
        }
        Ok(!waiting.is_empty())
    }

    /// Carries out one wish for people of one partner, round by round: what was done is looked at, and what follows from it
    /// is done too.
    async fn carry_out(
        &self,
        partner: &Partner,
        wish: Wish,
        whom: Vec<Whom>,
        until: &mut Until,
    ) -> Result<BTreeMap<Whom, Tale>, RunError> {
        let client = self.client.until(until.deadline()).urgent();
        let run = RunId::random();
        let mut tales: BTreeMap<Whom, Tale> = BTreeMap::new();
        let mut left = whom;
        for round in 0..MOST_ROUNDS {
            let mut writer = Writer::open(self.store.clone(), self.clock.clone()).await?;
            let started = self.clock.now();
            let memory = writer.journal().memory();
            let observer = self.observer(&client);
            let seen = observer.several(&left, &partner.name, memory, started).instrument(spans::observe()).await?;
            self.settle(&mut writer, until, &seen.0).await?;
            let memory = writer.journal().memory().clone();
            let decided = self.decide_requests(&client, partner, wish, seen, memory);
            let mut decided = decided.instrument(spans::plan()).await?;
            for (whom, decision) in &decided.people {
                match tales.get_mut(whom) {
                    Some(tale) => tale.go_on(decision, |action| decided.shows(&self.config, partner, action)),
                    None => _ = tales.insert(whom.clone(), Tale::begin(decision)),
                }
            }
            let Some(permit) = WritePermit::of(self.config.tenant.mode).filter(|_| round + 1 < MOST_ROUNDS) else {
                break;
            };
            let mut actions = decided.actions();
            actions.sort_by_key(|action| action.kind);
            let notes = decided.notes_to_keep();
            if actions.is_empty() && notes.is_empty() {
                break;
            }
            if decided.is_first_run {
                self.be_born().await?;
            }
            writer.begin(until).await?;
            // Whatever was decided about somebody whom others were about to touch since then is decided anew.
            if decided.concerns(&actions).any(|person| writer.was_touched(person)) {
                writer.let_go().await;
                continue;
            }
            writer.note([Record::RunStarted { run, job: Job::Provision, at: started }]);
            let noted = |(person, note)| Record::Noted { person, partner: partner.name.clone(), at: started, note };
            writer.note(notes.into_iter().map(noted));
            writer.write().await?;
            let directory = DirectoryWriter::new(client.clone(), permit);
            let mut applier = Applier {
                snapshot: &mut decided.snapshot,
                observer: &observer,
                approved: &HashSet::new(),
                by_request: true,
                in_scope: decided.observed,
                config: &self.config,
                directory: &directory,
                client: &client,
                run,
                writer: &mut writer,
                until,
                from_inbox: None,
            };
            let ended = applier.apply(partner, &actions, &|_| {}).instrument(spans::apply()).await;
            writer.finish(until).await?;
            let ended = ended?;
            if !ended.finished && ended.stopped.is_none() {
                // Whoever serves it next finds those who are done as asked, and goes on with the others.
                return Err(RunError::NoTime);
            }
            for (step, applied) in &ended.applied {
                let outcome = OutcomeReport::from(&applied.outcome);
                if outcome != OutcomeReport::Planned {
                    metrics::action(&partner.name, step.action, outcome);
                }
            }
            left = Vec::new();
            for (whom, decision) in &decided.people {
                let Decision::Act(actions) = &decision.decision else { continue };
                if let Some(tale) = tales.get_mut(whom)
                    && tale.carried_out(actions, &ended)
                {
                    left.push(whom.clone());
                }
            }
            if left.is_empty() {
                break;
            }
        }
        Ok(tales)
    }
}

impl Decided {
    /// Everybody about whom something was decided.
    fn concerns(&self, actions: &[Action]) -> impl Iterator<Item = UserId> {
        let people = self.people.values().filter_map(|person| person.id);
        people.chain(actions.iter().map(|action| action.person).collect::<Vec<_>>())
    }

    /// What is to be done, for everybody.
    fn actions(&self) -> Vec<Action> {
        // Somebody can be named twice, by id and by address.
        let mut seen = HashSet::new();
        let all = self.people.values().flat_map(|person| person.decision.actions());
        all.filter(|action| seen.insert(action.step())).cloned().collect()
    }
}

fn answer_to(asked: &Asked, tales: &BTreeMap<Whom, Tale>) -> Answer {
    let people = asked.people.iter().filter_map(|whom| Some(tales.get(whom)?.tell(whom))).collect();
    Answer { partner: asked.partner.clone(), people }
}

fn partner_is_gone() -> ErrorReport {
    ErrorReport {
        code: "unknown-partner".to_owned(),
        message: "The configuration has no partner of that name any more.".to_owned(),
        advice: "Use the name of a [[partner]] of usher.toml.".to_owned(),
        transient: false,
    }
}
