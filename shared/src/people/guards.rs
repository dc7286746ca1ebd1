//! What stands against a step whose condition holds.
//!
//! Responsible for: protection, the pilot list, refusals, other owners, and the rulings on what is never deleted. Each
//! guard answers yes only by evidence; unknown is an obstacle. Not responsible for: how many at once; see
//! [`super::ceilings`].

use super::case::{Case, Finding};
use super::conditions::Need;
use super::reason::Reason;
use crate::journal::record::{ActionKind, Cause, Owner, StepId};
use crate::tri::Tri;
use serde::Serialize;

/// A guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guard {
    /// In no other partner's scope.
    OnePartner,
    /// On the pilot list, where there is one.
    InPilot,
    /// Graph did not refuse this step within the last day.
    NotRefusedLately,
    /// Microsoft's cross-tenant synchronization cannot own the person.
    NotSynchronized,
    /// What lists of members say about the scope is confirmed by asking for the person.
    ScopeConfirmed,
    /// Still there at the closer look.
    Exists,
    /// Not in the protected group.
    NotProtected,
    /// No directory role.
    NoDirectoryRole,
    /// No licence.
    NotLicensed,
}

impl Guard {
    /// Every guard, in the order in which they are asked.
    pub const ALL: &[Self] = &[
        Self::OnePartner,
        Self::InPilot,
        Self::NotRefusedLately,
        Self::NotSynchronized,
        Self::ScopeConfirmed,
        Self::Exists,
        Self::NotProtected,
        Self::NoDirectoryRole,
        Self::NotLicensed,
    ];

    /// The name, as `explain` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnePartner => "one-partner",
            Self::InPilot => "in-pilot",
            Self::NotRefusedLately => "not-refused-lately",
            Self::NotSynchronized => "not-synchronized",
            Self::ScopeConfirmed => "scope-confirmed",
            Self::Exists => "exists",
            Self::NotProtected => "not-protected",
            Self::NoDirectoryRole => "no-directory-role",
            Self::NotLicensed => "not-licensed",
        }
    }

    /// Whether it guards steps of this kind.
    pub const fn concerns(self, action: ActionKind) -> bool {
        match self {
            Self::OnePartner | Self::InPilot | Self::NotRefusedLately | Self::ScopeConfirmed => true,
            Self::NotSynchronized => action.takes_away() || matches!(action, ActionKind::Update),
            // Of a deleted person none can be read; they were looked at before they were deleted.
            Self::Exists | Self::NotProtected | Self::NoDirectoryRole => !matches!(action, ActionKind::Restore),
            Self::NotLicensed => matches!(action, ActionKind::Delete),
        }
    }
}

impl Case<'_> {
    /// The first guard that stands against a step, by its reason.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn obstacle(&self, step: StepId, cause: Option<Cause>) -> Result<Option<Reason>, Need> {
        for guard in Guard::ALL.iter().filter(|guard| guard.concerns(step.action)) {
            if let Some(reason) = self.guard(*guard, step, cause)?.reason {
                return Ok(Some(reason));
            }
        }
        Ok(None)
    }

    /// Judges one guard.
    ///
    /// # Errors
    /// What has to be read first.
    pub fn guard(&self, guard: Guard, step: StepId, cause: Option<Cause>) -> Result<Finding, Need> {
        let needs_look =
            matches!(guard, Guard::Exists | Guard::NotProtected | Guard::NoDirectoryRole | Guard::NotLicensed);
        if needs_look && !self.was_looked_at() {
            return Err(Need::Look(step.action));
        }
        let evidence = self.evidence();
        Ok(match guard {
            Guard::OnePartner => Finding::when(!self.in_another_scope(), Reason::TwoPartners, Reason::TwoPartners),
            Guard::InPilot => self.in_pilot(),
            Guard::NotRefusedLately => self.not_refused_lately(step),
            Guard::NotSynchronized => return self.not_synchronized(),
            Guard::ScopeConfirmed => {
                let by_scope = cause.is_none_or(|cause| cause == Cause::LeftScope);
                let unknown = Finding::unknown(self.unknown_scope());
                if by_scope && !self.scope_is_confirmed(step.action)? { unknown } else { Finding::HOLDS }
            }
            Guard::Exists => Finding::when(evidence.exists, Reason::Gone, Reason::ProtectionUnknown),
            Guard::NotProtected => {
                Finding::when(!evidence.protected_group, Reason::ProtectedGroup, Reason::ProtectionUnknown)
            }
            Guard::NoDirectoryRole if step.action.takes_away() || step.action == ActionKind::ResetRedemption => {
                return self.no_role_singly(evidence.directory_role);
            }
            Guard::NoDirectoryRole => {
                Finding::when(!evidence.directory_role, Reason::DirectoryRole, Reason::ProtectionUnknown)
            }
            Guard::NotLicensed => Finding::when(!evidence.licensed, Reason::Licensed, Reason::Licensed),
        })
    }

    /// A pilot list names addresses: any of the person's in the partner's domains counts.
    fn in_pilot(&self) -> Finding {
        if self.is_in_pilot() { Finding::HOLDS } else { Finding::fails(Reason::OutsidePilot) }
    }

    /// Where the partner may push people here by cross-tenant synchronization, an external user whom Entra Connect does not
    /// master may be its, unless a person said whose they are.
    fn not_synchronized(&self) -> Result<Finding, Need> {
        if self.person.synced.is_yes() {
            return Ok(Finding::HOLDS);
        }
        match self.view.memory.partner(&self.partner.name).and_then(|known| known.owner) {
            Some(Owner::Usher) => return Ok(Finding::HOLDS),
            Some(Owner::Synchronization) => return Ok(Finding::fails(Reason::SynchronizationOwns)),
            None => {}
        }
        let settings = self.view.snapshot.cross_tenant.get(&self.partner.name).ok_or(Need::CrossTenant)?;
        Ok(Finding::when(!settings.sync_allowed, Reason::SynchronizationAllowed, Reason::SynchronizationUnknown))
    }

    /// Whether what the lists of members say about the scope is what the person says too: a list that ended too early would
    /// make people seem to have left, or not to be excluded.
    ///
    /// # Errors
    /// When the person has to be asked first, before a step of this kind.
    pub fn scope_is_confirmed(&self, action: ActionKind) -> Result<bool, Need> {
        let scope = &self.partner.scope;
        let is_deleted = self.deleted.is_some();
        let rests_on_lists =
            !scope.exclude_groups.is_empty() || !scope.groups.is_empty() && self.scope.in_scope().is_no();
        if is_deleted || !rests_on_lists {
            return Ok(true);
        }
        if !self.was_looked_at() {
            return Err(Need::Look(action));
        }
        Ok(!self.view.snapshot.unknown_membership.contains(&self.person.id))
    }

    /// Before something is taken away, or a redemption reset, roles are asked for singly too.
    fn no_role_singly(&self, by_lists: Tri) -> Result<Finding, Need> {
        let singly = self.view.snapshot.roles_of.get(&self.person.id).copied().ok_or(Need::Roles)?;
        Ok(Finding::when(!by_lists.or(singly), Reason::DirectoryRole, Reason::ProtectionUnknown))
    }
}
