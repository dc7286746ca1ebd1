//! `usher-simulator`: a simulated tenant that stays up until it is interrupted. Each line on its standard input lets everybody
//! redeem who has an invitation.

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;
use tokio::sync::mpsc::{Receiver, channel};
use usher_simulator::standing::Standing;

/// Serves one simulated tenant of people, and writes what points usher to it.
#[derive(Parser)]
struct Options {
    /// Where usher.toml, variables.sh and local.settings.json go
    folder: PathBuf,
    /// How many people Entra Connect has synced into it
    #[arg(long, default_value_t = 25)]
    people: u32,
    /// What becomes `USHER_STATE`; the default is Azurite's usual port
    #[arg(long, default_value = "http://127.0.0.1:10000/devstoreaccount1/usher")]
    state: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let standing = Standing::start(options.people, &options.state).await?;
    standing.write(&options.folder)?;
    for (name, value) in standing.variables() {
        println!("{name}={value}");
    }
    println!("{} people; Enter lets everybody redeem who was invited, Ctrl-C ends it", options.people);
    let mut lines = lines_of_input();
    loop {
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                break;
            }
            Some(()) = lines.recv() => println!("{} redeemed", standing.redeem_all()?),
        }
    }
    for violation in standing.violations() {
        eprintln!("not simulated: {violation}");
    }
    Ok(())
}

/// Tells of each line on standard input. A thread of its own reads, because whoever waits for input cannot be interrupted.
fn lines_of_input() -> Receiver<()> {
    let (sender, lines) = channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            if line.is_err() || sender.blocking_send(()).is_err() {
                break;
            }
        }
    });
    lines
}
