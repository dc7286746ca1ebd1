//! What somebody asked for, for callers that cannot wait for the answer.

use super::people::Names;
use crate::people::request::Wish;
use crate::provision::{Answer, PersonAnswer, Went};
use crate::report::OutcomeReport;
use crate::teams::{Card, Priority, Section, Text, Tone};
use serde_json::{Value, json};

/// The card.
pub fn card(wish: Wish, answer: &Answer, names: &Names) -> Card {
    let tone = match answer.went() {
        Went::Well => Tone::Good,
        Went::Stopped | Went::Partly => Tone::Warning,
        Went::Failed => Tone::Bad,
    };
    let heading = match wish {
        Wish::Provision => "People brought in by request",
        Wish::Retire => "People retired by request",
    };
    let mut section = Section::new(Priority::Normal, Text::plain("Partner: ").then(Text::plain(&answer.partner)));
    for person in &answer.people {
        let who = names.call(person.id, person.address.as_deref());
        section = section.item(who, format!("{}: {}", in_words(person.outcome), detail(person)));
    }
    Card::new(tone, heading).section(section)
}

/// The same for programs.
pub fn document(wish: Wish, answer: &Answer, names: &Names) -> Value {
    let person = |person: &PersonAnswer| {
        json!({
            "id": person.id,
            "name": names.text(person.id, person.address.as_deref()),
            "outcome": person.outcome,
            "reason": person.reason,
            "text": detail(person),
        })
    };
    json!({
        "report": "request",
        "action": wish,
        "partner": answer.partner,
        "people": answer.people.iter().map(person).collect::<Vec<_>>(),
    })
}

/// What Graph says of a failure may repeat the address; what is to be done about it does not.
fn detail(person: &PersonAnswer) -> String {
    match &person.error {
        Some(error) => format!("{}. {}", error.code, error.advice),
        None => person.text.clone(),
    }
}

const fn in_words(outcome: OutcomeReport) -> &'static str {
    match outcome {
        OutcomeReport::Done => "done",
        OutcomeReport::Planned => "not done, plan mode",
        OutcomeReport::Failed => "failed",
        OutcomeReport::Unconfirmed => "not certain",
        OutcomeReport::Skipped => "nothing done",
    }
}
