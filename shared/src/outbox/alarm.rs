//! What somebody should know at once, once a day for each cause.
//!
//! Responsible for: which ends of runs are alarms, and their words. Not responsible for: sending them.

use super::{About, put};
use crate::config::Config;
use crate::report::{ErrorReport, Report};
use crate::state::{StateError, Store};
use crate::status;
use crate::teams::{Card, Priority, Section, Text, Tone};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Something that somebody should know. It names no person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What happened, by name: `run-failed`, `partner-failed`, `held`, `circuit-open`, `work-given-up` or `no-good-run`.
    pub cause: String,
    /// The partner; `None` for all of them.
    pub partner: Option<String>,
    /// What happened, in a sentence.
    pub text: String,
    /// What to do.
    pub advice: String,
}

impl Alarm {
    fn of_partner(cause: &str, partner: &str, text: String, advice: &str) -> Self {
        Self { cause: cause.to_owned(), partner: Some(partner.to_owned()), text, advice: advice.to_owned() }
    }

    /// A run that failed before anything was planned.
    pub fn run_failed(error: &ErrorReport) -> Self {
        let text = format!("A run failed: {}.", error.code);
        Self { cause: "run-failed".to_owned(), partner: None, text, advice: error.advice.clone() }
    }

    /// Work that was given up after too many tries.
    pub fn work_given_up() -> Self {
        Self {
            cause: "work-given-up".to_owned(),
            partner: None,
            text: "Work was given up after too many tries. What was asked for stays asked for, and the next tick tries again."
                .to_owned(),
            advice: "`usher status` tells why the last try failed.".to_owned(),
        }
    }

    /// What of a run's report is an alarm.
    pub fn of_report(report: &Report) -> Vec<Self> {
        let of_partner = |partner: &crate::report::PartnerReport| {
            let name = partner.partner.as_str();
            let mut alarms = Vec::new();
            if let Some(held) = &partner.held {
                let cause =
                    if held.reason == crate::people::guard::HeldReason::Circuit { "circuit-open" } else { "held" };
                let plan = held.plan.as_ref().map(|plan| format!(" The plan is {plan}.")).unwrap_or_default();
                let text = format!("A guard holds what usher would do: {}.{plan}", held.reason.name());
                alarms.push(Self::of_partner(cause, name, text, held.reason.advice()));
            } else if let Some(error) = &partner.error {
                let text = format!("A run failed for the partner: {}.", error.code);
                alarms.push(Self::of_partner("partner-failed", name, text, &error.advice));
            }
            alarms
        };
        report.partners.iter().flat_map(of_partner).collect()
    }

    /// A partner of whom no run has gone through for longer than allowed.
    fn no_good_run(partner: &str, hours: u16) -> Self {
        let text = format!("No run has gone through for more than {hours} hours.");
        let advice = "See `usher status` and the app's log; POST /api/run with {\"job\": \"overdue\"} does once what a silent \
                      timer missed.";
        Self::of_partner("no-good-run", partner, text, advice)
    }

    /// The card.
    pub(super) fn card(&self) -> Card {
        let partner = self.partner.as_deref().map_or_else(|| Text::plain("usher"), Text::strong);
        let section = Section::new(Priority::Urgent, partner).line(self.text.as_str()).line(self.advice.as_str());
        Card::new(Tone::Bad, "usher needs somebody").section(section)
    }

    /// The alarm's name: one a day for each cause, partner and kind of trouble.
    fn name(&self, at: Timestamp) -> String {
        let day = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d");
        let safe =
            |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
        let what = self.text.split('.').next().unwrap_or_default();
        let partner = self.partner.as_deref().unwrap_or("all");
        format!("alarm-{day}-{}-{}-{}", self.cause, safe(partner), safe(what))
    }
}

/// Writes alarms, each once a day.
///
/// # Errors
/// When the store fails.
pub async fn raise(store: &dyn Store, alarms: Vec<Alarm>, at: Timestamp) -> Result<(), StateError> {
    for alarm in alarms {
        put(store, &alarm.name(at), About::Alarm(alarm), at).await?;
    }
    Ok(())
}

/// Raises an alarm for every partner of whom no run has gone through for too long.
///
/// # Errors
/// When the store fails.
pub async fn raise_overdue(store: &dyn Store, config: &Config, at: Timestamp) -> Result<(), StateError> {
    let overdue = status::overdue(store, config, at).await?;
    let hours = config.report.no_good_run_after_hours;
    raise(store, overdue.iter().map(|partner| Alarm::no_good_run(partner, hours)).collect(), at).await
}
