//! Who is in a tenant: people whom Entra Connect synced from the other one, a few of them with the trouble that real
//! directories have, and colleagues.
//!
//! Everybody is numbered in the order in which they came, which is the order in which usher takes them.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use usher_simulator::tenant::{
    Directory, ExternalUserState, Identity, OnPremises, RoleState, SyncedPerson, Tenant, User, UserType,
};
use uuid::Uuid;

/// A directory role; which one does not matter.
const ROLE: Uuid = Uuid::from_u128(0xfe93_0be7);
/// People of the tenant itself, of whom usher takes no notice.
const COLLEAGUES: u32 = 40;

/// What is the matter with a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Disabled,
    ExchangePlan,
    Protected,
    Role(RoleState),
    Excluded,
    LookAlike,
    Twin,
    PlusAddress,
    WithoutState,
    InvitedByOthers,
    /// Graph will refuse the conversion because of the on-premises UPN; nobody can know before it is tried.
    Refused,
}

/// Who has which trouble, by number.
const TROUBLE: &[(u32, Trouble)] = &[
    (16, Trouble::Disabled),
    (20, Trouble::InvitedByOthers),
    (27, Trouble::ExchangePlan),
    (30, Trouble::Refused),
    (34, Trouble::Protected),
    (51, Trouble::Role(RoleState::Active)),
    (52, Trouble::Role(RoleState::Eligible)),
    (66, Trouble::Disabled),
    (70, Trouble::Excluded),
    (71, Trouble::Excluded),
    (80, Trouble::LookAlike),
    (88, Trouble::Twin),
    (95, Trouble::PlusAddress),
    (103, Trouble::WithoutState),
    (116, Trouble::Disabled),
    (120, Trouble::Refused),
    (140, Trouble::LookAlike),
    (166, Trouble::Disabled),
    (190, Trouble::Refused),
    (200, Trouble::InvitedByOthers),
    (210, Trouble::WithoutState),
    (236, Trouble::Disabled),
    (241, Trouble::ExchangePlan),
];

/// Whom the demo put into a tenant.
pub(crate) struct Population {
    /// Members are never touched.
    pub(crate) protected_group: Uuid,
    /// Members are out of scope.
    pub(crate) excluded_group: Uuid,
    /// Whom usher shall convert.
    pub(crate) convertible: Vec<Uuid>,
    /// Whom Graph refuses, in the order of their numbers.
    pub(crate) refused: Vec<Uuid>,
    /// Whom usher shall leave as they are.
    pub(crate) left_alone: Vec<User>,
    domain: String,
    synced: u32,
}

impl Population {
    /// Fills a tenant with `people` of `domain`.
    pub(crate) fn new(tenant: &Tenant, people: u32, domain: &str) -> Result<Self> {
        tenant.with_directory(|directory| {
            let mut population = Self {
                protected_group: directory.create_group("Protected accounts"),
                excluded_group: directory.create_group("Not invited"),
                convertible: Vec::new(),
                refused: Vec::new(),
                left_alone: Vec::new(),
                domain: domain.to_owned(),
                synced: 0,
            };
            for number in 1..=COLLEAGUES {
                directory.create_colleague(&format!("colleague-{number:02}"));
            }
            let first = directory.now() - SignedDuration::from_hours(90 * 24);
            for number in 1..=people {
                population.sync(directory, number, first)?;
            }
            population.synced = people;
            Ok(population)
        })
    }

    /// Entra Connect brings further people.
    pub(crate) fn grow(&mut self, tenant: &Tenant, by: u32) {
        let numbers = self.synced + 1..=self.synced + by;
        self.synced += by;
        let arrived = tenant.with_directory(|directory| directory.sync_people(numbers, &self.domain));
        self.convertible.extend(arrived);
    }

    /// Whoever masters their accounts lets the on-premises UPN go for some of those whom Graph refused.
    pub(crate) fn mend(&mut self, tenant: &Tenant, how_many: usize) -> Result<()> {
        let mended = self.refused.drain(..how_many);
        tenant.with_directory(|directory| {
            mended.into_iter().try_for_each(|id| {
                self.convertible.push(id);
                directory.update_user(id, |user| user.conversion_refused = false)
            })
        })
    }

    /// How many people were synced.
    pub(crate) fn synced(&self) -> u32 {
        self.synced
    }

    /// Addresses worth an explanation: refused to the end, a twin, a role that could be activated, a domain that only
    /// looks like the partner's.
    pub(crate) fn worth_explaining(&self) -> impl Iterator<Item = String> {
        let wanted = [Trouble::Refused, Trouble::Twin, Trouble::Role(RoleState::Eligible), Trouble::LookAlike];
        let last =
            |wanted: &Trouble| TROUBLE.iter().rfind(|(number, trouble)| trouble == wanted && *number <= self.synced);
        let found: Vec<_> = wanted.iter().filter_map(last).collect();
        found.into_iter().map(|(number, trouble)| self.address(*number, Some(*trouble)))
    }

    fn address(&self, number: u32, trouble: Option<Trouble>) -> String {
        let domain = &self.domain;
        match trouble {
            Some(Trouble::LookAlike) => format!("person-{number:04}@{domain}.example.org"),
            Some(Trouble::PlusAddress) => format!("person-{number:04}+mail@{domain}"),
            _ => format!("person-{number:04}@{domain}"),
        }
    }

    fn sync(&mut self, directory: &mut Directory, number: u32, first: Timestamp) -> Result<()> {
        let trouble = TROUBLE.iter().find(|(troubled, _)| *troubled == number).map(|(_, trouble)| *trouble);
        let address = self.address(number, trouble);
        let id = directory.sync_person(SyncedPerson {
            enabled: trouble != Some(Trouble::Disabled),
            conversion_refused: trouble == Some(Trouble::Refused),
            ..SyncedPerson::new(&address)
        });
        let created = first + SignedDuration::from_mins(i64::from(number));
        directory.update_user(id, |user| user.created = created)?;
        match trouble {
            None => {
                self.convertible.push(id);
                return Ok(());
            }
            Some(Trouble::Refused) => {
                self.refused.push(id);
                return Ok(());
            }
            Some(Trouble::Disabled | Trouble::LookAlike | Trouble::PlusAddress) => {}
            Some(Trouble::ExchangePlan) => directory.assign_exchange_plan(id)?,
            Some(Trouble::Protected) => directory.add_member(self.protected_group, id)?,
            Some(Trouble::Excluded) => directory.add_member(self.excluded_group, id)?,
            Some(Trouble::Role(state)) => directory.assign_role(id, ROLE, state)?,
            Some(Trouble::Twin) => {
                let colleague = directory.create_colleague(&format!("twin-of-person-{number:04}"));
                directory.update_user(colleague, |user| user.other_mails.push(address))?;
                self.left_alone.extend(directory.user(colleague).cloned());
            }
            Some(Trouble::WithoutState) => directory.update_user(id, |user| {
                // As SharePoint's sharing leaves them behind.
                user.on_premises = OnPremises::default();
                user.user_type = UserType::Guest;
                user.creation_type = Some("Invitation".to_owned());
            })?,
            Some(Trouble::InvitedByOthers) => directory.update_user(id, |user| {
                user.on_premises = OnPremises::default();
                user.user_type = UserType::Guest;
                user.creation_type = Some("Invitation".to_owned());
                user.external_user_state = Some(ExternalUserState::Accepted);
                user.external_user_state_changed = Some(created);
                user.identities.insert(0, Identity::external());
            })?,
        }
        self.left_alone.extend(directory.user(id).cloned());
        Ok(())
    }
}
