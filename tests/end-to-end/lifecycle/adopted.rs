//! People whom others invited: left alone unless they are adopted, and then looked after from that day on.

use super::{ATTRIBUTES, PENDING, world};
use crate::support::Config;
use anyhow::Result;

#[tokio::test(flavor = "multi_thread")]
async fn people_whom_others_invited_are_left_unless_they_are_adopted() -> Result<()> {
    let world = world(Config { rest: ATTRIBUTES.into(), ..Config::default() }).await;
    world.sweep().await;
    let guest = world.guest(1, PENDING);
    for days in [0, 8, 30] {
        let swept = world.sweep_after(days).await;
        swept.is_quiet();
        assert_eq!(swept.untouched("invited-by-others"), 1);
    }
    assert_eq!(world.explained(guest).await, ("pending".into(), "invited-by-others".into()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn all_days_of_adopted_people_begin_at_adoption() -> Result<()> {
    let mut world = world(Config { rest: ATTRIBUTES.into(), ..Config::default() }).await;
    world.sweep().await;
    let guest = world.guest(1, PENDING);
    world.sweep_after(20).await.is_quiet();
    world.configure(|config| config.scope = "adopt = \"follow\"".into());
    assert_eq!(world.sweep().await.untouched("adopted"), 1);
    let swept = world.sweep_after(6).await;
    assert_eq!((swept.done("update"), swept.done("resend")), (vec![guest], vec![]), "{swept:#?}");
    assert_eq!(world.sweep_after(1).await.done("resend"), [guest]);
    assert_eq!(world.sweep_after(7).await.done("resend"), [guest]);
    let swept = world.sweep_after(20).await;
    swept.is_quiet();
    assert_eq!(swept.untouched("follow-only"), 1, "follow takes nothing away, expired or not: {swept:#?}");
    assert_eq!(world.mails_of(&[guest]), [2]);
    Ok(())
}
