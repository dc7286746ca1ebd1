//! usher's state by the way that production takes: https, and a token of the managed identity.

use crate::azurite::Azurite;
use crate::support::{Config, Output, World, run};
use anyhow::{Context, Result};
use reqwest::{Certificate, Client};
use serde_json::Value;
use std::path::Path;

/// Makes the container, as a deployment would, with a token that the simulated managed identity gives out.
async fn make_container(world: &World, authority: &Path) -> Result<()> {
    let certificate = Certificate::from_pem(&std::fs::read(authority)?)?;
    let client = Client::builder().no_proxy().add_root_certificate(certificate).build()?;
    let query = "api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com";
    let asked = client.get(format!("{}?{query}", world.tenant.identity_endpoint()));
    let asked = asked.header("x-identity-header", world.tenant.identity_header());
    let answer: Value = asked.send().await?.json().await?;
    let token = answer["access_token"].as_str().context("a token")?;
    let made = client.put(format!("{}?restype=container", world.state_setting)).bearer_auth(token);
    made.header("x-ms-version", "2025-01-05").send().await?.error_for_status()?;
    Ok(())
}

async fn usher(world: &World, authority: &Path, arguments: &[&str]) -> Output {
    let mut command = world.command(arguments);
    command.env("SSL_CERT_FILE", authority);
    run(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_reached_by_https_and_a_token_and_a_container_that_is_missing_is_not_made() -> Result<()> {
    let (azurite, authority) = Azurite::start_secure().await?;
    let mut world = World::new(Config::default()).await;
    world.state_setting = azurite.container("usher");
    let ids = world.people(60);
    let output = usher(&world, &authority, &["apply"]).await.exits(1);
    assert!(output.stderr.contains("the deployment makes it"), "{output:?}");
    assert_eq!(world.writes(), 0);

    make_container(&world, &authority).await?;
    usher(&world, &authority, &["apply"]).await.exits(0);
    usher(&world, &authority, &["apply"]).await.exits(0);
    assert_eq!(world.mails_of(&ids), [1; 60]);
    usher(&world, &authority, &["status", "--verify"]).await.exits(0);

    // Without the authority's certificate nobody is believed to be the storage account.
    let output = world.usher(&["status"]).await.exits(1);
    assert!(output.stderr.contains("Azure Storage"), "{output:?}");
    Ok(())
}
