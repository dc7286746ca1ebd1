//! `usher circuit close`: a person says that what Graph refused everybody for is over.

use super::{Exit, Global, output};
use crate::start;
use clap::Subcommand;
use serde_json::json;
use usher_shared::until::Until;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Close every open circuit breaker, so that the next run sends again
    Close,
}

pub(super) async fn close(global: &Global) -> Exit {
    let usher = match start::command(global.config.as_deref(), true) {
        Ok(usher) => usher,
        Err(error) => return output::cannot_start(global, &error),
    };
    let (mut until, _stop) = Until::new(None);
    match usher.close_circuits(&mut until).await {
        Ok(closed) if global.json => {
            let closed: Vec<_> = closed
                .iter()
                .map(|(partner, circuit)| json!({"partner": partner, "reason": circuit.reason, "opened": circuit.opened}))
                .collect();
            output::json(&json!({ "closed": closed }));
            Exit::Done
        }
        Ok(closed) => {
            for (partner, circuit) in &closed {
                let whose = partner.as_deref().unwrap_or("the whole tenant");
                output::print(&format!("closed for {whose}: {} (open since {})\n", circuit.reason, circuit.opened));
            }
            if closed.is_empty() {
                output::print("no circuit breaker is open\n");
            }
            Exit::Done
        }
        Err(error) => output::failed(global, &error),
    }
}
