//! How people prove who they are: phones, whether one is enough to sign in, and what else they have.
//!
//! Responsible for: these requests, at the pace that Graph allows for them, which is slow. A phone's number is never read.
//! Not responsible for: what is to be changed. No method is ever removed: there is no call for it here.

use super::{Age, SetupReader, SetupWriter};
use crate::clock::Clock;
use crate::graph::directory::Pages;
use crate::graph::error::Result;
use crate::graph::model::ObjectId;
use crate::graph::path::Path;
use crate::ids::{GroupId, UserId};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

/// Graph lets an application make 5 requests in 10 seconds for reports, and as many for authentication methods.
const BETWEEN: SignedDuration = SignedDuration::from_secs(2);

/// Spaces requests so that Graph need not refuse any.
#[derive(Debug)]
pub struct Pace {
    clock: Clock,
    between: SignedDuration,
    next: Timestamp,
}

impl Pace {
    /// The pace that uses `percent` of what Graph allows.
    pub fn new(clock: Clock, percent: u8) -> Self {
        let between = BETWEEN * 100 / i32::from(percent.max(1));
        Self { next: clock.now(), between, clock }
    }

    /// Carries out a request when its time has come. The next one's is counted from the answer, so that nothing on the way
    /// can bring two closer together.
    pub async fn keep<T>(&mut self, request: impl Future<Output = T>) -> T {
        let wait = self.next.duration_since(self.clock.now());
        if let Ok(wait) = Duration::try_from(wait) {
            self.clock.sleep(wait).await;
        }
        let answer = request.await;
        self.next = self.clock.now() + self.between;
        answer
    }
}

/// `smsAuthenticationMethodConfiguration`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SmsPolicy {
    /// `enabled` or `disabled`.
    pub state: Option<String>,
    /// For whom.
    pub include_targets: Vec<SmsTarget>,
}

/// `smsAuthenticationMethodTarget`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SmsTarget {
    /// A group's object id, or `all_users`.
    pub id: Option<String>,
    /// Whether the number alone is enough to sign in.
    pub is_usable_for_sign_in: Option<bool>,
}

/// `phoneAuthenticationMethod`, without its number.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Phone {
    phone_type: Option<String>,
    sms_sign_in_state: Option<String>,
}

#[derive(Deserialize)]
struct Kinded {
    #[serde(rename = "@odata.type", default)]
    kind: Option<String>,
}

impl SetupReader {
    /// The policy on text messages.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sms_policy(&self) -> Result<SmsPolicy> {
        self.get(&Path::sms_policy()).await
    }

    /// The people who are in a group directly; groups and devices in it are among them, whom nothing else knows as people.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn direct_members(&self, group: GroupId) -> Result<HashSet<UserId>> {
        let members: Vec<ObjectId> = self.all(Path::direct_members(group)).await?;
        Ok(members.into_iter().map(|member| member.id.into()).collect())
    }

    /// Everybody who has registered a mobile phone.
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn people_with_mobile(&self, pace: &mut Pace) -> Result<HashSet<UserId>> {
        let mut pages = Pages::<ObjectId>::new(self.client.clone(), Path::registered_with_mobile());
        let mut people = HashSet::new();
        while let Some(page) = pace.keep(pages.next()).await? {
            people.extend(page.into_iter().map(|person| UserId::from(person.id)));
        }
        Ok(people)
    }

    /// What Graph says of signing in with the mobile phone's number alone: `ready`, `notEnabled`, …; `None` where there is
    /// no mobile phone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn sms_sign_in(&self, pace: &mut Pace, person: UserId) -> Result<Option<String>> {
        let phones: Vec<Phone> = pace.keep(self.all(Path::phone_methods(person))).await?;
        let mobile = phones.into_iter().find(|phone| phone.phone_type.as_deref() == Some("mobile"));
        Ok(mobile.map(|phone| phone.sms_sign_in_state.unwrap_or_default()))
    }

    /// The kinds of a person's methods, as Graph calls their types: `password`, `phone`, `fido2`, …
    ///
    /// # Errors
    /// When they cannot be read to the end.
    pub async fn methods_of(&self, pace: &mut Pace, person: UserId) -> Result<Vec<String>> {
        let methods: Vec<Kinded> = pace.keep(self.all(Path::authentication_methods(person))).await?;
        let name = |method: Kinded| {
            let kind = method.kind?;
            Some(kind.strip_prefix("#microsoft.graph.")?.strip_suffix("AuthenticationMethod")?.to_owned())
        };
        Ok(methods.into_iter().filter_map(name).collect())
    }
}

impl SetupWriter {
    /// Lets the number of a person's mobile phone alone no longer be enough to sign in. The number stays registered.
    ///
    /// # Errors
    /// When Graph refuses, or its answer is lost.
    pub async fn disable_sms_sign_in(&self, pace: &mut Pace, person: UserId) -> Result<()> {
        let path = Path::disable_sms_sign_in(person);
        pace.keep(self.write(Method::POST, &path, None, Age::Known)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_are_spaced_from_answer_to_request_by_the_configured_part_of_the_limit() {
        for (percent, seconds) in [(100, 2), (50, 4)] {
            let clock = Clock::starting_at(Timestamp::UNIX_EPOCH, 1000.0);
            let mut pace = Pace::new(clock.clone(), percent);
            assert_eq!(pace.between, SignedDuration::from_secs(seconds));
            let before = pace.next;
            pace.keep(async { clock.now() }).await;
            assert!(pace.next >= before + pace.between);
        }
    }
}
