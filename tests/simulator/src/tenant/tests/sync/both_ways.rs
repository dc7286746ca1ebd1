//! Tenants that write into each other, while both are asked.

use super::{Client, Pair, secrets};
use crate::cloud::Cloud;
use crate::tenant::tests::answer;
use serde_json::json;
use uuid::Uuid;

/// A configuration of the target for its own people, into the source.
async fn back(pair: &mut Pair) -> Uuid {
    let (home, here) = (&pair.source, &mut pair.target);
    here.permit(super::PERMISSIONS);
    super::agree(here, home);
    let (_, made) = here.post(super::GALLERY, json!({"displayName": "Back"})).await;
    let principal: Uuid = made["servicePrincipal"]["id"].as_str().unwrap().parse().unwrap();
    let root = format!("/servicePrincipals/{principal}/synchronization");
    let (_, job) = here.post(&format!("{root}/jobs"), json!({"templateId": "Azure2Azure"})).await;
    let home = home.tenant.with_directory(|directory| directory.tenant_id());
    assert_eq!(here.put(&format!("{root}/secrets"), secrets(home, &[("SyncAll", "true")])).await.0, 204);
    let path = format!("{root}/jobs/{}/start", job["id"].as_str().unwrap());
    assert_eq!(here.post(&path, json!({})).await.0, 204);
    principal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_in_a_circle_and_nobody_is_sent_home() {
    let mut pair = Pair::new(Cloud::Global).await;
    let ada = pair.add("ada");
    let bob = pair.target.tenant.with_directory(|directory| directory.create_colleague("bob"));
    back(&mut pair).await;
    let front = pair.site.front().await.unwrap();
    let ask = |client: &Client| {
        let request = client.http.get(format!("{}/v1.0/users", front.graph_root())).bearer_auth(&client.token);
        let tenant = client.tenant.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                tenant.run_sync();
                assert_eq!(answer(request.try_clone().unwrap()).await.0, 200);
            }
        })
    };
    let tasks = [ask(&pair.source), ask(&pair.target), ask(&pair.source), ask(&pair.target)];
    for task in tasks {
        task.await.unwrap();
    }
    assert!(pair.there(ada).is_some());
    let here = pair.target_id();
    pair.source.tenant.with_directory(|directory| {
        assert!(directory.synchronized_user(here, bob).is_some());
        // Whoever came from here is external there, so nobody comes back.
        assert_eq!(directory.users().count(), 2);
    });
}
