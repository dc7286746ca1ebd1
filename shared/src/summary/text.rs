//! The summary in words: at a terminal, and the parts that card and terminal share.

use super::events::Events;
use super::{Decision, PartnerSummary, Summary};
use crate::journal::record::{ActionKind, Job};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What happened, by kind, without what did not.
pub(super) fn counts(events: &Events) -> String {
    let kinds: [(&str, &[ActionKind]); 8] = [
        ("invited", &[ActionKind::Invite]),
        ("converted", &[ActionKind::Convert]),
        ("sent again", &[ActionKind::Resend, ActionKind::ResetRedemption]),
        ("updated", &[ActionKind::Update, ActionKind::SetSponsor]),
        ("groups", &[ActionKind::AddToGroup, ActionKind::RemoveFromGroup]),
        ("disabled", &[ActionKind::Disable]),
        ("deleted", &[ActionKind::Delete]),
        ("given back", &[ActionKind::Enable, ActionKind::Restore]),
    ];
    let mut counts: Vec<_> = kinds.iter().map(|(name, kinds)| (*name, events.done(kinds))).collect();
    counts.insert(2, ("redeemed", events.redeemed));
    counts.push(("refused", events.failed));
    let told = counts.into_iter().filter(|(_, count)| *count > 0);
    told.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(" · ")
}

/// How old what is pending is.
pub(super) fn ages(pending: &[usize; 4]) -> String {
    let all: usize = pending.iter().sum();
    if all == 0 {
        return "nobody".to_owned();
    }
    let names = ["up to 7 days", "up to 14", "up to 30", "longer"];
    let told = names.iter().zip(pending).filter(|(_, count)| **count > 0);
    let parts: Vec<_> = told.map(|(name, count)| format!("{count} {name}")).collect();
    format!("{all}: {}", parts.join(", "))
}

/// A time to the minute, in a zone.
pub(crate) fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// When each timer will tick next.
pub(super) fn times(next: &BTreeMap<Job, Timestamp>, zone: &TimeZone) -> String {
    let mut next: Vec<_> = next.iter().collect();
    next.sort_by_key(|(_, at)| **at);
    next.iter().map(|(job, at)| format!("{job} {}", time(**at, zone))).collect::<Vec<_>>().join(", ")
}

/// The summary at a terminal.
pub fn text(summary: &Summary, zone: &TimeZone) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let since = summary.since.map_or_else(|| "so far".to_owned(), |since| format!("since {}", time(since, zone)));
    _ = writeln!(out, "{} mode, {since}", summary.mode);
    for gave_up in &summary.failed {
        _ = writeln!(out, "GIVEN UP {}: {}", time(gave_up.at, zone), gave_up.cause);
    }
    for partner in &summary.partners {
        _ = writeln!(out, "\n{}", partner.partner);
        lines(partner, zone).iter().for_each(|line| _ = writeln!(out, "  {line}"));
    }
    _ = writeln!(out, "\njournal: segment {}, {}", summary.journal_head.number, summary.journal_head.hash);
    out
}

fn lines(partner: &PartnerSummary, zone: &TimeZone) -> Vec<String> {
    let counts = counts(&partner.events);
    let mut lines = vec![if counts.is_empty() { "nothing happened".to_owned() } else { counts }];
    if partner.funnel.all() > 0 {
        let funnel = &partner.funnel;
        lines.push(format!("{} of {} redeemed; pending {}", funnel.redeemed, funnel.all(), ages(&funnel.pending)));
    }
    if partner.overdue {
        lines.push("OVERDUE: no run went through for too long".to_owned());
    }
    lines.extend(partner.circuit.iter().map(|reason| format!("CIRCUIT OPEN: {reason}")));
    lines.extend(partner.held.iter().map(|held| format!("HELD. {}", held.reason.advice())));
    lines.extend(partner.held_plan.iter().filter(|plan| !plan.approved).map(|plan| {
        format!("plan {} of {} actions waits for approval until {}", plan.plan, plan.actions, time(plan.expires, zone))
    }));
    let decision = |decision: &Decision| {
        let reason = decision.reason;
        format!("{} x {}: {} {}", decision.count, reason.name(), reason.text(), reason.advice()).trim_end().to_owned()
    };
    lines.extend(partner.decisions.iter().map(decision));
    lines.extend(partner.errors.iter().map(|digest| format!("{} x {}: {}", digest.count, digest.code, digest.advice)));
    for finding in partner.sync.iter().flat_map(|health| &health.findings) {
        let line = format!("cross-tenant synchronization: {} {}", finding.evidence, finding.remedy);
        lines.push(line.trim_end().to_owned());
    }
    lines
}
