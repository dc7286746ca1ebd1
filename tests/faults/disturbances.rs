//! What goes wrong, and where: each trouble stands at one request of a beat, to Graph or to the state.
//!
//! Responsible for: choosing troubles, and telling each request what happens to it. Not responsible for: how a request to
//! Graph (`wire`) or to the state (`vault`) then fails.

use crate::chance::Chance;
use jiff::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// At which request of the beat, counted from 1 over all processes.
    pub(crate) at: u32,
    /// At how many requests from there.
    pub(crate) lasts: u32,
    pub(crate) what: What,
}

/// What goes wrong. Where a request cannot fail like that, it fails in the way most like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Refused for rate, or by a busy server, before it had an effect.
    IsThrottled,
    /// The server fails before the effect.
    FailsBefore,
    /// The server fails after the effect.
    FailsAfter,
    /// The connection breaks before the request arrived.
    IsResetBefore,
    /// The connection breaks when the effect is done.
    IsResetAfter,
    /// It arrives late, and its answer later.
    IsLate,
    /// It arrives, and nobody ever hears of it: the sender waits in vain.
    IsNeverAnswered,
    /// Half of the answer arrives.
    IsCutShort,
    /// One of the requests in a batch is refused for rate; a page of a collection ends too early.
    IsIncomplete,
    /// All tokens issued so far are refused from now on.
    TokensExpire,
    /// The process's leases are not renewed any more.
    LeasesRunOut,
    /// Somebody breaks the process's leases.
    LeasesAreBroken,
    /// The process is ended some seconds later, whatever it does or waits for then.
    IsKilledSoon,
    /// The process is ended before it sends the request.
    IsKilledBefore,
    /// The process is ended while the request is on its way, which arrives.
    IsKilledMeanwhile,
    /// The process is ended when the effect is done, before the answer.
    IsKilledAfter,
}

const ALL: [What; 16] = [
    What::IsThrottled,
    What::FailsBefore,
    What::FailsAfter,
    What::IsResetBefore,
    What::IsResetAfter,
    What::IsLate,
    What::IsNeverAnswered,
    What::IsCutShort,
    What::IsIncomplete,
    What::TokensExpire,
    What::LeasesRunOut,
    What::LeasesAreBroken,
    What::IsKilledSoon,
    What::IsKilledBefore,
    What::IsKilledMeanwhile,
    What::IsKilledAfter,
];

/// The troubles of one beat.
pub(crate) fn troubles(chance: &mut Chance) -> Vec<Trouble> {
    let count = chance.one_of(&[0, 1, 1, 2, 3, 5]);
    let mut trouble = |_| {
        let what = chance.one_of(&ALL);
        let lasts = if what.may_last() { chance.one_of(&[1, 1, 1, 2, 5, 40]) } else { 1 };
        Trouble { at: u32::try_from(chance.between(1, 90)).expect("small"), lasts, what }
    };
    (0..count).map(&mut trouble).collect()
}

impl What {
    /// Whether it can be so for a while: an outage.
    const fn may_last(self) -> bool {
        matches!(
            self,
            Self::IsThrottled
                | Self::FailsBefore
                | Self::FailsAfter
                | Self::IsResetBefore
                | Self::IsResetAfter
                | Self::IsLate
        )
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.at)?;
        if self.lasts > 1 {
            write!(f, " and the {} after it", self.lasts - 1)?;
        }
        write!(f, ": {:?}", self.what)
    }
}

/// What all processes meet with. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Weather(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    requests: u32,
    total: u64,
    troubles: Vec<Trouble>,
    told: Option<Vec<String>>,
}

impl Weather {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on requests are counted anew, and meet with these troubles.
    pub(crate) fn turns(&self, troubles: &[Trouble]) {
        let mut inner = self.inner();
        inner.requests = 0;
        inner.troubles = troubles.to_vec();
    }

    /// A request is about to be sent: what happens to it, and its number among all, which decides how long it takes.
    pub(crate) fn request(&self) -> (Option<What>, u64) {
        let mut inner = self.inner();
        inner.requests += 1;
        inner.total += 1;
        let number = inner.requests;
        let meets = |trouble: &&Trouble| (trouble.at..trouble.at + trouble.lasts).contains(&number);
        let what = inner.troubles.iter().find(meets).map(|trouble| trouble.what);
        (what, inner.total)
    }

    /// Everything that happens is to be told from now on.
    pub(crate) fn listen(&self) {
        self.inner().told = Some(Vec::new());
    }

    /// Tells what happens, if somebody listens.
    pub(crate) fn tell(&self, what: impl FnOnce() -> (Timestamp, String)) {
        if let Some(told) = &mut self.inner().told {
            let (now, what) = what();
            told.push(format!("{now} {what}"));
        }
    }

    /// What was told.
    pub(crate) fn told(&self) -> Vec<String> {
        self.inner().told.clone().unwrap_or_default()
    }
}

/// The life of a process. Clones are the same process.
#[derive(Clone, Default)]
pub(crate) struct Life(Arc<Notify>);

impl Life {
    /// Ends the process: nothing that it does goes on from here.
    pub(crate) async fn end(&self) {
        self.0.notify_one();
        std::future::pending().await
    }

    /// Ends the process some seconds later.
    pub(crate) fn end_soon(&self, number: u64) {
        let life = self.0.clone();
        tokio::spawn(async move {
            sleep(Duration::from_millis(number * 7919 % 60_000)).await;
            life.notify_one();
        });
    }

    /// Returns when the process is ended.
    pub(crate) async fn ended(&self) {
        self.0.notified().await;
    }
}
