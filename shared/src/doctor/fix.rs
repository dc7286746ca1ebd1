//! What `--fix` may do: switch off signing in by text message, for those who have another way.
//!
//! Responsible for: the plan, carrying it out, and looking whether it is so. Whoever has nothing but that phone is left alone:
//! they would be locked out. Numbers stay, and no method is ever removed. Not responsible for: finding the people; see
//! [`super::sms`].

use super::sms::READY;
use crate::changes::{Change, explained};
use crate::graph::path::MOBILE_PHONE;
use crate::graph::setup::authentication::Pace;
use crate::graph::setup::{SetupReader, SetupWriter};
use crate::graph::{GraphError, Kind};
use crate::ids::UserId;
use crate::report::OutcomeReport;
use serde::Serialize;

/// Ways to sign in, or to prove more than a password, that are no phone and not just for resetting a password.
const OTHER_WAYS: [&str; 8] = [
    "password",
    "fido2",
    "microsoftAuthenticator",
    "passwordlessMicrosoftAuthenticator",
    "windowsHelloForBusiness",
    "platformCredential",
    "softwareOath",
    "hardwareOath",
];
/// What is changed may be shown as it was for a moment.
const LOOKS: usize = 5;

/// One person's signing in by text message.
#[derive(Clone, Debug)]
pub struct Switch {
    /// Whose.
    pub person: UserId,
    /// What is to be changed, or became of it.
    pub change: Change,
}

/// What was, so that `enableSmsSignIn` can make it so again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// Whose.
    pub person: UserId,
    /// The phone's method id.
    pub phone_method: &'static str,
    /// The state before.
    pub sms_sign_in_state: &'static str,
}

/// Plans it for people who were found ready.
pub async fn plan(reader: &SetupReader, pace: &mut Pace, ready: &[UserId]) -> Vec<Switch> {
    let mut switches = Vec::new();
    for person in ready {
        let methods = reader.methods_of(pace, *person).await;
        switches.push(Switch { person: *person, change: change(*person, &methods) });
    }
    switches
}

/// What is to be changed for somebody who has these methods.
fn change(person: UserId, methods: &Result<Vec<String>, GraphError>) -> Change {
    let key = format!("sms-sign-in {person}");
    match methods {
        Ok(methods) => {
            let others: Vec<_> = OTHER_WAYS.into_iter().filter(|way| methods.iter().any(|one| one == way)).collect();
            if others.is_empty() {
                return Change::new(key, READY, READY).held(
                    "the person has no other way to sign in than that phone",
                    "Let them register another method first, or give them a Temporary Access Pass.",
                );
            }
            Change::new(key, READY, format!("off; the number stays, and they have: {}", others.join(", ")))
        }
        Err(error) => {
            let why = explained(error);
            Change::new(key, READY, READY)
                .held(format!("what else the person has could not be read: {}", why.message), why.advice)
        }
    }
}

/// Carries it out, and looks at each whether it is so.
pub async fn apply(writer: &SetupWriter, reader: &SetupReader, pace: &mut Pace, switches: &mut [Switch]) {
    for switch in switches.iter_mut().filter(|switch| switch.change.held.is_none()) {
        let mut result = writer.disable_sms_sign_in(pace, switch.person).await;
        if result.as_ref().is_ok() || result.as_ref().is_err_and(|error| error.kind == Kind::OutcomeUnknown) {
            result = look(reader, pace, switch.person).await;
        }
        switch.change.became(&result);
    }
}

/// Looks until the number alone is no longer enough.
async fn look(reader: &SetupReader, pace: &mut Pace, person: UserId) -> Result<(), GraphError> {
    for _ in 0..LOOKS {
        if reader.sms_sign_in(pace, person).await?.as_deref() != Some(READY) {
            return Ok(());
        }
    }
    let request = "GET /users/{id}/authentication/phoneMethods";
    Err(GraphError::new(Kind::OutcomeUnknown, request, "it is shown as it was still"))
}

/// Those for whom it was done.
pub fn done(switches: &[Switch]) -> Vec<UserId> {
    let done = switches.iter().filter(|switch| switch.change.outcome == OutcomeReport::Done);
    done.map(|switch| switch.person).collect()
}

/// How to take it back.
pub fn undo(switches: &[Switch]) -> Vec<Undo> {
    let changed = |switch: &&Switch| matches!(switch.change.outcome, OutcomeReport::Done | OutcomeReport::Unconfirmed);
    let undo = |switch: &Switch| Undo { person: switch.person, phone_method: MOBILE_PHONE, sms_sign_in_state: READY };
    switches.iter().filter(changed).map(undo).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::fixtures::id;

    #[test]
    fn only_whoever_has_another_way_than_the_phone_is_switched() {
        for (methods, is_switched) in [
            (&["phone", "password"][..], true),
            (&["phone", "fido2"], true),
            (&["phone", "microsoftAuthenticator"], true),
            (&["phone"], false),
            (&["phone", "phone", "email"], false),
            (&["phone", "temporaryAccessPass"], false),
            (&["phone", "somethingNew"], false),
            (&[], false),
        ] {
            let methods = Ok(methods.iter().map(|one| (*one).to_owned()).collect());
            assert_eq!(change(id(1), &methods).held.is_none(), is_switched, "{methods:?}");
        }
        let unread = Err(GraphError::new(Kind::Forbidden, "GET", "no"));
        assert!(change(id(1), &unread).held.is_some());
    }
}
