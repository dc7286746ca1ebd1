//! What the tenant has bought: `GET /subscribedSkus`, and the plans of the organisation.
//!
//! Not responsible for: licences of users (`actors`).

use super::auth::Caller;
use super::options::TenantOptions;
use super::plain::show_all;
use super::query::Query;
use super::request::{GraphResult, Request};
use super::state::State;
use crate::cloud::Cloud;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

const PERMISSIONS: &[&str] = &[
    "LicenseAssignment.Read.All",
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];
/// How many of each.
const UNITS: u32 = 1000;

/// A plan of Entra ID.
struct Plan {
    id: Uuid,
    name: &'static str,
}

const P1: Plan = Plan { id: uuid!("41781fb2-bc02-4b7c-bd55-b576c07bb09d"), name: "AAD_PREMIUM" };
const P2: Plan = Plan { id: uuid!("eec0eb4f-6444-4f95-aba0-50c24d67f998"), name: "AAD_PREMIUM_P2" };

/// A product: a licence, by the name that it is sold under, and its plans.
struct Product {
    id: Uuid,
    name: &'static str,
    plans: &'static [Plan],
}

const PREMIUM: Product =
    Product { id: uuid!("078d2b04-f1bd-4111-bbd4-b4b1b354cef4"), name: "AAD_PREMIUM", plans: &[P1] };
const PREMIUM_P2: Product =
    Product { id: uuid!("84a661c4-e949-4bd2-a560-ed7766fcaf2b"), name: "AAD_PREMIUM_P2", plans: &[P1, P2] };

fn products(options: &TenantOptions) -> impl Iterator<Item = Product> {
    options.p1.then_some(PREMIUM).into_iter().chain(options.p2.then_some(PREMIUM_P2))
}

/// The ids of the plans that the organisation has, each once.
pub(super) fn plans(options: &TenantOptions) -> Vec<Uuid> {
    let mut plans: Vec<Uuid> = products(options).flat_map(|product| product.plans).map(|plan| plan.id).collect();
    plans.sort();
    plans.dedup();
    plans
}

/// `GET /subscribedSkus`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(PERMISSIONS)?;
    let query = Query::parse(request, &["$select"])?;
    let options = &state.directory.options;
    let products = products(options).map(|product| product.object(options));
    show_all(state, request, &query, "subscribedSkus", "subscribedSku", products)
}

impl Product {
    fn object(&self, options: &TenantOptions) -> Value {
        let plans = self.plans.iter().map(|plan| {
            json!({
                "servicePlanId": plan.id,
                "servicePlanName": plan.name,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            })
        });
        let mut units = json!({"enabled": UNITS, "suspended": 0, "warning": 0});
        if options.cloud == Cloud::Global {
            units["lockedOut"] = json!(0);
        }
        json!({
            "id": format!("{}_{}", options.id, self.id),
            "accountId": options.id,
            "accountName": options.display_name,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": 0,
            "prepaidUnits": units,
            "servicePlans": plans.collect::<Vec<_>>(),
            "skuId": self.id,
            "skuPartNumber": self.name,
            "subscriptionIds": [],
        })
    }
}
