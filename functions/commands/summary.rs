//! `usher summary`: what happened since the last one, to the terminal and to whoever is to get reports.

use super::{Exit, Global, output};
use crate::start;
use clap::Args;
use serde_json::json;
use usher_shared::run::{RunError, Usher};
use usher_shared::summary::{self, Summary, text};
use usher_shared::teams::{Delivery, Notifier};

#[derive(Args)]
pub(super) struct Options {
    /// Only show it; the next one tells it again
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    match summarize(&usher, options).await {
        Ok((summary, deliveries)) => {
            show(global, &usher, &summary, &deliveries);
            if deliveries.iter().all(|delivery| delivery.error.is_none()) { Exit::Done } else { Exit::Failed }
        }
        Err(error) => output::failed(global, &error),
    }
}

async fn summarize(usher: &Usher, options: &Options) -> Result<(Summary, Vec<Delivery>), RunError> {
    let summary = usher.summarize().await?;
    let notifier = Notifier::new(&usher.config, usher.clock.clone());
    if options.dry_run || !notifier.has_receivers() {
        return Ok((summary, Vec::new()));
    }
    let (card, document) = usher.card_of_summary(&summary).await;
    let deliveries = usher.send_one(&notifier, &card, &document).await?;
    summary::told(usher.store.as_ref(), &summary).await?;
    Ok((summary, deliveries))
}

fn show(global: &Global, usher: &Usher, summary: &Summary, deliveries: &[Delivery]) {
    if global.json {
        return output::json(&json!({ "summary": summary, "deliveries": deliveries }));
    }
    let mut out = text::text(summary, &usher.config.report.zone());
    for delivery in deliveries {
        let told =
            delivery.error.as_ref().map_or_else(|| "sent".to_owned(), |error| format!("not sent. {}", error.advice));
        output::line!(out, "{}: {told}", delivery.receiver);
    }
    output::print(&out);
}
