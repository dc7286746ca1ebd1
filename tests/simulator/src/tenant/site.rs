//! Tenants that know each other: a synchronisation of one writes users into another.
//!
//! Whoever may hold two tenants at once takes the site's turn before the first of them, and holds it as long as both.
//! Nobody else ever holds two, so nobody waits in a circle.
//!
//! Not responsible for: telling apart by token which of several tenants a request is meant for (`front`).

use super::server::{Shared, lock};
use super::state::State;
use super::sync;
use crate::steps::Hooks;
use anyhow::ensure;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use uuid::Uuid;

/// Tenants that know each other. Clones are the same site.
#[derive(Clone, Debug, Default)]
pub struct Site(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    turn: Mutex<()>,
    residents: Mutex<BTreeMap<Uuid, Resident>>,
}

/// A tenant of the site. The site does not keep it alive.
#[derive(Clone, Debug)]
struct Resident {
    state: Weak<Mutex<State>>,
    hooks: Hooks,
}

/// Held by whoever may lock a second tenant.
pub(super) struct Turn<'a>(#[expect(dead_code, reason = "held, not looked at")] MutexGuard<'a, ()>);

impl Site {
    /// Lets a tenant in.
    ///
    /// # Errors
    /// One with the same id runs already.
    pub(super) fn admit(&self, id: Uuid, state: &Shared, hooks: &Hooks) -> anyhow::Result<()> {
        let mut residents = self.residents();
        let runs = residents.get(&id).is_some_and(|resident| resident.state.strong_count() > 0);
        ensure!(!runs, "tenant {id} runs already");
        residents.insert(id, Resident { state: Arc::downgrade(state), hooks: hooks.clone() });
        Ok(())
    }

    /// Waits until nobody else holds two tenants, and carries out what was due until now.
    pub(super) fn turn(&self) -> Turn<'_> {
        let turn = Turn(self.0.turn.lock().unwrap_or_else(PoisonError::into_inner));
        let all: Vec<Resident> = self.residents().values().cloned().collect();
        for state in all.iter().filter_map(|resident| resident.state.upgrade()) {
            sync::run_due(&mut lock(&state));
        }
        turn
    }

    /// Another tenant of the site; only for whoever has the turn.
    pub(super) fn other(&self, own: Uuid, id: Uuid) -> Option<Shared> {
        if own == id { None } else { self.residents().get(&id)?.state.upgrade() }
    }

    /// A tenant of the site, with what its requests are told to.
    pub(super) fn find(&self, id: Uuid) -> Option<(Shared, Hooks)> {
        let residents = self.residents();
        let resident = residents.get(&id)?;
        Some((resident.state.upgrade()?, resident.hooks.clone()))
    }

    fn residents(&self) -> MutexGuard<'_, BTreeMap<Uuid, Resident>> {
        self.0.residents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The other tenant, if it runs.
    pub(super) fn other_tenant(&self, id: Uuid) -> Option<Shared> {
        self.site.other(self.directory.tenant_id(), id)
    }
}
