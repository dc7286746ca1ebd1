//! The accounts at the end: what the simulated tenants recorded, held against what usher promises.

use crate::population::Population;
use crate::screen::{Row, Screen};
use crate::site::Site;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use usher_simulator::conformance::check_in_each_cloud;
use usher_simulator::exchange::Exchange;
use usher_simulator::tenant::ExternalUserState;
use uuid::Uuid;

/// Reasons that only say that the work is done.
const DONE: &[&str] = &["accepted", "pending"];

/// What must hold, and whether it does.
#[derive(Default)]
pub(crate) struct Ledger(Vec<(&'static str, bool)>);

impl Ledger {
    /// Notes a claim; one that is noted several times must hold each time.
    pub(crate) fn note(&mut self, claim: &'static str, holds: bool) {
        match self.0.iter_mut().find(|(noted, _)| *noted == claim) {
            Some((_, held)) => *held &= holds,
            None => self.0.push((claim, holds)),
        }
    }

    /// Shows every claim; `true` if all hold.
    pub(crate) fn show(&self, screen: &Screen) -> Result<bool> {
        self.0.iter().try_for_each(|(claim, holds)| screen.claim(claim, *holds))?;
        Ok(self.0.iter().all(|(_, holds)| *holds))
    }
}

/// One site's figures, by name, in the order of the table.
pub(crate) struct Figures {
    pub(crate) people: [(&'static str, String); 4],
    /// People left alone, by reason.
    pub(crate) left_alone: BTreeMap<String, u64>,
    pub(crate) traffic: [(&'static str, String); 6],
}

/// Reads a site's accounts, and notes what must hold.
pub(crate) async fn close(site: &Site, ledger: &mut Ledger) -> Result<Figures> {
    let plan = site.json(&["plan"]).await?;
    let plan = &plan["partners"][0];
    let status = site.json(&["status", "--verify"]).await?;
    let head = &status["journal_head"];
    let hash = head["hash"].as_str().with_context(|| format!("usher status --verify: {status:#}"))?;

    let mut mails: BTreeMap<Uuid, usize> = BTreeMap::new();
    for mail in site.tenant.mails() {
        *mails.entry(mail.user).or_default() += 1;
    }
    let Population { convertible, left_alone: others, .. } = &site.population;
    let twice = mails.values().filter(|count| **count > 1).count();
    let strangers = mails.keys().filter(|id| !convertible.contains(id)).count();
    let as_before =
        site.tenant.with_directory(|directory| others.iter().all(|before| directory.user(before.id) == Some(before)));
    let everybody = convertible.iter().all(|id| mails.contains_key(id));
    ledger.note("Nobody was mailed twice.", twice == 0);
    ledger.note("Nobody was forgotten: whoever can be converted is.", everybody);
    ledger.note("Whoever is to be left alone got no mail, and no property changed.", strangers == 0 && as_before);
    ledger.note(
        "Graph was asked for nothing that the simulated tenant does not know.",
        site.tenant.violations().is_empty(),
    );

    let in_state = |state| {
        site.tenant.with_directory(|directory| {
            let users = mails.keys().filter_map(|id| directory.user(*id));
            users.filter(|user| user.external_user_state == Some(state)).count().to_string()
        })
    };
    let exchanges = site.tenant.exchanges();
    let count =
        |wanted: fn(&Exchange) -> bool| exchanges.iter().filter(|exchange| wanted(exchange)).count().to_string();
    Ok(Figures {
        people: [
            ("people in scope", plan["observed"].to_string()),
            ("converted", mails.len().to_string()),
            ("  redeemed", in_state(ExternalUserState::Accepted)),
            ("  pending", in_state(ExternalUserState::PendingAcceptance)),
        ],
        left_alone: left_alone(plan),
        traffic: [
            ("invitation mails", mails.values().sum::<usize>().to_string()),
            ("people mailed twice", twice.to_string()),
            ("requests to Graph, this demo's looks too", count(|exchange| exchange.path != "/$batch")),
            ("  in so many HTTP requests", count(|exchange| !exchange.in_batch)),
            ("journal segments, chain verified", head["number"].to_string()),
            ("  head", hash.chars().take(12).collect()),
        ],
    })
}

/// A row for each figure that both sites have.
pub(crate) fn side_by_side<const N: usize>(sites: [[(&'static str, String); N]; 2]) -> Vec<Row> {
    let [one, other] = sites;
    one.into_iter().zip(other).map(|((name, one), (_, other))| (name.to_owned(), [one, other])).collect()
}

/// A row for all who are left alone, and one for each reason.
pub(crate) fn reasons(sites: [&BTreeMap<String, u64>; 2]) -> Vec<Row> {
    let all = sites.map(|site| site.values().sum::<u64>().to_string());
    let names: BTreeSet<_> = sites.into_iter().flat_map(BTreeMap::keys).collect();
    let of_each = |name: &String| sites.map(|site| site.get(name).copied().unwrap_or_default().to_string());
    let each = names.into_iter().map(|name| (format!("  {name}"), of_each(name)));
    std::iter::once(("left alone".to_owned(), all)).chain(each).collect()
}

/// People whom a plan leaves alone, by reason.
pub(crate) fn left_alone(plan: &Value) -> BTreeMap<String, u64> {
    let untouched = plan["untouched"].as_object().into_iter().flatten();
    untouched
        .filter(|(reason, _)| !DONE.contains(&reason.as_str()))
        .map(|(reason, people)| (reason.clone(), people.as_u64().unwrap_or_default()))
        .collect()
}

/// Holds everything that went over the wire against the schema that Microsoft publishes for each cloud; says what came
/// of it.
pub(crate) fn check_wire(sites: &[Site], ledger: &mut Ledger) -> String {
    let mut checked = 0;
    for site in sites {
        let report = check_in_each_cloud(site.organisation.cloud, &site.tenant.exchanges());
        if report.skipped.is_some() {
            return "Microsoft's published schemas of Graph are not here, so no request was held against them; README.md \
                    says how to get them."
                .to_owned();
        }
        ledger.note("What was asked and answered agrees with Graph's published schemas.", report.is_clean());
        if !report.is_clean() {
            return report.to_string();
        }
        checked += report.checked;
    }
    format!("{checked} requests and answers were held against the schemas that Microsoft publishes for the two clouds.")
}
