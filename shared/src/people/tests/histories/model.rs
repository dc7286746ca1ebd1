//! A directory in miniature, with everybody who changes it, and usher's memory beside it.
//!
//! Responsible for: what Graph would show, and what usher's steps and other people's doings change. Not responsible for:
//! judging what usher does; the histories are.

use crate::config::Config;
use crate::execution::{in_force, noticed, swept};
use crate::graph::directory::{Actor, CrossTenant, LastDisabled, RoleHolders};
use crate::graph::model::{Field, User};
use crate::ids::{GroupId, UserId};
use crate::journal::memory::Memory;
use crate::journal::record::{ActionKind, Job, Outcome, Record, StepId};
use crate::people::case::{Case, View};
use crate::people::decide::Action;
use crate::people::fixtures::{EXCLUDE_GROUP, FREE, SCOPE_GROUP, config, id, synced};
use crate::people::guard::Birth;
use crate::people::lifecycle::State;
use crate::people::observe::kept_properties;
use crate::people::person::{Lens, Person, Texts};
use crate::people::plan::{Lacks, PartnerPlan, plan};
use crate::people::request::{Wish, decide_requested, is_as_wished, notes};
use crate::people::snapshot::{Dear, Evidence, Snapshot};
use crate::planning::effect_of;
use crate::tri::Tri;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;
use uuid::Uuid;

/// The group that people join once redeemed.
pub(super) const JOINED_GROUP: Uuid = Uuid::from_u128(0xA3);
const SPONSOR: Uuid = Uuid::from_u128(0xA4);
/// Somebody who is always in scope, and of whom nothing is ever due, so that the snapshot is believed.
const ANCHOR: u128 = 999;

/// What all accounts have in common.
static BASE: LazyLock<User> = LazyLock::new(|| synced(0, json!({"identities": []})));

/// What Graph answers to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It did it, and says so.
    Done,
    /// The request was lost.
    LostBefore,
    /// The answer was lost.
    LostAfter,
    /// Refused for rate.
    NotSent,
    /// Refused for the person's own reason.
    Refused,
}

/// What cannot be read in a sweep, and how Graph answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Weather {
    pub(super) group_unreadable: bool,
    /// The list of the scope group's members ends too early.
    pub(super) members_cut_short: bool,
    pub(super) sign_ins_unreadable: bool,
    pub(super) settings_unreadable: bool,
    pub(super) audits_unreadable: bool,
    pub(super) nobody_looked_at: bool,
    /// In turn; done after the last.
    pub(super) answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Internal,
    Pending,
    Accepted,
}

#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) mail: Option<String>,
    pub(super) standing: Standing,
    pub(super) changed: Option<Timestamp>,
    pub(super) synced: bool,
    pub(super) enabled: bool,
    pub(super) company: Option<String>,
    pub(super) role: bool,
    pub(super) licensed: bool,
    /// Counts invitations and resets.
    pub(super) cycle: u32,
    /// Somebody other than usher switched it last, or deleted or restored it.
    pub(super) touched_by_others: bool,
    /// A person blocked it, or somebody restored it, after usher did anything.
    pub(super) decided_by_others: bool,
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) now: Timestamp,
    pub(super) accounts: BTreeMap<UserId, Account>,
    pub(super) deleted: BTreeMap<UserId, (Account, Timestamp)>,
    pub(super) in_group: HashSet<UserId>,
    pub(super) excluded: HashSet<UserId>,
    pub(super) joined: HashSet<UserId>,
    pub(super) sign_ins: HashMap<UserId, Timestamp>,
    audits: HashMap<UserId, LastDisabled>,
    /// The audit log cannot be read at the moment.
    blind: bool,
    pub(super) config: Config,
    pub(super) memory: Memory,
    /// Mails by person, cycle, kind and day.
    pub(super) mails: BTreeMap<(UserId, u32, ActionKind, Option<u16>), u32>,
    /// Who is in scope by request.
    pub(super) requested: HashSet<UserId>,
    /// When people were last seen in scope by a sweep that could see it.
    pub(super) seen_in_scope: BTreeMap<UserId, Timestamp>,
    /// Rules that were broken.
    pub(super) violations: Vec<String>,
}

/// The configurations that histories go through.
pub(super) fn configurations() -> Vec<Config> {
    let with = |partner: &str, scope: &str, leave: &str, invite: &str, company: &str| {
        let rest = format!(
            "[partner.invite]\nreset_on_address_change = true\ngroups = [\"{JOINED_GROUP}\"]\nsponsors = [\"{SPONSOR}\"]\n\
             home_redeems_automatically = \"no\"\n{invite}\n[partner.leave]\n{leave}\n\
             [partner.inactive]\ndisable_after_days = 45\n[partner.attributes]\ncompanyName = \"{company}\""
        );
        let limits = "disables = 1000\ndeletes = 1000\npercent = 100\nwaves = []";
        config(partner, scope, limits, &rest)
    };
    let groups = format!("groups = [\"{SCOPE_GROUP}\"]\nexclude_groups = [\"{EXCLUDE_GROUP}\"]\nadopt = \"full\"");
    let pilot = "pilot = [\"person-0001@fabrikam.us\"]";
    vec![
        with("", &groups, "synced = \"disable\"", "", "Fabrikam"),
        with("", &groups, "", "", "Fabrikam Inc"),
        with("", "adopt = \"full\"", "", "", ""),
        with(pilot, &groups, "synced = \"disable\"", "", "Fabrikam"),
        with("", &groups, "respect_people = false", "", "Fabrikam"),
        with("", &groups.replace("full", "none"), "restore = false", "expire_after_days = 0", "Fabrikam"),
    ]
}

impl Model {
    /// A directory with so many people: synced ones, and some whom others invited.
    pub(super) fn new(people: u128, config: Config) -> Self {
        let now = crate::people::fixtures::now();
        let account = |number: u128| Account {
            mail: Some(format!("person-{number:04}@fabrikam.us")),
            standing: if number.is_multiple_of(3) { Standing::Pending } else { Standing::Internal },
            changed: number.is_multiple_of(3).then_some(now),
            synced: !number.is_multiple_of(3),
            enabled: true,
            company: None,
            role: false,
            licensed: false,
            cycle: 0,
            touched_by_others: false,
            decided_by_others: false,
        };
        let accounts: BTreeMap<_, _> = (1..=people).map(|number| (id(number), account(number))).collect();
        let in_group = accounts.keys().copied().chain([id(ANCHOR)]).collect();
        Self {
            now,
            accounts,
            deleted: BTreeMap::new(),
            in_group,
            excluded: HashSet::new(),
            joined: HashSet::new(),
            sign_ins: HashMap::new(),
            audits: HashMap::new(),
            blind: false,
            config,
            memory: Memory::default(),
            mails: BTreeMap::new(),
            requested: HashSet::new(),
            seen_in_scope: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    pub(super) fn pass(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
        let now = self.now;
        self.deleted.retain(|_, (_, at)| now.duration_since(*at) < SignedDuration::from_hours(30 * 24));
    }

    /// Somebody other than usher allows or forbids sign-in.
    pub(super) fn switch(&mut self, person: UserId, enabled: bool, by: Actor) {
        // Who blocks an account while usher waits to see its own disable of it cannot be told from usher.
        let cannot_be_told = self.memory.steps_of(person).any(|(_, step)| step.is_open());
        if let Some(account) = self.accounts.get_mut(&person).filter(|account| account.enabled != enabled) {
            account.enabled = enabled;
            account.touched_by_others = true;
            account.decided_by_others = !enabled && by == Actor::Person && !cannot_be_told;
            if !enabled {
                // Later than whatever usher did before.
                let at = self.now + SignedDuration::from_secs(1);
                self.audits.insert(person, LastDisabled { at, by });
            }
        }
    }

    pub(super) fn delete(&mut self, person: UserId) {
        if let Some(mut account) = self.accounts.remove(&person) {
            account.touched_by_others = true;
            self.deleted.insert(person, (account, self.now));
        }
    }

    pub(super) fn restore(&mut self, person: UserId) {
        if let Some((mut account, _)) = self.deleted.remove(&person) {
            account.touched_by_others = true;
            account.decided_by_others = true;
            self.accounts.insert(person, account);
        }
    }

    pub(super) fn redeem(&mut self, person: UserId) {
        let now = self.now;
        if let Some(account) =
            self.accounts.get_mut(&person).filter(|one| one.standing == Standing::Pending && one.enabled)
        {
            account.standing = Standing::Accepted;
            account.changed = Some(now);
        }
    }

    pub(super) fn reset_by_administrator(&mut self, person: UserId) {
        let now = self.now;
        if let Some(account) = self.accounts.get_mut(&person).filter(|one| one.standing == Standing::Accepted) {
            account.standing = Standing::Pending;
            account.changed = Some(now);
            account.cycle += 1;
        }
    }

    pub(super) fn sign_in(&mut self, person: UserId) {
        if self.accounts.get(&person).is_some_and(|one| one.standing == Standing::Accepted && one.enabled) {
            self.sign_ins.insert(person, self.now);
        }
    }

    fn user(person: UserId, account: &Account) -> User {
        let company = account.company.clone().map_or(Value::Null, Value::String);
        User {
            id: person,
            user_principal_name: Some(format!("{person}@contoso.com")),
            mail: account.mail.clone(),
            account_enabled: Field::Value(account.enabled),
            creation_type: if account.synced { Field::Null } else { Field::Value("Invitation".to_owned()) },
            external_user_state: match account.standing {
                Standing::Internal => Field::Null,
                Standing::Pending => Field::Value("PendingAcceptance".to_owned()),
                Standing::Accepted => Field::Value("Accepted".to_owned()),
            },
            external_user_state_change_date_time: account.changed,
            on_premises_sync_enabled: Field::Value(account.synced),
            others: [("companyName".to_owned(), company)].into(),
            ..BASE.clone()
        }
    }

    /// What people are, by what a sweep shows and what is remembered.
    pub(super) fn states(&self) -> BTreeMap<UserId, State> {
        let snapshot = self.observe(&Weather::default(), false);
        let view = View { config: &self.config, snapshot: &snapshot, memory: &self.memory, now: self.now };
        let here = snapshot.people.values().map(|person| {
            let state = Case::new(view, &self.config.partners[0], person).state();
            (person.id, state)
        });
        here.chain(self.deleted.keys().map(|person| (*person, State::Deleted))).collect()
    }

    /// What a sweep shows; the dear evidence is missing. People are read in reverse order where `reversed`.
    pub(super) fn observe(&self, weather: &Weather, reversed: bool) -> Snapshot {
        let lens = self.lens();
        let mut snapshot = Snapshot::new(self.now, lens.verified_domains.clone());
        let anchor = Self::user(id(ANCHOR), &anchor());
        let mut users: Vec<_> = self.accounts.iter().map(|(person, account)| Self::user(*person, account)).collect();
        users.push(anchor);
        if reversed {
            users.reverse();
        }
        for user in &users {
            let known = self.memory.life(user.id).is_some();
            let person = Person::observe(user, &lens).or_else(|| known.then(|| Person::observe_anyhow(user, &lens)));
            person.into_iter().for_each(|person| snapshot.add(person));
        }
        let members: HashSet<_> = match weather.members_cut_short {
            true => [id(ANCHOR)].into(),
            false => self.in_group.clone(),
        };
        let scope: Result<_, String> = if weather.group_unreadable { Err("no".to_owned()) } else { Ok(members) };
        let groups: [(Uuid, Result<HashSet<UserId>, String>); 3] =
            [(SCOPE_GROUP, scope), (EXCLUDE_GROUP, Ok(self.excluded.clone())), (JOINED_GROUP, Ok(self.joined.clone()))];
        snapshot.groups = groups.into_iter().map(|(group, members)| (GroupId::from(group), members)).collect();
        snapshot.roles = Dear::Read(RoleHolders::default());
        snapshot.users_read = users.len();
        snapshot.complete = true;
        snapshot
    }

    fn lens(&self) -> Lens {
        Lens {
            domains: ["fabrikam.us".into()].into(),
            verified_domains: ["contoso.onmicrosoft.com".into(), "contoso.com".into()].into(),
            properties: kept_properties(&self.config),
            texts: Texts::default(),
            ..Lens::default()
        }
    }

    /// Plans, and reads what the plan lacks, as often as it lacks something.
    pub(super) fn plan(&self, weather: &Weather, reversed: bool) -> PartnerPlan {
        let mut snapshot = self.observe(weather, reversed);
        for _ in 0..20 {
            let view = View { config: &self.config, snapshot: &snapshot, memory: &self.memory, now: self.now };
            let plan = plan(view, &self.config.partners[0], Birth::Known, Job::Reconcile);
            if !plan.lacks_something() {
                return plan;
            }
            self.read_what_lacks(&plan, &mut snapshot, weather);
        }
        panic!("the plan never has enough evidence");
    }

    fn read_what_lacks(&self, plan: &PartnerPlan, snapshot: &mut Snapshot, weather: &Weather) {
        let unreadable = || "no".to_owned();
        for person in &plan.unread {
            let evidence = match self.accounts.get(person) {
                _ if weather.nobody_looked_at => Evidence::default(),
                None => Evidence { exists: Tri::No, ..Evidence::default() },
                Some(account) => {
                    Evidence { directory_role: account.role.into(), licensed: account.licensed.into(), ..FREE }
                }
            };
            snapshot.evidence.insert(*person, evidence);
        }
        for person in &plan.lacks.roles {
            let role = self.accounts.get(person).map(|account| account.role);
            snapshot.roles_of.insert(*person, if weather.nobody_looked_at { Tri::Unknown } else { role.into() });
        }
        for person in &plan.unread {
            let agrees =
                [(SCOPE_GROUP, &self.in_group), (EXCLUDE_GROUP, &self.excluded)].into_iter().all(|(group, members)| {
                    snapshot.is_member(*person, group.into()) == Tri::from(members.contains(person))
                });
            if !agrees {
                snapshot.unknown_membership.insert(*person);
            }
        }
        if plan.lacks.sign_ins {
            let read = if weather.sign_ins_unreadable { Err(unreadable()) } else { Ok(self.sign_ins.clone()) };
            snapshot.sign_ins = read.into();
        }
        if plan.lacks.disabled_by {
            let read = if weather.audits_unreadable { Err(unreadable()) } else { Ok(self.audits.clone()) };
            snapshot.disabled_by = read.into();
        }
        if plan.lacks.cross_tenant {
            let known = if weather.settings_unreadable { Tri::Unknown } else { Tri::No };
            let settings = CrossTenant { redeems_automatically: known, sync_allowed: known };
            snapshot.cross_tenant.insert(plan.partner.clone(), settings);
        }
        if plan.lacks.deleted {
            let lens = self.lens();
            let read = |(person, (account, at)): (&UserId, &(Account, Timestamp))| {
                (*person, (Person::observe_anyhow(&Self::user(*person, account), &lens), Some(*at)))
            };
            snapshot.deleted = Dear::Read(self.deleted.iter().map(read).collect());
        }
    }

    /// One sweep from observing to recording; what it did.
    pub(super) fn sweep(&mut self, weather: &Weather, approve: bool) -> Vec<Action> {
        self.settle(weather);
        self.blind = weather.audits_unreadable;
        let mut plan = self.plan(weather, false);
        let plans = std::slice::from_ref(&plan);
        let records: Vec<_> = in_force(&self.config, &self.memory, plans, self.now)
            .into_iter()
            .chain(swept(&self.config, &self.memory, plans, self.now))
            .chain(noticed(plans, self.now))
            .collect();
        self.memory.learn(&records);
        if approve && !plan.held_actions.is_empty() {
            plan.actions.append(&mut plan.held_actions);
            plan.actions.sort_by_key(|action| action.kind);
            let partner = &self.config.partners[0];
            let settings = crate::people::ceilings::settings_of(partner);
            self.memory.learn(&[Record::InForce { partner: partner.name.clone(), at: self.now, settings }]);
        }
        if !weather.group_unreadable && !weather.members_cut_short {
            let home = |account: &Account| account.mail.as_ref().is_some_and(|mail| mail.ends_with("@fabrikam.us"));
            let seen = self.accounts.iter().filter(|(person, account)| home(account) && self.is_in_scope(**person));
            let looked_after = |person: &UserId| {
                let adopts = self.config.partners[0].scope.adopt != crate::config::Adopt::None;
                self.memory.life(*person).is_some_and(|life| !life.origin.adopted || adopts)
            };
            let seen: Vec<_> = seen.map(|(person, _)| *person).filter(looked_after).collect();
            self.seen_in_scope.extend(seen.into_iter().map(|person| (person, self.now)));
        }
        let mut answers = weather.answers.iter().copied();
        for (index, action) in plan.actions.iter().enumerate() {
            if self.memory.steps_of(action.person).any(|(_, step)| step.is_open()) {
                continue;
            }
            let answer = answers.next().unwrap_or(Answer::Done);
            self.carry_out(action, answer, index);
        }
        plan.actions
    }

    /// Somebody asks for a person, and is answered; what was done.
    pub(super) fn ask(&mut self, person: UserId, wish: Wish) -> Vec<Action> {
        let weather = Weather::default();
        self.settle(&weather);
        self.blind = false;
        let mut snapshot = self.observe(&weather, false);
        let all = PartnerPlan {
            unread: vec![person],
            lacks: Lacks {
                cross_tenant: true,
                deleted: true,
                disabled_by: true,
                roles: vec![person],
                ..Lacks::default()
            },
            ..self.plan(&weather, false)
        };
        self.read_what_lacks(&all, &mut snapshot, &weather);
        snapshot.sign_ins = Dear::Unreadable("not read for single people".to_owned());
        let mut memory = self.memory.clone();
        let mut actions = Vec::new();
        let mut is_kept = false;
        loop {
            let view = View { config: &self.config, snapshot: &snapshot, memory: &memory, now: self.now };
            let partner = &self.config.partners[0];
            let gone = snapshot.deleted.read().and_then(|deleted| deleted.get(&person));
            let case = match (snapshot.people.get(&person), gone) {
                (Some(here), _) => Case::new(view, partner, here),
                (None, Some((gone, since))) => Case::deleted(view, partner, gone, *since),
                (None, None) => return Vec::new(),
            };
            let news = notes(&case, wish).expect("everything was read");
            if news.is_empty() {
                let decision = decide_requested(&case, wish);
                assert_eq!(decision.need, None, "everything was read");
                is_kept |= !decision.actions.is_empty() || is_as_wished(&case, wish) || case.unconfirmed().is_some();
                actions.extend(decision.actions);
                break;
            }
            let record = |note| Record::Noted { person, partner: partner.name.clone(), at: self.now, note };
            memory.learn(&news.into_iter().map(record).collect::<Vec<_>>());
        }
        if is_kept {
            self.memory = memory;
            let in_scope = self.memory.requested(person, &self.config.partners[0].name).is_some();
            // Whoever asks for a retirement decides later than whoever blocked the account.
            if let Some(account) = self.accounts.get_mut(&person).filter(|_| wish == Wish::Retire) {
                account.decided_by_others = false;
            }
            _ = if in_scope { self.requested.insert(person) } else { self.requested.remove(&person) };
            actions.iter().enumerate().for_each(|(index, action)| self.carry_out(action, Answer::Done, index));
        }
        if is_kept { actions } else { Vec::new() }
    }

    fn settle(&mut self, weather: &Weather) {
        if self.memory.unconfirmed().next().is_none() {
            return;
        }
        let snapshot = self.observe(weather, false);
        let open: Vec<StepId> = self.memory.unconfirmed().map(|(step, _)| *step).collect();
        for step in open {
            let shown = effect_of(&self.config, &snapshot, &step, &self.config.partners[0].name);
            if shown != Tri::Unknown {
                self.memory.learn(&[Record::reading(step, self.now, shown.is_yes())]);
            }
        }
    }

    fn carry_out(&mut self, action: &Action, answer: Answer, index: usize) {
        let run = Uuid::from_u128(self.now.as_second().unsigned_abs().into()).into();
        let at = self.now + SignedDuration::from_millis(i64::try_from(index).unwrap());
        let partner = self.config.partners[0].name.clone();
        self.memory.learn(&[Record::Intent(action.intent(run, &partner, at))]);
        let has_effect = matches!(answer, Answer::Done | Answer::LostAfter);
        // What leaves no trace counts as sent, so that all days begin anew although it was lost.
        let begins_anew =
            action.kind == ActionKind::ResetRedemption || action.kind == ActionKind::Resend && action.day.is_none();
        if answer == Answer::LostBefore && begins_anew {
            self.accounts.get_mut(&action.person).into_iter().for_each(|account| account.cycle += 1);
        }
        let refused = || Outcome::Refused { code: "Request_BadRequest".into(), request_id: None };
        let outcome = match (answer, has_effect && self.change(action)) {
            (Answer::Done, true) => Outcome::Done,
            (Answer::Done | Answer::Refused, false) => refused(),
            (Answer::LostBefore | Answer::LostAfter, _) => Outcome::Unknown,
            (Answer::NotSent, _) => Outcome::NotSent,
            (Answer::Refused, true) => refused(),
        };
        let is_refused_by_accident = answer == Answer::Done && matches!(outcome, Outcome::Refused { .. });
        if is_refused_by_accident {
            self.violations.push(format!("{} makes no sense: {action:?}", action.kind));
        }
        self.memory.learn(&[Record::Outcome { run, step: action.step(), at, outcome }]);
    }

    /// What a step changes; `false` if Graph refuses it.
    fn change(&mut self, action: &Action) -> bool {
        let person = action.person;
        if action.kind == ActionKind::Restore {
            let Some((mut account, _)) = self.deleted.remove(&person) else { return false };
            account.enabled = false;
            self.accounts.insert(person, account);
            return true;
        }
        let now = self.now;
        let Some(account) = self.accounts.get_mut(&person) else { return false };
        if account.role {
            self.violations.push(format!("{} of somebody with a role", action.kind));
        }
        let mailed = match (action.kind, account.standing) {
            (ActionKind::Convert, Standing::Internal) => {
                account.cycle += 1;
                true
            }
            (ActionKind::Resend, Standing::Pending) if account.enabled => {
                // By request: all days begin anew.
                account.cycle += u32::from(action.day.is_none());
                true
            }
            (ActionKind::ResetRedemption, Standing::Pending | Standing::Accepted) => {
                account.cycle += 1;
                true
            }
            (ActionKind::Convert | ActionKind::Resend | ActionKind::ResetRedemption, _) => return false,
            _ => false,
        };
        if mailed {
            if action.kind != ActionKind::Resend {
                account.standing = Standing::Pending;
                account.changed = Some(now);
            }
            *self.mails.entry((person, account.cycle, action.kind, action.day)).or_default() += 1;
            return true;
        }
        match action.kind {
            ActionKind::Update => {
                if account.synced {
                    return false;
                }
                let company = action.differences.iter().find(|one| one.name == "companyName");
                account.company = company.and_then(|one| one.shall.as_str()).map(str::to_owned);
            }
            ActionKind::AddToGroup => _ = self.joined.insert(person),
            ActionKind::RemoveFromGroup => _ = self.joined.remove(&person),
            ActionKind::Disable => {
                account.enabled = false;
                account.touched_by_others = false;
                account.decided_by_others = false;
                self.audits.insert(person, LastDisabled { at: now, by: Actor::Other });
            }
            ActionKind::Enable => {
                if account.touched_by_others && !self.blind {
                    self.violations.push("enabled what others had switched".to_owned());
                }
                account.enabled = true;
            }
            ActionKind::Delete => {
                if account.decided_by_others && !self.blind && self.config.partners[0].leave.respect_people {
                    self.violations.push(format!("deleted against what people decided: {account:?}"));
                }
                if account.synced || account.licensed || account.enabled {
                    self.violations.push(format!("deleted somebody who must not be: {account:?}"));
                }
                let account = account.clone();
                self.accounts.remove(&person);
                self.joined.remove(&person);
                self.deleted.insert(person, (account, now));
            }
            _ => {}
        }
        true
    }

    /// Whether somebody is in scope by what is really so.
    pub(super) fn is_in_scope(&self, person: UserId) -> bool {
        let by_groups = !self.config.partners[0].scope.groups.is_empty();
        let by_group = self.in_group.contains(&person) || self.requested.contains(&person);
        !by_groups || by_group && !self.excluded.contains(&person)
    }
}

fn anchor() -> Account {
    Account {
        mail: Some("anchor@fabrikam.us".to_owned()),
        standing: Standing::Internal,
        changed: None,
        synced: false,
        enabled: true,
        company: None,
        role: false,
        licensed: false,
        cycle: 0,
        touched_by_others: false,
        decided_by_others: false,
    }
}
