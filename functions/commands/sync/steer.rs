//! The job that is there: resting, going on, beginning anew, and one person now.

use super::super::explain::no_person;
use super::super::output::line;
use super::super::setup::{Session, Tenant};
use super::super::{Exit, Global, output};
use super::One;
use clap::Args;
use serde_json::{Value, json};
use usher_shared::changes::explained;
use usher_shared::graph::setup::SetupWriter;
use usher_shared::graph::{Directory, GraphError};
use usher_shared::people::observe::Whom;
use usher_shared::provision::whom;
use usher_shared::sync::demand::Demand;
use usher_shared::sync::observe::{Observed, observe};
use uuid::Uuid;

const STEER: &[&str] = &["Application.Read.All", "Synchronization.ReadWrite.All"];
const STEER_BY_ADDRESS: &[&str] = &["Application.Read.All", "Synchronization.ReadWrite.All", "User.Read.All"];

#[derive(Args)]
pub(in super::super) struct People {
    /// People of this tenant, by object id or address
    #[arg(required = true, value_name = "PERSON")]
    people: Vec<String>,
    #[command(flatten)]
    one: One,
}

#[derive(Args)]
pub(in super::super) struct Restart {
    /// Also carry out the deletions that the threshold held back
    #[arg(long)]
    approve_deletions: bool,
    #[command(flatten)]
    one: One,
}

/// A job, and who may steer it.
struct Helm {
    tenant: Tenant,
    writer: SetupWriter,
    observed: Observed,
    partner: String,
    configuration: Uuid,
    job: String,
}

impl Helm {
    /// The job of the one partner that is meant.
    async fn take(global: &Global, one: &One, permissions: &[&str]) -> Result<Self, Exit> {
        let Session { tenant, reader, writer, .. } = Session::open(global, permissions, true)?;
        let chosen = super::partners(global, &tenant.config, one)?;
        let [(partner, _)] = chosen[..] else {
            return Err(output::bad_argument(global, "several partners are synchronized to", "Name one: --partner."));
        };
        let Some(writer) = writer else {
            if global.json {
                output::json(&json!({ "mode": tenant.mode(), "partners": [] }));
            }
            return Err(Exit::Held);
        };
        let observed = observe(&reader, partner, None).await.map_err(|error| failed(global, &error))?;
        let (Some(configuration), Some(job)) = (&observed.configuration, &observed.job) else {
            let message = "there is no synchronization to this partner";
            return Err(output::error(global, "no-job", message, "Run `usher sync apply`."));
        };
        let (configuration, job, partner) = (configuration.id, job.id.clone(), partner.name.clone());
        Ok(Self { tenant, writer, observed, partner, configuration, job })
    }

    fn done(&self, global: &Global, word: &str, result: Result<(), GraphError>) -> Result<Exit, Exit> {
        result.map_err(|error| failed(global, &error))?;
        if global.json {
            output::json(&json!({ "partner": self.partner, "job": self.job, "done": word }));
        } else {
            output::print(&format!("{}: {word}\n", self.partner));
        }
        Ok(Exit::Done)
    }
}

fn failed(global: &Global, error: &GraphError) -> Exit {
    let error = explained(error);
    output::error(global, &error.code, &error.message, &error.advice)
}

pub(super) async fn pause(global: &Global, one: &One) -> Result<Exit, Exit> {
    let helm = Helm::take(global, one, STEER).await?;
    helm.done(global, "paused", helm.writer.pause_sync(helm.configuration, &helm.job).await)
}

pub(super) async fn resume(global: &Global, one: &One) -> Result<Exit, Exit> {
    let helm = Helm::take(global, one, STEER).await?;
    helm.done(global, "resumed", helm.writer.start_sync(helm.configuration, &helm.job).await)
}

pub(super) async fn restart(global: &Global, restart: &Restart) -> Result<Exit, Exit> {
    let helm = Helm::take(global, &restart.one, STEER).await?;
    // Other words make the service forget who belongs to whom.
    let forget = if restart.approve_deletions { "ForceDeletes" } else { "Watermark, Escrows, QuarantineState" };
    helm.done(global, "restarted", helm.writer.restart_sync(helm.configuration, &helm.job, forget).await)
}

pub(super) async fn provision(global: &Global, people: &People) -> Result<Exit, Exit> {
    let whom: Option<Vec<Whom>> = people.people.iter().map(|person| whom(person)).collect();
    let whom = whom.ok_or_else(|| no_person(global))?;
    let by_address = whom.iter().any(|person| person.address().is_some());
    let helm = Helm::take(global, &people.one, if by_address { STEER_BY_ADDRESS } else { STEER }).await?;
    let Some(rule) = helm.observed.schema.as_ref().and_then(|schema| schema.rule()) else {
        let message = "the synchronization has no rule for people";
        return Err(output::error(global, "no-rule", message, "Run `usher sync status`."));
    };
    let directory = Directory::new(helm.tenant.client.clone(), &[], &[]);
    let mut told = Vec::new();
    for person in &whom {
        told.push(match found(&directory, person).await {
            Ok(id) => provisioned(&helm, rule, id).await,
            Err(failed) => failed,
        });
    }
    if global.json {
        output::json(&json!({ "partner": helm.partner, "people": told }));
    } else {
        show_people(&told);
    }
    let good = |one: &&Value| matches!(one["outcome"].as_str(), Some("done" | "unchanged"));
    Ok(match told.iter().filter(good).count() {
        all if all == told.len() => Exit::Done,
        0 if told.iter().all(|one| one["outcome"] == "skipped") => Exit::Held,
        0 => Exit::Failed,
        _ => Exit::Partly,
    })
}

async fn provisioned(helm: &Helm, rule: &str, id: Uuid) -> Value {
    match helm.writer.provision_on_demand(helm.configuration, &helm.job, rule, id).await {
        Ok(answer) => match Demand::read(&answer) {
            Some(demand) => json!({ "id": id, "outcome": demand.outcome, "code": demand.code,
                "reason": demand.reason, "target": demand.target, "steps": demand.steps }),
            None => {
                let reason = "The service's answer could not be read; `usher sync status` shows what it logged.";
                failure(Some(id), "unreadable", reason)
            }
        },
        Err(error) => refused(Some(id), &error),
    }
}

/// The object id of a person; an account that was not found is told like one that failed.
async fn found(directory: &Directory, person: &Whom) -> Result<Uuid, Value> {
    let address = match person {
        Whom::Id(id) => return Ok(id.uuid()),
        Whom::Address(address) => address,
    };
    let users = directory.users_with_address(address).await.map_err(|error| refused(None, &error))?;
    let address = address.as_str();
    match &users[..] {
        [user] => Ok(user.id.uuid()),
        [] => Err(failure(None, "not-found", &format!("Nobody of this tenant has the address {address}."))),
        _ => {
            let reason = format!("Several accounts have the address {address}; name one by object id.");
            Err(failure(None, "ambiguous", &reason))
        }
    }
}

fn refused(id: Option<Uuid>, error: &GraphError) -> Value {
    let error = explained(error);
    failure(id, &error.code, &format!("{} {}", error.message, error.advice))
}

fn failure(id: Option<Uuid>, code: &str, reason: &str) -> Value {
    json!({ "id": id, "outcome": "failed", "code": code, "reason": reason.trim_end(), "steps": [] })
}

fn show_people(told: &[Value]) {
    let mut out = String::new();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for one in told {
        line!(out, "{}: {}  {} {}", text(&one["id"]), text(&one["outcome"]), text(&one["code"]), text(&one["reason"]));
        for step in one["steps"].as_array().into_iter().flatten() {
            line!(out, "  {}: {}  {}", text(&step["step"]), text(&step["result"]), text(&step["detail"]));
        }
    }
    output::print(&out);
}
