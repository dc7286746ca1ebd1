//! What the commands that set tenants up share: signing in, and telling what was changed and what was found.
//!
//! Responsible for: who asks Graph, tables, and exit codes. Not responsible for: what is changed; each command is.

use super::output::line;
use super::{Exit, Global, output};
use crate::start::{self, StartError};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use usher_shared::changes::{self, Change, Total};
use usher_shared::checks::{self, Check, CheckResult, Verdict};
use usher_shared::config::{Config, Mode, Partner};
use usher_shared::environment::{Caller, Surroundings};
use usher_shared::graph::setup::{SetupReader, SetupWriter};
use usher_shared::graph::sign_in::Prompt;
use usher_shared::graph::{Client, WritePermit};
use usher_shared::report::OutcomeReport;

/// A tenant, and whoever sets it up.
pub(super) struct Tenant {
    pub(super) config: Config,
    pub(super) client: Client,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SignIn {
    /// Whoever signs in, or shows a certificate.
    Needed,
    /// Where neither is set up, whoever reads people too.
    OrUsual,
}

impl Tenant {
    /// The tenant of a configuration, with these permissions.
    pub(super) fn open(
        global: &Global,
        file: Option<&Path>,
        permissions: &[&str],
        sign_in: SignIn,
    ) -> Result<Self, Exit> {
        let opened = || {
            let environment = start::environment();
            let config = start::config(file, &environment)?;
            let surroundings = Surroundings::read(&environment, config.tenant.cloud, Caller::Operator)?;
            let tenant = config.tenant.id;
            let show = move |prompt: &Prompt| {
                eprintln!(
                    "usher: to sign in to tenant {tenant}, open {} and enter the code {} within {} minutes",
                    prompt.verification_uri,
                    prompt.user_code,
                    prompt.expires_in / 60
                );
            };
            let client = match surroundings.setup_client(&config, permissions, Arc::new(show))? {
                None if sign_in == SignIn::OrUsual => Some(surroundings.client(&config.tenant)),
                client => client,
            };
            Ok::<_, StartError>((config, client))
        };
        match opened() {
            Ok((config, Some(client))) => Ok(Self { config, client }),
            Ok((_, None)) => {
                let message =
                    "this command changes how a tenant is set up, and nobody is named who could sign in for it";
                let advice = "Set [setup] client_id to a public client of this tenant (docs/setup.md), or \
                              AZURE_CLIENT_CERTIFICATE_PATH and AZURE_CLIENT_ID to an application's certificate.";
                Err(output::bad_argument(global, message, advice))
            }
            Err(error) => Err(output::cannot_start(global, &error)),
        }
    }

    /// The permit to change it; says so where the mode gives none.
    pub(super) fn permit(&self, global: &Global) -> Option<WritePermit> {
        let permit = WritePermit::of(self.config.tenant.mode);
        if permit.is_none() && !global.json {
            eprintln!(
                "usher: this is plan mode, so nothing is changed; USHER_MODE=apply before the command changes that for once"
            );
        }
        permit
    }

    /// The mode in force.
    pub(super) const fn mode(&self) -> Mode {
        self.config.tenant.mode
    }
}

/// A tenant that is looked at, and changed where the command and the mode permit.
pub(super) struct Session {
    pub(super) tenant: Tenant,
    pub(super) reader: SetupReader,
    pub(super) writer: Option<SetupWriter>,
    apply: bool,
}

impl Session {
    /// Looking is for whoever may read; to `apply`, somebody has to sign in.
    pub(super) fn open(global: &Global, permissions: &[&str], apply: bool) -> Result<Self, Exit> {
        let sign_in = if apply { SignIn::Needed } else { SignIn::OrUsual };
        let tenant = Tenant::open(global, global.config.as_deref(), permissions, sign_in)?;
        let permit = if apply { tenant.permit(global) } else { None };
        let writer = permit.map(|permit| SetupWriter::new(tenant.client.clone(), &permit));
        let reader = SetupReader::new(tenant.client.clone());
        Ok(Self { tenant, reader, writer, apply })
    }

    /// How it ends, by whether each partner failed as a whole, and its changes.
    pub(super) fn exit(&self, partners: &[(bool, &[Change])]) -> Exit {
        let failed = partners.iter().filter(|(failed, _)| *failed).count();
        if failed == partners.len() {
            return Exit::Failed;
        }
        let changes = partners.iter().flat_map(|(_, changes)| *changes);
        let exit = if self.apply { exit_of_changes(changes) } else { Exit::Done };
        if failed > 0 { Exit::Partly } else { exit }
    }
}

/// The partners that a command is about: the one that is named, or all.
pub(super) fn partners<'a>(global: &Global, config: &'a Config, name: Option<&str>) -> Result<Vec<&'a Partner>, Exit> {
    let chosen: Vec<_> =
        config.partners.iter().filter(|partner| name.is_none_or(|name| partner.name == name)).collect();
    match name {
        Some(name) if chosen.is_empty() => {
            let known: Vec<_> = config.partners.iter().map(|partner| partner.name.as_str()).collect();
            let message = format!("the configuration has no partner {name}");
            Err(output::bad_argument(global, &message, &format!("It has {}.", known.join(", "))))
        }
        _ => Ok(chosen),
    }
}

/// Adds the rows of changes.
pub(super) fn show_changes(out: &mut String, changes: &[Change]) {
    if changes.is_empty() {
        line!(out, "  nothing to change");
        return;
    }
    let mut table = output::table(&["setting", "in effect", "shall be", ""]);
    for change in changes {
        let state = match (&change.error, &change.held, change.outcome) {
            (Some(error), ..) => format!("FAILED: {}\n{}", error.message, error.advice),
            (None, Some(held), _) => format!("waits: {}.\n{}", held.reason, held.advice),
            (None, None, OutcomeReport::Done) => "done".to_owned(),
            (None, None, _) => "to do".to_owned(),
        };
        table.add_row([change.key.clone(), change.before.clone(), change.after.clone(), state]);
    }
    line!(out, "{table}");
}

/// How changes end a command that was to carry them out.
pub(super) fn exit_of_changes<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Exit {
    match changes::total(changes) {
        Total::Done => Exit::Done,
        Total::Held => Exit::Held,
        Total::Partly => Exit::Partly,
        Total::Failed => Exit::Failed,
    }
}

/// Checks in a table, the ones that need somebody first.
pub(super) fn table_of_checks(checks: &[Check]) -> String {
    let mut table = output::table(&["", "check", "of", "seen", "to do"]);
    let mut sorted: Vec<&Check> = checks.iter().collect();
    sorted.sort_by_key(|check| match check.result {
        CheckResult::Fail => 0,
        CheckResult::Warn => 1,
        CheckResult::Unknown => 2,
        CheckResult::Pass => 3,
        CheckResult::NotApplicable => 4,
    });
    for check in sorted {
        table.add_row([check.result.word(), check.id, &check.subject, &check.evidence, &check.remedy]);
    }
    format!("{table}\n")
}

/// Shows checks, and how they end the command.
pub(super) fn show_checks(global: &Global, checks: &[Check]) -> Exit {
    if global.json {
        output::json(&json!({ "checks": checks }));
    } else {
        output::print(&table_of_checks(checks));
    }
    exit_of_checks(checks)
}

/// How checks end a command.
pub(super) fn exit_of_checks(all: &[Check]) -> Exit {
    match checks::verdict(all) {
        Verdict::Good => Exit::Done,
        Verdict::Unknown => Exit::Partly,
        Verdict::Failed => Exit::Failed,
    }
}
