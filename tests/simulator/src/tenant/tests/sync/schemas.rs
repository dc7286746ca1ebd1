//! The schema of a job.

use super::sms_sign_in;
use super::{CLOUDS, Pair, attribute};
use crate::cloud::Cloud;
use crate::tenant::tests::code;
use crate::tenant::{FilterPlace, UserType};
use serde_json::{Value, json};

#[tokio::test]
async fn what_is_read_can_be_put_back() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let before = pair.schema().await;
        let rule = &before["synchronizationRules"][0];
        assert_eq!(rule["name"], "USER_INBOUND_USER");
        assert_eq!(rule["objectMappings"][0]["flowTypes"], "Add,Update,Delete");
        assert_eq!(pair.edit(|_| {}).await.0, 204);
        assert_eq!(pair.schema().await, before);
        let constant = json!({"name": "Guest", "type": "Constant", "expression": "\"Guest\"", "parameters": []});
        assert_eq!(pair.edit(|mapping| attribute(mapping, "userType")["source"] = constant).await.0, 204);
        assert_eq!(pair.source.post(&format!("{}/start", pair.job), json!({})).await.0, 204);
        let id = pair.add("ada");
        pair.cycle();
        assert_eq!(pair.there(id).unwrap().user_type, UserType::Guest);
    }
}

#[tokio::test]
async fn the_matching_attribute_cannot_be_touched_and_nothing_unknown_is_taken() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let edits: [fn(&mut Value); 5] = [
            |mapping| mapping["scope"]["groups"][0]["clauses"][0]["operatorName"] = json!("LIKE"),
            |mapping| attribute(mapping, "mail")["matchingPriority"] = json!(2),
            |mapping| attribute(mapping, "alternativeSecurityIds")["matchingPriority"] = json!(0),
            |mapping| {
                let mail = attribute(mapping, "mail")["source"].clone();
                attribute(mapping, "alternativeSecurityIds")["source"] = mail;
            },
            |mapping| attribute(mapping, "mail")["targetAttributeName"] = json!("proxyAddresses"),
        ];
        for edit in edits {
            let (status, body) = pair.edit(edit).await;
            assert_eq!((status, code(&body)), (400, "schemaInvalid"));
        }
    }
}

#[tokio::test]
async fn filters_decide_who_is_in_scope() {
    for place in [FilterPlace::Groups, FilterPlace::InputFilterGroups] {
        let pair = Pair::stopped(Cloud::Global).await;
        pair.source.tenant.with_directory(|directory| directory.sync.external_filter = place);
        let root = format!("/servicePrincipals/{}/synchronization/jobs", pair.principal);
        let (_, job) = pair.source.post(&root, json!({"templateId": "Azure2Azure"})).await;
        let pair = Pair { job: format!("{root}/{}", job["id"].as_str().unwrap()), ..pair };
        let clause = json!({
            "sourceOperandName": "department", "operatorName": "EQUALS", "targetOperand": {"values": ["Sales"]},
        });
        let edit = |mapping: &mut Value| match place {
            FilterPlace::Groups => mapping["scope"]["groups"][0]["clauses"].as_array_mut().unwrap().push(clause),
            FilterPlace::InputFilterGroups => {
                mapping["scope"]["groups"] = json!([{"name": "Sales", "clauses": [clause]}]);
            }
        };
        assert_eq!(pair.edit(edit).await.0, 204);
        pair.source.post(&format!("{}/start", pair.job), json!({})).await;
        let people: Vec<_> = [Some("Sales"), Some("sales"), None]
            .into_iter()
            .enumerate()
            .map(|(number, department)| {
                let id = pair.add(&format!("person{number}"));
                pair.source.tenant.with_directory(|directory| {
                    directory
                        .update_user(id, |user| {
                            user.attributes.extend(department.map(|department| ("department", department.to_owned())));
                        })
                        .unwrap();
                });
                id
            })
            .collect();
        pair.cycle();
        let there: Vec<bool> = people.iter().map(|id| pair.there(*id).is_some()).collect();
        assert_eq!(there, [true, false, false]);
        let job = pair.source.tenant.with_directory(|directory| directory.sync_jobs().pop()).unwrap();
        assert!(job.filters_external_users);
    }
}

#[tokio::test]
async fn another_group_beside_the_built_in_filter_is_an_alternative_to_it() {
    let pair = Pair::new(Cloud::Global).await;
    let filters = || {
        let jobs = pair.source.tenant.with_directory(|directory| directory.sync_jobs());
        jobs[0].filters_external_users
    };
    assert!(filters());
    let clause = json!({"sourceOperandName": "mail", "operatorName": "IS NOT NULL", "targetOperand": {"values": []}});
    let group = json!({"name": "Everybody", "clauses": [clause]});
    let edit = |mapping: &mut Value| mapping["scope"]["groups"].as_array_mut().unwrap().push(group);
    assert_eq!(pair.edit(edit).await.0, 204);
    assert!(!filters());
    let id = pair.add("ada");
    pair.source.tenant.with_directory(|directory| sms_sign_in(directory, id, true));
    pair.cycle();
    assert!(pair.there(id).is_some());
    assert_eq!(pair.edit(|mapping| mapping["scope"]["groups"] = json!([])).await.0, 204);
    assert!(!filters());
}

#[tokio::test]
async fn operators_are_listed_and_expressions_tried() {
    for cloud in CLOUDS {
        let pair = Pair::stopped(cloud).await;
        let (status, body) = pair.source.get(&format!("{}/schema/filterOperators", pair.job)).await;
        assert_eq!(status, 200, "{body}");
        assert!(body["value"].as_array().unwrap().iter().any(|one| one["id"] == "EQUALS"));
        let path = format!("{}/schema/parseExpression", pair.job);
        let input = json!({"properties": [{"key": "city", "value": "Paris"}]});
        let body = json!({"expression": "Append([city], \"!\")", "testInputObject": input});
        let (status, body) = pair.source.post(&path, body).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!((&body["evaluationResult"], &body["parsingSucceeded"]), (&json!(["Paris!"]), &json!(true)));
        let (_, body) = pair.source.post(&path, json!({"expression": "Nothing("})).await;
        assert_eq!(body["parsingSucceeded"], false);
        assert!(body["error"]["message"].is_string());
    }
}
