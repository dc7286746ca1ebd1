//! What only several keys together can get wrong.
//!
//! Responsible for: contradictions between keys, each with the place, the reason and the remedy. Not responsible for:
//! single keys (`walk` and `formats`).

use super::environment::TEAMS_WEBHOOK_URL;
use super::errors::{Findings, quoted};
use super::partner::Partner;
use super::settings::Config;
use crate::address::Domain;
use crate::ids::GroupId;
use std::collections::HashMap;

/// Reports every contradiction.
pub(super) fn contradictions(config: &Config, findings: &mut Findings) {
    partners(config, findings);
    domains(config, findings);
    groups(config, findings);
    for (index, partner) in config.partners.iter().enumerate() {
        let path = format!("partner[{index}]");
        pilot(partner, &path, findings);
        reminders(partner, &path, findings);
        memory(config, partner, &path, findings);
        synchronization(partner, &path, findings);
    }
    webhooks(config, findings);
}

/// Partners are other tenants, each once, in a cloud that this one can work with.
fn partners(config: &Config, findings: &mut Findings) {
    for (index, partner) in config.partners.iter().enumerate() {
        let tenant_id = format!("partner[{index}].tenant_id");
        if partner.tenant_id == config.tenant.id {
            findings.contradiction(
                &[&tenant_id, "tenant.id"],
                "the partner is this tenant itself",
                "Write the id of the other tenant, the one that the people come from.",
            );
        }
        let cloud = format!("partner[{index}].cloud");
        if !config.tenant.cloud.can_partner_with(partner.cloud) {
            findings.contradiction(
                &[&cloud, "tenant.cloud"],
                format!("tenants in {} and in {} cannot work together", config.tenant.cloud, partner.cloud),
                "Correct the cloud of the partner or of [tenant]; Microsoft offers no B2B collaboration between them.",
            );
        }
        for (earlier, other) in config.partners[..index].iter().enumerate() {
            if partner.name == other.name {
                let (name, first) = (format!("partner[{index}].name"), format!("partner[{earlier}].name"));
                let place = place(findings, &first);
                findings.contradiction(
                    &[&name, &first],
                    format!("{place} has the same name"),
                    "Give each partner a name of its own; URLs and the journal know it by that.",
                );
            }
            if partner.tenant_id == other.tenant_id {
                let first = format!("partner[{earlier}].tenant_id");
                let place = place(findings, &first);
                findings.contradiction(
                    &[&tenant_id, &first],
                    format!("{place} is the same tenant"),
                    "Put everything about one tenant into one [[partner]].",
                );
            }
        }
    }
}

/// A domain belongs to one list of one partner; twice in the same list is harmless.
fn domains(config: &Config, findings: &mut Findings) {
    let mut first: HashMap<&Domain, (usize, &str, String)> = HashMap::new();
    for (index, partner) in config.partners.iter().enumerate() {
        let scope = &partner.scope;
        for (key, list) in [("domains", &scope.domains), ("previous_domains", &scope.previous_domains)] {
            for (position, domain) in list.iter().enumerate() {
                let path = format!("partner[{index}].scope.{key}[{position}]");
                match first.get(domain) {
                    None => _ = first.insert(domain, (index, key, path)),
                    Some((other, other_key, _)) if (*other, *other_key) == (index, key) => {}
                    Some((other, other_key, place_of)) => {
                        let whose = if *other == index { "this" } else { "another" };
                        let line = line(findings, place_of);
                        findings.contradiction(
                            &[&path, place_of],
                            format!("{domain} is already in {other_key} of {whose} partner{line}"),
                            "Keep it in one list of one partner: domains invites its people, \
                             previous_domains only keeps them.",
                        );
                    }
                }
            }
        }
    }
}

/// Groups that let in, keep out, are joined and are protected do not overlap where that would defeat one of them.
fn groups(config: &Config, findings: &mut Findings) {
    const PROTECTED: &str = "tenant.protected_group";
    let protected = config.tenant.protected_group;
    let paths = |index: usize, key: &str, groups: &[GroupId]| -> Vec<(GroupId, String)> {
        let path = |(position, group): (usize, &GroupId)| (*group, format!("partner[{index}].{key}[{position}]"));
        groups.iter().enumerate().map(path).collect()
    };
    let mut scopes = Vec::new();
    for (index, partner) in config.partners.iter().enumerate() {
        let within = paths(index, "scope.groups", &partner.scope.groups);
        let excluded = paths(index, "scope.exclude_groups", &partner.scope.exclude_groups);
        for (group, path) in &excluded {
            if let Some((_, other)) = within.iter().find(|(other, _)| other == group) {
                let line = line(findings, other);
                findings.contradiction(
                    &[path, other],
                    format!("the group is in scope.groups too{line}, so nobody in it would be in scope"),
                    "Remove it from one of the two lists.",
                );
            }
        }
        for (_, path) in within.iter().filter(|(group, _)| Some(*group) == protected) {
            findings.contradiction(
                &[path, PROTECTED],
                "this is the protected group, whose members are never touched",
                "Write another group here, or another protected_group in [tenant].",
            );
        }
        scopes.extend(within.into_iter().chain(excluded));
    }
    for (index, partner) in config.partners.iter().enumerate() {
        for (group, path) in paths(index, "invite.groups", &partner.invite.groups) {
            if Some(group) == protected {
                findings.contradiction(
                    &[&path, PROTECTED],
                    "this is the protected group: who joined it could never be touched again",
                    "Write another group here.",
                );
            }
            if let Some((_, other)) = scopes.iter().find(|(other, _)| *other == group) {
                let line = line(findings, other);
                findings.contradiction(
                    &[&path, other],
                    format!(
                        "the group also decides who is in scope ({other}{line}), so joining \
                         it would change the scope"
                    ),
                    "Write a group here that no partner's scope uses.",
                );
            }
        }
    }
}

/// Somebody outside of the domains is never in scope, so naming them in the pilot is a slip.
fn pilot(partner: &Partner, path: &str, findings: &mut Findings) {
    let domains = [format!("{path}.scope.domains"), format!("{path}.scope.previous_domains")];
    for (position, address) in partner.pilot.iter().enumerate() {
        if !partner.domain_is_listed(address.domain()) {
            findings.contradiction(
                &[&format!("{path}.pilot[{position}]"), &domains[0], &domains[1]],
                "the address is in none of the partner's domains, so nobody would be touched for it",
                "Correct the address, or add its domain to scope.domains.",
            );
        }
    }
}

/// Reminders come in order and before the invitation expires.
fn reminders(partner: &Partner, path: &str, findings: &mut Findings) {
    let days = &partner.invite.resend_after_days;
    let entry = |position: usize| format!("{path}.invite.resend_after_days[{position}]");
    for (position, pair) in days.windows(2).enumerate() {
        if pair[0] >= pair[1] {
            findings.contradiction(
                &[&entry(position + 1), &entry(position)],
                format!("{} does not come after {}", pair[1], pair[0]),
                "Write the days in ascending order, each once.",
            );
        }
    }
    if let Some(expires) = partner.invite.expires_after_days() {
        for (position, day) in days.iter().enumerate().filter(|(_, day)| **day >= expires) {
            findings.contradiction(
                &[&entry(position), &format!("{path}.invite.expire_after_days")],
                format!("day {day} is not before expire_after_days = {expires}, so it would never be sent"),
                "Remove it, or raise expire_after_days (0 = never).",
            );
        }
    }
}

/// The journal outlives every clock that runs from what is in it.
fn memory(config: &Config, partner: &Partner, path: &str, findings: &mut Findings) {
    const KEEP: &str = "state.keep_journal_days";
    let kept = config.state.keep_journal_days;
    let clocks = [
        ("invite.expire_after_days", partner.invite.expire_after_days),
        ("leave.delete_after_days", partner.leave.delete_after_days),
    ];
    for (key, days) in clocks.into_iter().filter(|(_, days)| *days >= kept) {
        findings.contradiction(
            &[&format!("{path}.{key}"), KEEP],
            format!("after {days} days the journal, kept {kept} days, no longer knows when they began"),
            format!("Lower it, or raise keep_journal_days in [state] above {days}."),
        );
    }
}

/// Mappings that Microsoft's service refuses, or that another key already says.
fn synchronization(partner: &Partner, path: &str, findings: &mut Findings) {
    const NO_TARGETS: [&str; 4] = ["alternativeSecurityIds", "otherMails", "proxyAddresses", "targetAddress"];
    const NO_SOURCES: [&str; 2] = ["samAccountName", "userType"];
    const LONGEST_EXPRESSION: usize = 10_000;
    let Some(sync) = &partner.sync else { return };
    if let Err(error) = crate::sync::filter::parse(&sync.filter) {
        findings.contradiction(
            &[&format!("{path}.sync.filter")],
            error.to_string(),
            "Write conditions such as department EQUALS \"Sales\" with AND and OR between them.",
        );
    }
    for (target, source) in &sync.attributes {
        // The keys are names of attributes; others are quoted in paths.
        let path = super::walk::join(&format!("{path}.sync.attributes"), target);
        let same = |name: &&str| name.eq_ignore_ascii_case(target);
        let mut report = |message: String, advice: &str| findings.contradiction(&[&path], message, advice);
        if same(&"userType") {
            report("user_type in [partner.sync] says this already".to_owned(), "Remove the mapping.");
        } else if let Some(name) = NO_TARGETS.iter().find(|name| same(name)) {
            report(format!("{name} cannot be the target of a mapping"), "Remove the mapping.");
        }
        if source.trim().is_empty() {
            report(
                "the source is empty".to_owned(),
                "Name a source attribute or an expression, or remove the mapping.",
            );
        } else if let Some(name) = NO_SOURCES.iter().find(|name| name.eq_ignore_ascii_case(source.trim())) {
            report(format!("{} cannot be a source", quoted(name)), "Name another attribute.");
        } else if source.chars().count() > LONGEST_EXPRESSION {
            report(format!("the expression is longer than {LONGEST_EXPRESSION} characters"), "Shorten it.");
        }
    }
}

/// The Teams channel gets its card, not plain JSON as well.
fn webhooks(config: &Config, findings: &mut Findings) {
    for (position, _) in config.report.webhooks.iter().enumerate().filter(|(_, name)| *name == TEAMS_WEBHOOK_URL) {
        findings.contradiction(
            &[&format!("report.webhooks[{position}]")],
            format!("{TEAMS_WEBHOOK_URL} is for the Teams card and takes no plain JSON"),
            "Remove it; the card needs no entry here.",
        );
    }
}

/// How to call the partner at a path in a message.
fn place(findings: &Findings, path: &str) -> String {
    findings.line(path).map_or_else(|| "another partner".to_owned(), |line| format!("the partner on line {line}"))
}

/// Where a key is, for a message.
fn line(findings: &Findings, path: &str) -> String {
    findings.line(path).map_or_else(String::new, |line| format!(" on line {line}"))
}
