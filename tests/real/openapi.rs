//! usher answers over HTTP what its OpenAPI document says; schemathesis tries to show that it does not.
//!
//! Responsible for: a world to call, schemathesis as a child process, and what it found. `schemathesis.toml` says how it
//! looks. Not responsible for: installing it; `pip install -r requirements.txt` does.

use crate::support::{Config, World, app};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use std::path::Path;
use tokio::process::Command;
use usher_simulator::host::Host;
use usher_simulator::tenant::OnPremises;
use uuid::Uuid;

/// The variable that names its executable.
const EXECUTABLE: &str = "SCHEMATHESIS";
/// The host's own key.
const KEY: &str = "host-key";

#[tokio::test(flavor = "multi_thread")]
async fn schemathesis_gets_no_answer_that_the_openapi_document_does_not_describe() -> Result<()> {
    let executable = std::env::var_os(EXECUTABLE).with_context(|| {
        format!(
            "{EXECUTABLE} is not set: it names schemathesis's executable, which `pip install -r \
             tests/real/requirements.txt` puts into a virtual environment"
        )
    })?;
    let (world, person, plan) = somebody_to_approve().await?;
    let mut options = app::options(world.app(), world.clock.clone(), world.variables());
    options.settings.push(("WEBSITE_AUTH_ENABLED".to_owned(), "True".to_owned()));
    let host = Host::start(options).await?;
    let address = host.listen().await?;

    // What it leaves behind, such as examples that it remembers, goes with the folder.
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("schemathesis.toml"), include_str!("schemathesis.toml"))?;
    world.usher(&["provision", &person.to_string()]).await;
    let answered = std::fs::read_dir(world.state().join("provision"))?.next().context("a request")??.file_name();
    let answered = answered.to_string_lossy().into_owned();
    let address_of_person = "person-0001@fabrikam.us".to_owned();
    let dictionaries =
        [("people", person.to_string()), ("addresses", address_of_person), ("plans", plan), ("requests", answered)];
    for (dictionary, entry) in dictionaries {
        std::fs::write(folder.path().join(dictionary), format!("\"{entry}\"\n"))?;
    }
    let mut command = Command::new(&executable);
    // The published document and not the served one, whose operation it would leave out then. A test says they are the same.
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    command.args(["run", "--no-color", "--url", &format!("http://{address}")]).arg(document);
    command.current_dir(folder.path());
    command.env("FUNCTION_KEY", KEY).env("PRINCIPAL", approver(&world));
    let output = command.kill_on_drop(true).output().await?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    ensure!(output.status.success(), "what schemathesis says is above. {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A world with runs behind it and a plan that waits: one of its people, and the plan's name.
async fn somebody_to_approve() -> Result<(World, Uuid, String)> {
    let mut world = World::new(Config { limits: "waves = []".into(), ..Config::default() }).await;
    // So slowly that the plan is not over before the test is.
    world.clock.set_speed(20.0);
    let people = world.people(6);
    assert_eq!(world.sweep().await.done("convert").len(), people.len());
    let left = world.directory(|directory| directory.create_group("left"));
    world.directory(|directory| {
        // Not all of them, which nobody would believe.
        people[..3].iter().try_for_each(|id| {
            directory.redeem(*id)?;
            directory.update_user(*id, |user| user.on_premises = OnPremises::default())?;
            directory.add_member(left, *id)
        })
    })?;
    world.configure(|config| config.scope = format!("exclude_groups = [\"{left}\"]"));
    world.sweep().await.is_quiet();
    let plan = world.sweep_after(8).await.held("changed-scope");
    Ok((world, people[0], plan))
}

/// What App Service Authentication would write of somebody who may approve.
fn approver(world: &World) -> String {
    let tenant = world.directory(|directory| directory.tenant_id());
    let claims =
        [("oid", Uuid::from_u128(7).to_string()), ("tid", tenant.to_string()), ("roles", "Usher.Approver".into())];
    let claims = claims.map(|(typ, val)| json!({ "typ": typ, "val": val }));
    BASE64_STANDARD.encode(json!({ "auth_typ": "aad", "claims": claims }).to_string())
}
