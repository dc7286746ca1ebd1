//! The summary as a card.
//!
//! Responsible for: what stands where, and how it is worded. Not responsible for: looks and size, which are
//! [`crate::teams`]'s.

use super::text::{ages, counts, times};
use super::{Decision, PartnerSummary, Summary};
use crate::outbox::people::Names;
use crate::people::guard::Held;
use crate::teams::{Card, Priority, Section, Text, Tone};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The card, with times in that zone.
pub fn card(summary: &Summary, names: &Names, zone: &TimeZone) -> Card {
    let time = |at: Timestamp| super::text::time(at, zone);
    let trouble = !summary.failed.is_empty() || summary.partners.iter().any(PartnerSummary::is_in_trouble);
    let tone = match (trouble, summary.partners.iter().any(PartnerSummary::needs_a_person)) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Warning,
        (false, false) => Tone::Good,
    };
    let since = summary.since.map_or_else(|| "so far".to_owned(), |since| format!("since {}", time(since)));
    if summary.is_quiet() {
        return Card::new(Tone::Good, "usher").section(
            Section::new(Priority::Normal, "All quiet")
                .line(format!("Nothing to report {since}. {}", funnels(summary))),
        );
    }
    let mut card = Card::new(tone, "usher: summary").subtitle(format!("{} mode, {since}", summary.mode));
    for gave_up in &summary.failed {
        let section = Section::new(Priority::Urgent, "Work was given up").line(format!(
            "{}. What was asked for stays asked for, and the next tick tries again; `usher status` tells why.",
            time(gave_up.at)
        ));
        card = card.section(section);
    }
    for partner in &summary.partners {
        card = sections(partner, names, zone).into_iter().fold(card, Card::section);
    }
    let next = times(&summary.next, zone);
    let head = &summary.journal_head;
    let about = Section::new(Priority::Detail, "About")
        .fact("Next runs", if next.is_empty() { "not known yet".to_owned() } else { next })
        .fact("Journal", format!("{} {}", head.number, &head.hash[..head.hash.len().min(16)]))
        .fact("usher", summary.version.as_str());
    card.section(about)
}

fn sections(partner: &PartnerSummary, names: &Names, zone: &TimeZone) -> Vec<Section> {
    let urgent = |title: &str| {
        Section::new(Priority::Urgent, Text::strong(partner.partner.as_str()).then(Text::plain(format!(": {title}"))))
    };
    let mut sections = Vec::new();
    let mut wrong = Vec::new();
    if partner.overdue {
        wrong.push("No run has gone through for too long. See `usher status` and the app's log.".to_owned());
    }
    if let Some(reason) = &partner.circuit {
        wrong.push(format!(
            "Graph refuses for more than a person ({reason}), so nothing is sent. `usher circuit close` closes the circuit \
             breaker once that is settled."
        ));
    }
    if partner.missed > 0 {
        wrong.push(format!("The quick path had missed {} people; the full sweep found them.", partner.missed));
    }
    if !wrong.is_empty() {
        sections.push(wrong.into_iter().fold(urgent("something is wrong"), Section::line));
    }
    if let Some(plan) = partner.held_plan.as_ref().filter(|plan| !plan.approved) {
        let until = super::text::time(plan.expires, zone);
        let line = format!(
            "{} actions are held ({}). Look at them with `usher status` or GET /api/plans/{}; `usher approve {} --apply` approves, until {until}.",
            plan.actions, plan.reason, plan.plan, plan.plan
        );
        sections.push(urgent("a plan waits for approval").line(line));
    }
    if let Some(Held { reason, .. }) = &partner.held {
        sections.push(urgent("everything is held").line(format!("{}. {}", reason.name(), reason.advice())));
    }
    if !partner.errors.is_empty() {
        let mut section = urgent("errors");
        for digest in &partner.errors {
            let who = called(&digest.people, digest.count, names);
            let subject = Text::strong(format!("{} x {}", digest.count, digest.code));
            let subject = if digest.of_partner { subject } else { subject.then(Text::plain(": ")).then(who) };
            section = section.item(subject, digest.advice.as_str());
        }
        sections.push(section);
    }
    if !partner.decisions.is_empty() || partner.unsettled > 0 {
        let mut section = urgent("needs a person");
        if partner.unsettled > 0 {
            section = section.line(format!(
                "Of {} people it is not known for more than a day what became of their last step. `usher status` and `usher explain` tell more.",
                partner.unsettled
            ));
        }
        for Decision { reason, count, people } in &partner.decisions {
            let detail = [reason.text(), reason.advice()].join(" ");
            let subject = Text::strong(format!("{count}: ")).then(called(people, *count, names));
            section = section.item(subject, detail.trim_end());
        }
        sections.push(section);
    }
    if let Some(health) = partner.sync.as_ref().filter(|health| !health.findings.is_empty()) {
        let mut section = if health.is_wrong() {
            urgent("cross-tenant synchronization")
        } else {
            let title = format!("{}: cross-tenant synchronization", partner.partner);
            Section::new(Priority::Normal, title)
        };
        for finding in &health.findings {
            section = section.item(Text::plain(finding.evidence.as_str()), finding.remedy.as_str());
        }
        sections.push(section);
    }
    let mut happened = Section::new(Priority::Normal, Text::strong(partner.partner.as_str()));
    let counts = counts(&partner.events);
    happened = happened.line(if counts.is_empty() { "Nothing happened.".to_owned() } else { counts });
    if partner.waiting > 0 {
        happened = happened.line(format!("{} people wait for their wave or their day.", partner.waiting));
    }
    let funnel = &partner.funnel;
    if funnel.all() > 0 {
        happened = happened
            .fact("Redeemed", format!("{} of {}", funnel.redeemed, funnel.all()))
            .fact("Pending", ages(&funnel.pending));
        if funnel.taken_away > 0 {
            happened = happened.fact("Taken away", funnel.taken_away.to_string());
        }
    }
    if let Some(health) = partner.sync.as_ref().filter(|health| health.findings.is_empty()) {
        happened = happened.fact("Synchronization", format!("in order, {}", super::text::time(health.at, zone)));
    }
    sections.push(happened);
    sections
}

/// Some people, and how many more.
fn called(people: &[crate::ids::UserId], count: usize, names: &Names) -> Text {
    let shown = people.iter().take(3);
    let mut text = Text::plain("");
    for (place, person) in shown.enumerate() {
        if place > 0 {
            text = text.then(Text::plain(", "));
        }
        text = text.then(names.call(Some(*person), None));
    }
    match (people.len().min(3), count) {
        (0, _) => Text::plain("nobody by name"),
        (shown, count) if count > shown => text.then(Text::plain(format!(" and {} more", count - shown))),
        _ => text,
    }
}

fn funnels(summary: &Summary) -> String {
    let of = |partner: &PartnerSummary| {
        format!("{}: {} of {} redeemed.", partner.partner, partner.funnel.redeemed, partner.funnel.all())
    };
    summary.partners.iter().map(of).collect::<Vec<_>>().join(" ")
}
