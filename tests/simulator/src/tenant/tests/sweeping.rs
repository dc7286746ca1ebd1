//! A sweep of a large tenant: what the simulated tenant itself needs for it bounds every test of such a sweep.

use super::Client;
use std::time::{Duration, Instant};

const PEOPLE: u32 = 100_000;

const SELECT: &str = "id,userPrincipalName,displayName,mail,otherMails,proxyAddresses,identities,userType,\
                      accountEnabled,creationType,externalUserState,externalUserStateChangeDateTime,createdDateTime,\
                      onPremisesSyncEnabled,onPremisesExtensionAttributes";

/// Far above what a debug build needs on a slow machine, and far below what would make large tests impractical.
const BOUND: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_hundred_thousand_people_are_swept_in_101_pages_and_nothing_is_kept_of_them() {
    let client = Client::with(|options| options.record_bodies = false).await;
    client.sync(PEOPLE);
    let begin = Instant::now();
    let mut url = format!("{}/v1.0/users?$top=999&$select={SELECT}", client.tenant.graph_root());
    let (mut pages, mut people) = (0, 0);
    loop {
        let response = client.http.get(&url).bearer_auth(&client.token).send().await.unwrap();
        let body = response.text().await.unwrap();
        pages += 1;
        people += body.matches("\"userPrincipalName\":\"person").count();
        // Read by hand: what is measured is the tenant, not this test.
        let Some((_, next)) = body.get(..2000).unwrap().split_once("\"@odata.nextLink\":\"") else {
            break;
        };
        url = next.split_once('"').unwrap().0.to_owned();
    }
    let took = begin.elapsed();
    assert_eq!((pages, people), (101, 100_000));
    assert!(took < BOUND, "{took:?}");
    assert!(client.tenant.exchanges().iter().all(|exchange| exchange.response.is_none()));
    assert_eq!(client.tenant.usage().units, 101, "a page of selected properties costs 1");
}
