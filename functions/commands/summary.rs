//! `usher summary`: what happened since the last one, to the terminal and to whoever is to get reports.

use super::{Exit, Global, output, preview};
use crate::start;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use usher_shared::run::{RunError, Usher};
use usher_shared::summary::{self, Summary, text};
use usher_shared::teams::{Delivery, Notifier};

#[derive(Args)]
pub(super) struct Options {
    /// Only show it; the next one tells it again
    #[arg(long)]
    dry_run: bool,
    /// Only write the card into this file, as a page that shows it as Teams would
    #[arg(long, value_name = "FILE")]
    preview: Option<PathBuf>,
}

pub(super) async fn run(global: &Global, options: &Options) -> Exit {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    if let Some(file) = &options.preview {
        return preview(global, &usher, file).await;
    }
    match summarize(&usher, options).await {
        Ok((summary, deliveries)) => {
            show(global, &usher, &summary, &deliveries);
            if deliveries.iter().all(|delivery| delivery.error.is_none()) { Exit::Done } else { Exit::Failed }
        }
        Err(error) => output::failed(global, &error),
    }
}

async fn preview(global: &Global, usher: &Usher, file: &Path) -> Exit {
    let summary = match usher.summarize().await {
        Ok(summary) => summary,
        Err(error) => return output::failed(global, &error),
    };
    let (card, _) = usher.card_of_summary(&summary).await;
    let written =
        preview::page(&card.message()).map_err(std::io::Error::from).and_then(|page| std::fs::write(file, page));
    match written {
        Ok(()) if global.json => output::json(&json!({ "summary": summary, "preview": file })),
        Ok(()) => output::print(&format!("{} shows the card\n", file.display())),
        Err(error) => {
            return output::error(
                global,
                "not-written",
                &format!("{} could not be written: {error}", file.display()),
                "Name a file in a folder that is there and may be written.",
            );
        }
    }
    Exit::Done
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
