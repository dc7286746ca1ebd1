//! Entra Connect's rules, as PowerShell wrote them.

use super::{doctor, good, results};
use crate::support::Config;
use anyhow::Result;
use serde_json::{Value, json};

const IDS: [&str; 3] = ["sync-rules.on-premises-name", "sync-rules.display-type", "sync-rules.type-details"];

fn rule(disabled: bool) -> Value {
    json!({
        "Name": "Out to Entra: external users", "Direction": 1, "Disabled": disabled, "Precedence": 90,
        "Connector": "b891884f-051e-4a83-95af-2544101c9083", "SourceObjectType": "person", "TargetObjectType": "user",
        "AttributeFlowMappings": [
            {"Source": [], "Destination": "onPremisesUserPrincipalName", "FlowType": 2, "Expression": "AuthoritativeNull"},
            {"Source": ["6"], "Destination": "msExchRecipientDisplayType", "FlowType": 1, "Expression": null},
            {"Source": ["128"], "Destination": "msExchRecipientTypeDetails", "FlowType": 1, "Expression": null},
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_are_judged_by_what_they_flow() -> Result<()> {
    let world = good(Config::default()).await;
    let file = world.app().join("rules.json");
    let path = file.to_str().expect("a path");
    let none = doctor(&world, &[]).await.json();
    assert!(IDS.iter().all(|id| results(&none, id).is_empty()), "nobody asked");
    for (rules, code, expected) in
        [(rule(false), 4, "pass"), (json!([rule(true), rule(false)]), 4, "pass"), (json!([rule(true)]), 1, "fail")]
    {
        std::fs::write(&file, rules.to_string())?;
        let document = doctor(&world, &["--sync-rules", path]).await.exits(code).json();
        for id in IDS {
            assert_eq!(results(&document, id), [expected], "{rules}");
        }
    }
    for text in ["", "{}", "no rules", "[{\"Name\": \"x\"}]"] {
        std::fs::write(&file, text)?;
        let error = doctor(&world, &["--sync-rules", path]).await.exits(2).json();
        assert!(error["error"]["advice"].as_str().is_some_and(|advice| advice.contains("Get-ADSyncRule")), "{error:#}");
    }
    Ok(())
}
