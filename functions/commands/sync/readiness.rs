//! Who of the partner's external users here could be handed over to its synchronization.

use super::super::output::line;
use super::super::{Exit, Global, output, setup};
use super::One;
use crate::start;
use clap::{Args, ValueEnum};
use serde_json::json;
use usher_shared::journal::record::Owner;
use usher_shared::sync::readiness::Readiness;
use usher_shared::until::Until;

#[derive(Args)]
pub(in super::super) struct Options {
    /// Say whose the external users are whom Entra Connect does not master; needs one partner
    #[arg(long, value_enum, value_name = "OWNER")]
    owner: Option<OwnerOption>,
    #[command(flatten)]
    one: One,
}

#[derive(Clone, Copy, ValueEnum)]
enum OwnerOption {
    /// usher's, also where the partner may push people here
    Usher,
    /// Microsoft's synchronization's: usher neither changes nor takes away
    Synchronization,
}

pub(super) async fn run(global: &Global, options: &Options) -> Result<Exit, Exit> {
    let usher = start::command(global.config.as_deref(), true).map_err(|error| output::cannot_start(global, &error))?;
    let chosen = setup::partners(global, &usher.config, options.one.partner.as_deref())?;
    if let Some(owner) = options.owner {
        let [partner] = chosen[..] else {
            let advice = "Name the one that is meant: --partner.";
            return Err(output::bad_argument(global, "there are several partners", advice));
        };
        let owner = match owner {
            OwnerOption::Usher => Owner::Usher,
            OwnerOption::Synchronization => Owner::Synchronization,
        };
        let (mut until, _stop) = Until::new(None);
        let settled = usher.settle_owner(&partner.name, owner, &mut until).await;
        settled.map_err(|error| output::failed(global, &error))?;
    }
    let told = usher.readiness(options.one.partner.as_deref()).await;
    let told = told.map_err(|error| output::failed(global, &error))?;
    if global.json {
        output::json(&json!({ "partners": told }));
    } else {
        show(&told);
    }
    Ok(if told.iter().all(|partner| partner.not_ready == 0) { Exit::Done } else { Exit::Partly })
}

fn show(told: &[Readiness]) {
    let mut out = String::new();
    for partner in told {
        let owner = match partner.owner {
            Some(Owner::Usher) => "usher's",
            Some(Owner::Synchronization) => "the synchronization's",
            None => "not said whose",
        };
        line!(
            out,
            "\n{}: {} can go, {} cannot; external users are {owner}",
            partner.partner,
            partner.ready,
            partner.not_ready
        );
        let mut table = output::table(&["person", "can go", "why", "to do"]);
        for one in &partner.people {
            let who = one.address.clone().unwrap_or_else(|| one.id.to_string());
            table.add_row([who, one.ready.to_string(), one.reason.to_owned(), one.advice.to_owned()]);
        }
        line!(out, "{table}");
    }
    output::print(&out);
}
