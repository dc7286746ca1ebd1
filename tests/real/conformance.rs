//! usher's state in a blob container keeps the rules of every store.

use crate::azurite::Azurite;
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use usher_shared::state::blob::BlobStore;
use usher_shared::state::{Store, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn a_container_in_azurite_keeps_the_rules_of_every_store() -> Result<()> {
    let azurite = Azurite::start().await?;
    let made = AtomicU32::new(0);
    conformance::all(|| async {
        let name = format!("store-{}", made.fetch_add(1, Ordering::Relaxed));
        let container = azurite.container(&name).parse().expect("an address");
        Arc::new(BlobStore::in_azurite(container)) as Arc<dyn Store>
    })
    .await;
    Ok(())
}
