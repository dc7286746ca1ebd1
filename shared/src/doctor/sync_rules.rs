//! Entra Connect's rules, as `Get-ADSyncRule | ConvertTo-Json -Depth 10` writes them.
//!
//! Responsible for: whether outbound rules flow what a conversion needs. PowerShell writes enumerations as numbers or as
//! words, one rule without a list around it, and files in UTF-16: all of it is read. Not responsible for: scoping filters;
//! whom a rule is for is not judged.

use super::catalogue as ids;
use crate::checks::Check;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// A rule, as far as it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SyncRule {
    name: Value,
    direction: Value,
    disabled: Value,
    precedence: Value,
    connector: Value,
    source_object_type: Value,
    target_object_type: Value,
    attribute_flow_mappings: Value,
}

/// Where a value flows, and which.
#[derive(Debug)]
struct Flow<'a> {
    rule: &'a SyncRule,
    value: String,
}

/// Reads a file of rules.
///
/// # Errors
/// When it is none, in a sentence.
pub fn read(path: &Path) -> Result<Vec<SyncRule>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Result<Vec<SyncRule>, String> {
    let text = decode(bytes).ok_or("the file is no text")?;
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("the file is no JSON: {error}"))?;
    let rules = match value {
        Value::Array(rules) => rules,
        one => vec![one],
    };
    let rules: Vec<SyncRule> = rules
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .map_err(|_| "the file holds no sync rules".to_owned())?;
    if rules.iter().all(|rule| rule.attribute_flow_mappings.is_null()) {
        return Err("the file holds no sync rules with their attribute flows".to_owned());
    }
    Ok(rules)
}

/// UTF-8, or UTF-16 with its mark, as PowerShell writes files.
fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<_> = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok()
    };
    match bytes {
        [0xFF, 0xFE, ..] => wide(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        all => std::str::from_utf8(all).ok().map(str::to_owned),
    }
}

/// Whether the rules flow what a conversion needs.
pub fn judge(rules: &[SyncRule]) -> Vec<Check> {
    [
        (ids::RULE_NAME, "onPremisesUserPrincipalName", "AuthoritativeNull"),
        (ids::RULE_DISPLAY_TYPE, "msExchRecipientDisplayType", "6"),
        (ids::RULE_TYPE_DETAILS, "msExchRecipientTypeDetails", "128"),
    ]
    .map(|(id, attribute, wanted)| one(id, rules, attribute, wanted))
    .into()
}

fn one(id: &'static str, rules: &[SyncRule], attribute: &str, wanted: &str) -> Check {
    let add = format!(
        "Give an outbound rule (person to user, to the Entra connector) the flow {wanted} to {attribute}, at a precedence \
         before the other rules."
    );
    let mut flows: Vec<_> = rules
        .iter()
        .filter(|rule| rule.is_outbound() && !rule.is_disabled())
        .flat_map(|rule| rule.values_of(attribute).into_iter().map(move |value| Flow { rule, value }))
        .collect();
    flows.sort_by_key(|flow| flow.rule.precedence());
    let is_wanted = |flow: &&Flow<'_>| flow.value.eq_ignore_ascii_case(wanted);
    let Some(found) = flows.iter().find(is_wanted) else {
        let others: Vec<_> =
            flows.iter().map(|flow| format!("\"{}\" flows {}", flow.rule.name(), flow.value)).collect();
        let disabled = rules.iter().filter(|rule| rule.is_disabled());
        let off = disabled
            .filter(|rule| rule.values_of(attribute).iter().any(|value| value.eq_ignore_ascii_case(wanted)))
            .map(|rule| format!("\"{}\" would, and is disabled", rule.name()));
        let seen: Vec<_> = others.into_iter().chain(off).collect();
        let seen =
            if seen.is_empty() { "no enabled outbound rule flows anything to it".to_owned() } else { seen.join("; ") };
        return Check::fail(id, attribute, seen, add);
    };
    // The lowest number decides where several rules flow one attribute to the same connector.
    let first = flows.iter().find(|flow| flow.rule.connector == found.rule.connector);
    match first.filter(|first| !is_wanted(first)) {
        Some(first) => Check::fail(
            id,
            attribute,
            format!(
                "\"{}\" flows {wanted}, and \"{}\" comes before it with {}",
                found.rule.name(),
                first.rule.name(),
                first.value
            ),
            "Give the rule a precedence (number) before the other's.",
        ),
        None => Check::pass(id, attribute, format!("\"{}\" flows {wanted}", found.rule.name())),
    }
}

impl SyncRule {
    fn name(&self) -> &str {
        self.name.as_str().unwrap_or("without a name")
    }

    fn precedence(&self) -> i64 {
        self.precedence.as_i64().or_else(|| text(&self.precedence).parse().ok()).unwrap_or(i64::MAX)
    }

    fn is_disabled(&self) -> bool {
        matches!(text(&self.disabled).to_ascii_lowercase().as_str(), "true" | "1")
    }

    /// From a person of the metaverse to a user. What the numbers of the direction mean is not documented, so only its word
    /// counts against the types of the objects.
    fn is_outbound(&self) -> bool {
        let is = |value: &Value, word: &str| text(value).eq_ignore_ascii_case(word);
        is(&self.source_object_type, "person")
            && is(&self.target_object_type, "user")
            && !is(&self.direction, "Inbound")
    }

    /// What flows to an attribute.
    fn values_of(&self, attribute: &str) -> Vec<String> {
        let mappings = match &self.attribute_flow_mappings {
            Value::Array(mappings) => mappings.iter().collect(),
            Value::Null => Vec::new(),
            one => vec![one],
        };
        let fits = |mapping: &&Value| text(&mapping["Destination"]).eq_ignore_ascii_case(attribute);
        mappings
            .into_iter()
            .filter(fits)
            .map(|mapping| {
                let expression = text(&mapping["Expression"]);
                let expression = expression.trim();
                if expression.is_empty() { text(&mapping["Source"]) } else { expression.to_owned() }
            })
            .collect()
    }
}

/// A value as text: what stands in a list of one, and the word of an enumeration, too.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().trim_matches('"').to_owned(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(object) => {
            let word = object.get("Value").or_else(|| object.get("value"));
            word.map(text).unwrap_or_default()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckResult::{self, Fail, Pass};
    use serde_json::json;

    fn good() -> Value {
        json!({
            "Name": "Out to Entra: external users", "Direction": "Outbound", "Disabled": false, "Precedence": 90,
            "Connector": "b891884f-051e-4a83-95af-2544101c9083",
            "SourceObjectType": "person", "TargetObjectType": "user",
            "AttributeFlowMappings": [
                {"Source": [], "Destination": "onPremisesUserPrincipalName", "FlowType": "Expression", "Expression": "AuthoritativeNull"},
                {"Source": ["6"], "Destination": "msExchRecipientDisplayType", "FlowType": "Constant", "Expression": null},
                {"Source": ["128"], "Destination": "msExchRecipientTypeDetails", "FlowType": "Constant", "Expression": null},
            ],
        })
    }

    fn default_rule(precedence: u32) -> Value {
        json!({
            "Name": "Out to AAD - User Join", "Direction": "Outbound", "Disabled": false, "Precedence": precedence,
            "Connector": "b891884f-051e-4a83-95af-2544101c9083", "SourceObjectType": "person", "TargetObjectType": "user",
            "AttributeFlowMappings": {"Source": ["userPrincipalName"], "Destination": "onPremisesUserPrincipalName",
                "FlowType": "Direct", "Expression": ""},
        })
    }

    fn results(file: &Value) -> Vec<CheckResult> {
        let rules = parse(file.to_string().as_bytes()).unwrap();
        judge(&rules).into_iter().map(|check| check.result).collect()
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Value {
        let mut rule = good();
        change(&mut rule);
        rule
    }

    #[test]
    fn a_rule_counts_however_powershell_wrote_it() {
        for rule in [
            good(),
            json!([good()]),
            json!([default_rule(115), good()]),
            changed(|rule| rule["Direction"] = json!(1)),
            changed(|rule| rule["Direction"] = json!({"value": 1, "Value": "Outbound"})),
            changed(|rule| rule["Disabled"] = json!("False")),
            changed(|rule| rule["AttributeFlowMappings"][1]["Source"] = json!("6")),
            changed(|rule| rule["AttributeFlowMappings"][1]["Source"] = json!([6])),
            changed(|rule| rule["AttributeFlowMappings"][0]["Expression"] = json!("authoritativenull")),
        ] {
            assert_eq!(results(&rule), [Pass; 3], "{rule}");
        }
    }

    #[test]
    fn each_flow_that_is_missing_or_overruled_is_found() {
        for (rule, expected) in [
            (changed(|rule| rule["Disabled"] = json!(true)), [Fail; 3]),
            (changed(|rule| rule["Disabled"] = json!(1)), [Fail; 3]),
            (changed(|rule| rule["Direction"] = json!("Inbound")), [Fail; 3]),
            (changed(|rule| rule["TargetObjectType"] = json!("group")), [Fail; 3]),
            (changed(|rule| rule["AttributeFlowMappings"][0]["Expression"] = json!("NULL")), [Fail, Pass, Pass]),
            (changed(|rule| rule["AttributeFlowMappings"][1]["Source"] = json!(["1"])), [Pass, Fail, Pass]),
            (changed(|rule| rule["AttributeFlowMappings"][2]["Destination"] = json!("mail")), [Pass, Pass, Fail]),
            (json!([good(), default_rule(80)]), [Fail, Pass, Pass]),
            (default_rule(115), [Fail; 3]),
        ] {
            assert_eq!(results(&rule), expected, "{rule}");
        }
    }

    #[test]
    fn files_of_powershell_are_read_and_others_refused() {
        let text = good().to_string();
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let marked = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
        assert!(parse(&wide).is_ok() && parse(&marked).is_ok());
        for other in [&b""[..], b"x", b"{}", b"[]", b"7", b"[7]", b"{\"Name\": \"x\"}", &[0xFF, 0x00]] {
            assert!(parse(other).is_err(), "{other:?}");
        }
    }
}
