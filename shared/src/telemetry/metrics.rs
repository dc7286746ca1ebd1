//! Every metric, with its unit.
//!
//! Responsible for: the list ([`ALL`]), which `docs/telemetry.md` shows, and counting. While telemetry is off every call
//! returns at once. Not responsible for: when something is counted.

use crate::clock::Clock;
use crate::journal::record::ActionKind;
use crate::people::lifecycle::State;
use crate::people::request::Wish;
use crate::report::OutcomeReport;
use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use opentelemetry_semantic_conventions::attribute;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Counter, gauge or histogram.
    pub instrument: &'static str,
    /// Its unit, as UCUM writes it.
    pub unit: &'static str,
    /// The attributes that its numbers are told apart by.
    pub attributes: &'static [&'static str],
    /// What it counts.
    pub description: &'static str,
}

const PARTNER: &str = "usher.partner";
const STATE: &str = "usher.person.state";
const ACTION: &str = "usher.action";
const OUTCOME: &str = "usher.outcome";
const STATUS_CLASS: &str = "usher.graph.status_class";
const WISH: &str = "usher.request.action";

const fn metric(
    instrument: &'static str,
    name: &'static str,
    unit: &'static str,
    attributes: &'static [&'static str],
    description: &'static str,
) -> Metric {
    Metric { name, instrument, unit, attributes, description }
}

const REQUEST: &[&str] = &[attribute::HTTP_REQUEST_METHOD, attribute::URL_TEMPLATE, STATUS_CLASS];
const DURATION: &[&str] =
    &[attribute::HTTP_REQUEST_METHOD, attribute::URL_TEMPLATE, attribute::HTTP_RESPONSE_STATUS_CODE];

const PEOPLE: Metric = metric(
    "gauge",
    "usher.people",
    "{person}",
    &[PARTNER, STATE],
    "People in view by state, as the last sweep saw them",
);
const ACTIONS: Metric = metric(
    "counter",
    "usher.actions",
    "{action}",
    &[PARTNER, ACTION, OUTCOME],
    "Actions that came to an end: done, failed, unconfirmed or skipped",
);
const REQUESTS: Metric = metric(
    "counter",
    "usher.graph.requests",
    "{request}",
    REQUEST,
    "Requests to Graph by class of status; those inside a batch are counted singly, and the batch too",
);
const DURATIONS: Metric =
    metric("histogram", "http.client.request.duration", "s", DURATION, "How long requests to Graph took");
const UNITS: Metric =
    metric("counter", "usher.graph.resource_units", "{unit}", &[], "Resource units of Graph's limits that were spent");
const THROTTLED: Metric = metric(
    "counter",
    "usher.graph.throttled_requests",
    "{request}",
    &[attribute::HTTP_REQUEST_METHOD, attribute::URL_TEMPLATE],
    "Requests that Graph refused for rate",
);
const BACKLOG: Metric = metric(
    "gauge",
    "usher.backlog",
    "{person}",
    &[PARTNER],
    "People who were still to be acted upon at the end of the last run",
);
const OLDEST: Metric = metric(
    "gauge",
    "usher.backlog.oldest_age",
    "s",
    &[PARTNER],
    "How long ago the account was made of whoever has waited longest; 0 where nobody waits",
);
const MISSED: Metric = metric(
    "counter",
    "usher.quick_path.missed",
    "{person}",
    &[PARTNER],
    "People whom a sweep found and the quick path should have brought in",
);
const LAST_GOOD: Metric =
    metric("gauge", "usher.run.last_good_age", "s", &[PARTNER], "How long ago the last run ended that went through");
const HELD: Metric =
    metric("gauge", "usher.plans.held", "{plan}", &[PARTNER], "Plans that wait for a person's approval");
const POISON: Metric =
    metric("counter", "usher.messages.poison", "{message}", &[], "Messages that were given up after too many tries");
const PROVISIONED: Metric = metric(
    "counter",
    "usher.provision.requests",
    "{request}",
    &[PARTNER, WISH, OUTCOME],
    "Requests for people that were worked off: answered or failed",
);

/// Every metric.
pub const ALL: [&Metric; 13] = [
    &PEOPLE,
    &ACTIONS,
    &BACKLOG,
    &OLDEST,
    &MISSED,
    &LAST_GOOD,
    &HELD,
    &POISON,
    &PROVISIONED,
    &REQUESTS,
    &DURATIONS,
    &UNITS,
    &THROTTLED,
];

static INSTRUMENTS: OnceLock<Instruments> = OnceLock::new();

struct Instruments {
    people: Gauge<u64>,
    actions: Counter<u64>,
    requests: Counter<u64>,
    durations: Histogram<f64>,
    units: Counter<u64>,
    throttled: Counter<u64>,
    backlog: Gauge<u64>,
    oldest: Since,
    missed: Counter<u64>,
    last_good: Since,
    held: Gauge<u64>,
    poison: Counter<u64>,
    provisioned: Counter<u64>,
}

/// Moments by partner, shown as how long ago they were whenever metrics are sent: an age that stood still because nothing
/// runs any more would hide just that.
#[derive(Clone, Default)]
struct Since(Arc<Mutex<Moments>>);

type Moments = BTreeMap<String, (Option<Timestamp>, Clock)>;

impl Since {
    fn gauge(meter: &Meter, metric: &Metric) -> Self {
        let since = Self::default();
        let shown = since.clone();
        meter
            .f64_observable_gauge(metric.name)
            .with_unit(metric.unit)
            .with_description(metric.description)
            .with_callback(move |observer| {
                for (partner, (at, clock)) in shown.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    let age = at.map_or(0.0, |at| clock.now().duration_since(at).as_secs_f64().max(0.0));
                    observer.observe(age, &[KeyValue::new(PARTNER, partner.clone())]);
                }
            })
            .build();
        since
    }

    fn set(&self, partner: &str, at: Option<Timestamp>, clock: &Clock) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partner.to_owned(), (at, clock.clone()));
    }
}

/// Begins to count.
pub(super) fn start(meter: &Meter) {
    let counter = |metric: &Metric| {
        meter.u64_counter(metric.name).with_unit(metric.unit).with_description(metric.description).build()
    };
    let gauge = |metric: &Metric| {
        meter.u64_gauge(metric.name).with_unit(metric.unit).with_description(metric.description).build()
    };
    INSTRUMENTS.get_or_init(|| Instruments {
        people: gauge(&PEOPLE),
        actions: counter(&ACTIONS),
        requests: counter(&REQUESTS),
        durations: meter
            .f64_histogram(DURATIONS.name)
            .with_unit(DURATIONS.unit)
            .with_description(DURATIONS.description)
            // What the conventions advise for it.
            .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0])
            .build(),
        units: counter(&UNITS),
        throttled: counter(&THROTTLED),
        backlog: gauge(&BACKLOG),
        oldest: Since::gauge(meter, &OLDEST),
        missed: counter(&MISSED),
        last_good: Since::gauge(meter, &LAST_GOOD),
        held: gauge(&HELD),
        poison: counter(&POISON),
        provisioned: counter(&PROVISIONED),
    });
}

/// Whether anything is counted.
pub(super) fn is_on() -> bool {
    INSTRUMENTS.get().is_some()
}

fn count(into: impl FnOnce(&Instruments)) {
    if let Some(instruments) = INSTRUMENTS.get() {
        into(instruments);
    }
}

/// The name by which a value goes over the wire everywhere else.
fn name_of(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn partner_is(partner: &str) -> KeyValue {
    KeyValue::new(PARTNER, partner.to_owned())
}

/// People of a partner in each state; states that nobody is in are told too, so that none keeps an old number.
pub(crate) fn people(partner: &str, states: &BTreeMap<State, usize>) {
    count(|instruments| {
        for state in State::ALL {
            let people = states.get(state).copied().unwrap_or_default() as u64;
            instruments.people.record(people, &[partner_is(partner), KeyValue::new(STATE, state.name())]);
        }
    });
}

/// An action that came to an end.
pub(crate) fn action(partner: &str, action: ActionKind, outcome: OutcomeReport) {
    count(|instruments| {
        let action = KeyValue::new(ACTION, name_of(action));
        instruments.actions.add(1, &[partner_is(partner), action, KeyValue::new(OUTCOME, name_of(outcome))]);
    });
}

/// A request to Graph, single or in a batch, with its status if there was an answer.
pub(crate) fn graph_request(method: &str, template: &'static str, status: Option<u16>) {
    count(|instruments| {
        let class = match status {
            Some(status) => format!("{}xx", status / 100),
            None => "none".to_owned(),
        };
        let [method, template] = request(method, template);
        if status == Some(429) {
            instruments.throttled.add(1, &[method.clone(), template.clone()]);
        }
        instruments.requests.add(1, &[method, template, KeyValue::new(STATUS_CLASS, class)]);
    });
}

/// How long a request over the wire took.
pub(super) fn graph_duration(method: &str, template: &'static str, status: Option<u16>, took: Duration) {
    count(|instruments| {
        let mut attributes = request(method, template).to_vec();
        attributes.extend(status.map(|status| KeyValue::new(attribute::HTTP_RESPONSE_STATUS_CODE, i64::from(status))));
        instruments.durations.record(took.as_secs_f64(), &attributes);
    });
}

fn request(method: &str, template: &'static str) -> [KeyValue; 2] {
    [KeyValue::new(attribute::HTTP_REQUEST_METHOD, method.to_owned()), KeyValue::new(attribute::URL_TEMPLATE, template)]
}

/// Resource units that were spent.
pub(crate) fn resource_units(units: u32) {
    count(|instruments| instruments.units.add(u64::from(units), &[]));
}

/// How many people a run left, and since when the one who waits longest is there.
pub(crate) fn backlog(partner: &str, people: usize, oldest: Option<Timestamp>, clock: &Clock) {
    count(|instruments| {
        instruments.backlog.record(people as u64, &[partner_is(partner)]);
        instruments.oldest.set(partner, oldest, clock);
    });
}

/// People whom the quick path missed.
pub(crate) fn missed(partner: &str, people: usize) {
    count(|instruments| instruments.missed.add(people as u64, &[partner_is(partner)]));
}

/// When a partner's last run ended that went through.
pub(crate) fn last_good_run(partner: &str, at: Timestamp, clock: &Clock) {
    count(|instruments| instruments.last_good.set(partner, Some(at), clock));
}

/// How many plans of a partner wait for approval.
pub(crate) fn held(partner: &str, plans: usize) {
    count(|instruments| instruments.held.record(plans as u64, &[partner_is(partner)]));
}

/// A message that was given up.
pub fn poison_message() {
    count(|instruments| instruments.poison.add(1, &[]));
}

/// A request for people that was worked off.
pub(crate) fn provisioned(partner: &str, wish: Wish, answered: bool) {
    count(|instruments| {
        let outcome = KeyValue::new(OUTCOME, if answered { "answered" } else { "failed" });
        instruments.provisioned.add(1, &[partner_is(partner), KeyValue::new(WISH, name_of(wish)), outcome]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_metric_as_it_is() {
        let row = |metric: &&Metric| {
            let attributes: Vec<_> = metric.attributes.iter().map(|name| format!("`{name}`")).collect();
            let Metric { name, instrument, unit, description, .. } = metric;
            format!("| `{name}` | {instrument} | `{unit}` | {description} | {} |\n", attributes.join(" "))
        };
        let head = "| metric | instrument | unit | what it tells | by |\n|---|---|---|---|---|\n";
        let table: String = std::iter::once(head.to_owned()).chain(ALL.iter().map(row)).collect();
        let page = include_str!("../../../docs/telemetry.md");
        assert!(page.contains(&table), "docs/telemetry.md has to show this table:\n{table}");
    }

    #[test]
    fn names_are_those_of_the_other_outputs() {
        assert_eq!(name_of(ActionKind::ResetRedemption), "reset-redemption");
        assert_eq!(name_of(OutcomeReport::Done), "done");
        assert_eq!(name_of(Wish::Retire), "retire");
    }
}
