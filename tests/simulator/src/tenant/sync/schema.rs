//! The schema of a job, as Graph shows it: where it comes from, and what may be changed of it.

use super::expression::Expression;
use super::model::FilterPlace;
use super::scope;
use serde_json::{Value, json};
use uuid::Uuid;

/// The only rule.
pub(super) const RULE: &str = "USER_INBOUND_USER";
/// The attribute by which people are found again.
pub(super) const MATCHING: &str = "alternativeSecurityIds";
const MATCHING_SOURCE: &str = "AltSecIdFromNetId([netId])";
const SOURCE: &str = "Azure Active Directory";
const TARGET: &str = "Azure Active Directory (target tenant)";
const NO_EXTERNAL_USERS: &str = "Filter external users";

/// Attributes that flow from the one of the same name.
const SAME: &[&str] = &[
    "IsSoftDeleted",
    "accountEnabled",
    "city",
    "companyName",
    "country",
    "department",
    "displayName",
    "employeeId",
    "givenName",
    "jobTitle",
    "mail",
    "mobile",
    "physicalDeliveryOfficeName",
    "postalCode",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
];

/// The schema of a new job.
pub(super) fn default(id: Uuid, place: FilterPlace) -> Value {
    let rule = json!({
        "containerFilter": null,
        "editable": true,
        "groupFilter": null,
        "id": Uuid::new_v5(&id, b"rule"),
        "metadata": [],
        "name": RULE,
        "objectMappings": [user_mapping(place)],
        "priority": 1,
        "sourceDirectoryName": SOURCE,
        "targetDirectoryName": TARGET,
    });
    json!({
        "id": id,
        "version": "v1.0",
        "synchronizationRules": [rule],
        "directories": [directory(id, SOURCE), directory(id, TARGET)],
    })
}

fn user_mapping(place: FilterPlace) -> Value {
    let attribute = |name: &&str| mapping(name, &Expression::Attribute((*name).to_owned()), 0);
    let mut mappings = vec![mapping(MATCHING, &matching_source(), 1)];
    mappings.extend(SAME.iter().map(attribute));
    mappings.push(mapping("userType", &Expression::Constant("Member".to_owned()), 0));
    mappings.push(mapping("showInAddressList", &Expression::Constant("True".to_owned()), 0));
    let filter = json!([{
        "name": NO_EXTERNAL_USERS,
        "clauses": [{
            "operatorName": "EQUALS",
            "sourceOperandName": MATCHING,
            "targetOperand": {"values": ["None"]},
        }],
    }]);
    let (groups, input) = match place {
        FilterPlace::Groups => (filter, json!([])),
        FilterPlace::InputFilterGroups => (json!([]), filter),
    };
    json!({
        "attributeMappings": mappings,
        "enabled": true,
        "flowTypes": "Add,Update,Delete",
        "metadata": [],
        "name": "Provision Microsoft Entra ID Users",
        "scope": {"categoryFilterGroups": [], "groups": groups, "inputFilterGroups": input},
        "sourceObjectName": "User",
        "targetObjectName": "User",
    })
}

fn mapping(target: &str, source: &Expression, priority: u8) -> Value {
    json!({
        "defaultValue": null,
        "exportMissingReferences": false,
        "flowBehavior": "FlowWhenChanged",
        "flowType": "Always",
        "matchingPriority": priority,
        "source": source.source(),
        "targetAttributeName": target,
    })
}

fn directory(id: Uuid, name: &str) -> Value {
    json!({
        "id": Uuid::new_v5(&id, name.as_bytes()),
        "discoverabilities": "AttributeNames",
        "discoveryDateTime": null,
        "name": name,
        "objects": [{"attributes": [], "metadata": [], "name": "User", "supportedApis": []}],
        "readOnly": false,
        "version": "1",
    })
}

fn matching_source() -> Expression {
    Expression::Call("AltSecIdFromNetId".to_owned(), vec![Expression::Attribute("netId".to_owned())])
}

/// The rule and its mapping of users.
pub(super) fn rule(schema: &Value) -> Option<(&Value, &Value)> {
    let rule = schema["synchronizationRules"].as_array()?.iter().find(|rule| rule["name"] == RULE)?;
    let mappings = rule["objectMappings"].as_array()?;
    Some((rule, mappings.iter().find(|mapping| mapping["sourceObjectName"] == "User")?))
}

/// Refuses a schema that is no schema, or that matches people otherwise.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let (_, mapping) = rule(schema).ok_or_else(|| format!("The rule {RULE} with its mapping of users is missing."))?;
    let empty = Vec::new();
    let mappings = mapping["attributeMappings"].as_array().unwrap_or(&empty);
    let matching: Vec<&Value> = mappings.iter().filter(|mapping| mapping["matchingPriority"] != json!(0)).collect();
    let [only] = matching.as_slice() else {
        return Err("There must be exactly one matching attribute.".to_owned());
    };
    let source = Expression::of_source(&only["source"]);
    if only["targetAttributeName"] != MATCHING || source != Some(matching_source()) {
        return Err(format!("The matching attribute must be {MATCHING}, by {MATCHING_SOURCE}."));
    }
    if let Some(operator) = operators(mapping).find(|operator| !scope::is_operator(operator)) {
        return Err(format!("The operator '{operator}' is not known."));
    }
    for mapping in mappings {
        let target = &mapping["targetAttributeName"];
        if target == "proxyAddresses" {
            return Err("proxyAddresses cannot be a target attribute.".to_owned());
        }
        if Expression::of_source(&mapping["source"]).is_none() {
            return Err(format!("The source of {target} is not understood."));
        }
    }
    Ok(())
}

/// The operators of all filters.
fn operators(mapping: &Value) -> impl Iterator<Item = &str> {
    let groups = ["groups", "inputFilterGroups", "categoryFilterGroups"].iter();
    let groups = groups.filter_map(|place| mapping["scope"][*place].as_array()).flatten();
    let clauses = groups.filter_map(|group| group["clauses"].as_array()).flatten();
    clauses.map(|clause| clause["operatorName"].as_str().unwrap_or_default())
}

/// Whether the built-in filter on external users holds for everybody.
pub(super) fn filters_external_users(schema: &Value) -> bool {
    let Some((_, mapping)) = rule(schema) else {
        return false;
    };
    let is_it = |clause: &Value| {
        clause["sourceOperandName"] == MATCHING
            && clause["operatorName"] == "EQUALS"
            && clause["targetOperand"]["values"] == json!(["None"])
    };
    ["groups", "inputFilterGroups"].iter().any(|place| {
        let groups = mapping["scope"][*place].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |group: &Value| group["clauses"].as_array().is_some_and(|clauses| clauses.iter().any(is_it));
        !groups.is_empty() && groups.iter().all(has)
    })
}
