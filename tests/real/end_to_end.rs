//! The whole job with Azurite as the queue and as the state.

use crate::azurite::Azurite;
use crate::support::{Config, World};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::Duration;
use usher_simulator::host::{Host, InvocationOutcome};

/// How many times faster than real time usher and the tenant go: Azurite's clock is the real one, and its answers take
/// real time, of which an invocation must have enough.
const SPEED: f64 = 60.0;
/// As in `work/function.json`.
const QUEUE: &str = "usher-work";
/// Where the host puts what failed too often.
const POISON_QUEUE: &str = "usher-work-poison";
/// What wakes `work`.
const WAKE: &str = "{\"wake\":\"invite\"}";
/// For what takes as long as a lease that nobody renews.
const PATIENCE: Duration = Duration::from_secs(120);

/// A world whose queues and state are in an Azurite of its own.
struct Real {
    world: World,
    _azurite: Azurite,
}

impl Real {
    async fn new(config: Config) -> Result<Self> {
        let azurite = Azurite::start().await?;
        let mut world = World::new(config).await;
        world.clock.set_speed(SPEED);
        world.queues = azurite.queues();
        world.state_setting = azurite.container("usher-state");
        Ok(Self { world, _azurite: azurite })
    }

    /// Starts the app, which tries a message again after a second instead of the half minute of host.json.
    async fn host(&self) -> Result<Host> {
        let path = self.world.app().join("host.json");
        let mut host_json: Value = serde_json::from_slice(&std::fs::read(&path)?)?;
        host_json["extensions"]["queues"]["visibilityTimeout"] = json!("00:00:01");
        std::fs::write(&path, host_json.to_string())?;
        self.world.host().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_mailed_once_and_a_second_tick_mails_nobody() -> Result<()> {
    let real = Real::new(Config::default()).await?;
    let people = real.world.people(60);
    let host = real.host().await?;
    real.world.tick(&host).await?;
    assert_eq!(real.world.mails_of(&people), [1; 60]);
    real.world.tick(&host).await?;
    assert_eq!(real.world.mails_of(&people), [1; 60]);
    assert!(host.messages(QUEUE).await?.is_empty());
    assert!(!real.world.state().exists(), "nothing is in a folder");
    real.world.usher(&["status", "--verify"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_timer_and_work_nothing_is_lost() -> Result<()> {
    let real = Real::new(Config::default()).await?;
    let people = real.world.people(60);
    let host = real.host().await?;
    ensure!(host.fire_timer("invite").await?.succeeded(), "{:?}", host.console());
    host.restart().await?;
    for invocation in host.drain(50).await? {
        ensure!(invocation.succeeded(), "{invocation:?}\n{:?}", host.console());
    }
    assert_eq!(real.world.mails_of(&people), [1; 60]);
    real.world.usher(&["status", "--verify"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_invites_it_goes_on_when_its_lease_has_run_out_and_nobody_is_mailed_twice() -> Result<()> {
    let real = Real::new(Config { tenant: "invitations_per_minute = 60".into(), ..Config::default() }).await?;
    let people = real.world.people(60);
    let host = real.host().await?;
    ensure!(host.fire_timer("invite").await?.succeeded(), "{:?}", host.console());
    let killed = async {
        while real.world.tenant.mails().is_empty() {
            tokio::task::yield_now().await;
        }
        host.restart().await
    };
    let (delivered, restarted) = tokio::join!(host.deliver_next(QUEUE), killed);
    restarted?;
    let delivered = delivered?.context("the timer woke work")?;
    assert!(matches!(delivered.outcome, InvocationOutcome::HandlerLost(_)), "{delivered:?}");
    let mailed = || real.world.mails_of(&people).iter().filter(|mails| **mails > 0).count();
    assert!(mailed() < people.len(), "it was killed in the middle");

    let ticked = async {
        while mailed() < people.len() {
            real.world.tick(&host).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, ticked).await.context("not everybody was invited")??;
    assert_eq!(real.world.mails_of(&people), [1; 60]);
    real.world.usher(&["status", "--verify"]).await.exits(0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_five_times_goes_to_the_poison_queue_where_failed_takes_it() -> Result<()> {
    let mut real = Real::new(Config::default()).await?;
    real.world.configure(|config| config.tenant = "nonsense = true".into());
    let host = real.host().await?;
    host.enqueue(QUEUE, WAKE).await?;
    let tried = async {
        while host.messages(POISON_QUEUE).await?.is_empty() {
            host.deliver_next(QUEUE).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, tried).await.context("nothing came into the poison queue")??;
    let tries: Vec<_> = host.invocations().into_iter().map(|invocation| invocation.status).collect();
    assert_eq!(tries, [Some(500); 5]);
    let texts: Vec<_> = host.messages(POISON_QUEUE).await?.into_iter().map(|message| message.text).collect();
    assert_eq!(texts, [Some(WAKE.to_owned())]);

    let [failed] = &host.drain(5).await?[..] else { panic!("one invocation: {:?}", host.invocations()) };
    assert!(failed.function == "failed" && failed.succeeded(), "{failed:?}");
    assert!(host.messages(POISON_QUEUE).await?.is_empty());
    Ok(())
}
