//! `usher serve`: the custom handler.

use super::{Global, signal};
use crate::functions;
use crate::handler::server::{App, router, serve};
use crate::start;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use usher_shared::telemetry::Telemetry;

/// Where the host says which port to listen on.
const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

pub(super) async fn run(global: &Global) -> ExitCode {
    // The port comes first: the host knocks every 25 ms and may call as soon as it is open.
    let port = std::env::var(PORT).ok().and_then(|port| port.parse::<u16>().ok());
    let Some(port) = port else {
        eprintln!("usher: {PORT} is not set to a port. The Functions host sets it; `serve` is not started by hand.");
        return ExitCode::from(super::Exit::Usage as u8);
    };
    // Whoever sees the port open may ask the process to end.
    let signal = signal();
    let listener = match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("usher: cannot listen on port {port}: {error}");
            return ExitCode::from(super::Exit::Failed as u8);
        }
    };
    let telemetry = log();
    let router = router(functions::all(), App::of_process(global.config.clone()));
    let code = tokio::select! {
        result = serve(listener, router) => {
            let reason = result.err().map_or_else(|| "the listener ended".to_owned(), |error| error.to_string());
            tracing::error!("cannot serve any longer: {reason}");
            // Never 0: the host would keep a dead handler.
            ExitCode::from(super::Exit::Failed as u8)
        }
        code = signal => ExitCode::from(code),
    };
    if let Some(telemetry) = telemetry {
        telemetry.shut_down().await;
    }
    code
}

/// Logs go to stdout, which the host takes for information; stderr is for panics. Of libraries only what is wrong is
/// told, and only here: their finer levels print what they send. A collector gets our own lines, if one is named.
fn log() -> Option<Telemetry> {
    let ours = Targets::new().with_target("usher", LevelFilter::INFO).with_target("usher_shared", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stdout().is_terminal())
        .with_target(false)
        .without_time()
        .with_writer(std::io::stdout)
        .with_filter(ours.clone().with_default(LevelFilter::ERROR));
    let telemetry = Telemetry::start(&start::environment());
    let collected = telemetry.as_ref().ok().and_then(Option::as_ref).map(|telemetry| telemetry.layer(ours));
    tracing_subscriber::registry().with(lines).with(collected).init();
    telemetry.unwrap_or_else(|error| {
        tracing::warn!("{error}");
        None
    })
}
