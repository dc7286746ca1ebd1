//! Reads the policies that checks are about, and hands them to their judges.
//!
//! Responsible for: asking whoever sets tenants up, and asking nobody to sign in again who could not the first time. What
//! cannot be read is unknown. Not responsible for: judging; see [`super::access`] and [`super::conditional_access`].

use super::access::{self, BroughtIn};
use super::{catalogue as ids, conditional_access};
use crate::checks::Check;
use crate::clouds::Cloud;
use crate::config::{Config, Partner};
use crate::graph::setup::SetupReader;
use crate::graph::setup::policies::ConditionalAccess;
use crate::graph::{GraphError, Kind};
use crate::journal::memory::Memory;
use crate::tri::Tri;
use crate::trust::observe::{Observed, observe};
use crate::trust::verify::{Side, one_side};
use std::collections::BTreeMap;
use std::future::Future;

const POLICIES: &str = "Policy.Read.All";
const ORGANIZATIONS: &str = "MultiTenantOrganization.ReadBasic.All";

/// Asks, until it turns out that nobody signed in.
pub(super) struct Asker<'a> {
    pub(super) reader: &'a SetupReader,
    nobody: Option<GraphError>,
}

impl<'a> Asker<'a> {
    pub(super) const fn new(reader: &'a SetupReader) -> Self {
        Self { reader, nobody: None }
    }

    /// Why nobody is asked any more.
    pub(super) const fn nobody(&self) -> Option<&GraphError> {
        self.nobody.as_ref()
    }

    async fn ask<T>(&mut self, request: impl Future<Output = Result<T, GraphError>>) -> Result<T, GraphError> {
        if let Some(error) = &self.nobody {
            return Err(error.clone());
        }
        let answer = request.await;
        if let Err(error) = &answer
            && error.kind == Kind::Unauthenticated
            && error.status.is_none()
        {
            self.nobody = Some(error.clone());
        }
        answer
    }
}

/// What the policies say, and of each partner whether it may push people here.
pub(super) struct Policies {
    pub(super) checks: Vec<Check>,
    pub(super) sync_allowed: BTreeMap<String, Tri>,
}

/// Reads and judges all of them.
pub(super) async fn look(asker: &mut Asker<'_>, config: &Config, memory: &Memory) -> Policies {
    let reader = asker.reader;
    let subject = "this tenant";
    let brought: BTreeMap<_, _> =
        config.partners.iter().map(|one| (one.name.as_str(), access::brought_in(memory, &one.name))).collect();
    let has_invited = brought.values().any(|brought| !brought.is_empty());
    let mut policies = Policies { checks: Vec::new(), sync_allowed: BTreeMap::new() };
    policies.checks.push(match asker.ask(reader.authorization_policy()).await {
        Ok(policy) => access::invites(policy.allow_invites_from.as_deref(), has_invited),
        Err(error) => Check::unreadable(ids::INVITES, subject, &error, POLICIES),
    });
    let conditional = asker.ask(reader.conditional_access()).await;
    let mut size = None;
    for partner in &config.partners {
        let brought = &brought[partner.name.as_str()];
        policies.checks.push(access::domain_lists(partner, brought, memory));
        let observed = asker.ask(observe(reader, partner.tenant_id)).await;
        let allowed = observed.as_ref().ok().map(|observed| observed.sync_allowed.unwrap_or_default());
        policies.sync_allowed.insert(partner.name.clone(), allowed.into());
        match observed {
            Ok(observed) => {
                size = Some(observed.size);
                policies.checks.extend(of_partner(config.tenant.cloud, partner, &observed, brought, &conditional));
                let organization = organization(asker, config.tenant.cloud, partner, &observed).await;
                policies.checks.push(organization);
            }
            Err(error) => {
                let trust = partner.trust.as_ref().map(|_| ids::TRUST);
                let all = [ids::INBOUND, ids::REDEMPTION, ids::OTHER_CLOUD, ids::SYNC_IN, ids::CONDITIONAL_ACCESS];
                let unread = |id| Check::unreadable(id, &partner.name, &error, POLICIES);
                policies.checks.extend(all.into_iter().chain(trust).map(unread));
                policies.checks.push(Check::unreadable(ids::ORGANIZATIONS, &partner.name, &error, ORGANIZATIONS));
            }
        }
    }
    policies.checks.push(match size {
        Some(size) => access::policy_size(size),
        None => Check::unknown(ids::POLICY_SIZE, subject, "the policy could not be read", "See access.inbound."),
    });
    policies
}

fn of_partner(
    cloud: Cloud,
    partner: &Partner,
    observed: &Observed,
    brought: &BroughtIn,
    conditional: &Result<Vec<ConditionalAccess>, GraphError>,
) -> Vec<Check> {
    let mut checks = vec![
        access::inbound(partner, observed),
        access::redemption(partner, observed),
        access::other_cloud(cloud, partner, observed, brought),
        access::sync_in(partner, observed),
    ];
    checks.extend(one_side(Side { cloud, partner, observed }));
    match conditional {
        Ok(policies) => checks.extend(conditional_access::judge(partner, observed.trust(), policies)),
        Err(error) => checks.push(Check::unreadable(ids::CONDITIONAL_ACCESS, &partner.name, error, POLICIES)),
    }
    checks
}

async fn organization(asker: &mut Asker<'_>, cloud: Cloud, partner: &Partner, observed: &Observed) -> Check {
    if cloud != Cloud::Global {
        let why = "Graph of this cloud knows no multitenant organizations";
        return Check::not_applicable(ids::ORGANIZATIONS, &partner.name, why);
    }
    let reader = asker.reader;
    match asker.ask(reader.multi_tenant_organization()).await {
        Ok(found) => access::organization(partner, observed, found.as_ref()),
        // The partner's own settings say it as well.
        Err(_) if access::in_organization(observed).is_some() => access::organization(partner, observed, None),
        Err(error) => Check::unreadable(ids::ORGANIZATIONS, &partner.name, &error, ORGANIZATIONS),
    }
}
