//! Who signs in to set a tenant up, and how that ends.

use super::{CLIENT, Pair, certificate, new_certificate};
use crate::support::run;
use anyhow::Result;
use jiff::SignedDuration;

const HERE: &str = "[partner.trust]\ninbound = true\ntrust_mfa = true\n";

#[tokio::test(flavor = "multi_thread")]
async fn only_the_permissions_of_the_command_are_asked_for_and_the_code_is_shown() -> Result<()> {
    let mut pair = Pair::new("", HERE).await?;
    pair.resource.leave_codes();
    let command = pair.command(&pair.resource, &["trust", "plan", "--json"]);
    let running = tokio::spawn(run(command));
    let code = loop {
        if let Some(code) = pair.resource.tenant.device_codes().into_iter().next() {
            break code;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(
        (code.client_id, code.scopes),
        (CLIENT, vec!["Policy.Read.All".to_owned(), "offline_access".to_owned()])
    );
    pair.resource.tenant.approve_device_code(&code.user_code, pair.resource.administrator)?;
    let output = running.await?.exits(0);
    assert!(output.stderr.contains(&code.user_code), "{}", output.stderr);
    assert!(!output.stdout.contains(&code.user_code), "stdout is the document alone");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_declined_or_forgotten_ends_the_command_with_what_to_do() -> Result<()> {
    let mut pair = Pair::new("", HERE).await?;
    pair.resource.leave_codes();
    for declined in [true, false] {
        let running = tokio::spawn(run(pair.command(&pair.resource, &["trust", "apply", "--json"])));
        let code = loop {
            if let Some(code) = pair.resource.tenant.device_codes().into_iter().next() {
                break code.user_code;
            }
            tokio::task::yield_now().await;
        };
        if declined {
            pair.resource.tenant.decline_device_code(&code)?;
        } else {
            pair.clock.advance(SignedDuration::from_mins(16));
        }
        let told = running.await?.exits(1).json();
        let message = told["partners"][0]["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(message.contains(if declined { "declined" } else { "before the code was over" }), "{told:#}");
    }
    assert_eq!(pair.resource.writes(), 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_consented_to_is_told_with_what_helps() -> Result<()> {
    let pair = Pair::new("", HERE).await?;
    pair.resource.directory(|directory| directory.register_public_client(CLIENT, &["User.Read"]));
    let told = pair.usher(&pair.resource, &["trust", "apply"]).await.exits(1).json();
    let message = told["partners"][0]["error"]["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("AADSTS65001") && message.contains("consent"), "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_to_sign_in_nothing_is_changed_and_the_way_is_told() -> Result<()> {
    let pair = Pair::new("", HERE).await?;
    pair.resource.configure(&format!("client_id = \"{CLIENT}\""), "client_id = \"\"")?;
    let told = pair.usher(&pair.resource, &["trust", "apply"]).await.exits(2).json();
    let advice = told["error"]["advice"].as_str().unwrap_or_default();
    assert!(advice.contains("[setup] client_id") && advice.contains("AZURE_CLIENT_CERTIFICATE_PATH"), "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_can_sign_in_by_its_certificate_and_no_other() -> Result<()> {
    let pair = Pair::new("", HERE).await?;
    let application = uuid::Uuid::from_u128(77);
    let (ours, public) = certificate();
    let (theirs, _) = new_certificate()?;
    let granted = ["Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess"];
    pair.resource.directory(|directory| directory.register_certificate_client(application, public, &granted))?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("certificate.pem");
    for (pem, exit) in [(&theirs, 1), (ours, 0)] {
        std::fs::write(&file, pem)?;
        let mut command = pair.command(&pair.resource, &["trust", "apply", "--json"]);
        command.env("AZURE_CLIENT_CERTIFICATE_PATH", &file).env("AZURE_CLIENT_ID", application.to_string());
        run(command).await.exits(exit);
    }
    std::fs::write(&file, "no certificate")?;
    let mut command = pair.command(&pair.resource, &["trust", "apply", "--json"]);
    command.env("AZURE_CLIENT_CERTIFICATE_PATH", &file).env("AZURE_CLIENT_ID", application.to_string());
    let told = run(command).await.exits(2).json();
    assert_eq!(told["error"]["code"], "AZURE_CLIENT_CERTIFICATE_PATH");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_without_the_role_is_told_that_it_is_missing() -> Result<()> {
    let pair = Pair::new("", HERE).await?;
    let administrator = pair.resource.administrator;
    pair.resource.directory(|directory| directory.remove_roles(administrator));
    let told = pair.usher(&pair.resource, &["trust", "apply"]).await;
    let told = told.exits(1).json();
    assert!(told.to_string().contains("directory role"), "{told:#}");
    Ok(())
}
