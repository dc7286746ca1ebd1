//! The schema of a synchronization job: what is mapped, who is in scope, what is done. All of it is read, changed in places,
//! and given back whole.
//!
//! Responsible for: reading and changing it as Graph has it, without touching what it does not know. Not responsible for:
//! when; see `plan`. Nothing here ever touches the matching attribute or the filter that keeps external users out: without
//! them the service refuses, or synchronizes people whom it must not.

use super::filter::Clause;
use crate::config::{SyncFlow, UserType};
use serde_json::{Value, json};

/// The rule of cross-tenant synchronization.
const RULE: &str = "USER_INBOUND_USER";
/// The attribute by which people are matched, and by which external users are kept out.
const MATCHING: &str = "alternativeSecurityIds";
/// How the names of the filters begin that usher makes.
const OURS: &str = "usher ";

/// A job's schema. The default is that of no job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema(Value);

/// Where a value of the target comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An attribute of the source.
    Attribute(String),
    /// Always the same.
    Constant(String),
    /// An expression, which only the service can read.
    Expression(String),
}

impl Source {
    /// As it stands in the configuration: a name, a text in quotes, or an expression with a function in it.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(constant) if !constant.contains('"') => Self::Constant(constant.to_owned()),
            _ if text.contains('(') => Self::Expression(text.to_owned()),
            _ => Self::Attribute(text.trim_matches(['[', ']']).to_owned()),
        }
    }

    /// As Graph writes it.
    fn expression(&self) -> String {
        match self {
            Self::Attribute(name) => format!("[{name}]"),
            Self::Constant(value) => format!("\"{value}\""),
            Self::Expression(expression) => expression.clone(),
        }
    }

    /// In Graph's form; an expression is what the service made of it.
    fn wire(&self, parsed: Option<&Value>) -> Value {
        let (kind, name) = match self {
            Self::Attribute(name) => ("Attribute", name),
            Self::Constant(value) => ("Constant", value),
            Self::Expression(_) => return parsed.cloned().unwrap_or_default(),
        };
        json!({ "type": kind, "name": name, "expression": self.expression(), "parameters": [] })
    }
}

impl Schema {
    /// Takes what Graph answered; `None` where it is not a schema of cross-tenant synchronization.
    pub fn new(mut value: Value) -> Option<Self> {
        if let Some(object) = value.as_object_mut() {
            // What belongs to the answer and not to the schema.
            object.retain(|name, _| !name.starts_with('@'));
        }
        let schema = Self(value);
        schema.people().map(|_| ()).map(|()| schema)
    }

    /// To be given back.
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// The id of the rule for people, which provisioning on demand asks for.
    pub fn rule(&self) -> Option<&str> {
        self.0["synchronizationRules"].as_array()?.iter().find(|rule| rule["name"] == RULE)?["id"].as_str()
    }

    fn people(&self) -> Option<&Value> {
        let rule = self.0["synchronizationRules"].as_array()?.iter().find(|rule| rule["name"] == RULE)?;
        rule["objectMappings"].as_array()?.iter().find(|mapping| mapping["sourceObjectName"] == "User")
    }

    fn people_mut(&mut self) -> Option<&mut Value> {
        let rules = self.0["synchronizationRules"].as_array_mut()?;
        let rule = rules.iter_mut().find(|rule| rule["name"] == RULE)?;
        rule["objectMappings"].as_array_mut()?.iter_mut().find(|mapping| mapping["sourceObjectName"] == "User")
    }

    /// What the job does with people.
    pub fn flow(&self) -> Vec<SyncFlow> {
        let types = self.people().and_then(|people| people["flowTypes"].as_str()).unwrap_or_default();
        let has = |word: &str| types.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
        let all = [("Add", SyncFlow::Add), ("Update", SyncFlow::Update), ("Delete", SyncFlow::Delete)];
        all.into_iter().filter(|(word, _)| has(word)).map(|(_, flow)| flow).collect()
    }

    /// Sets it.
    pub fn set_flow(&mut self, flow: &[SyncFlow]) {
        let word = |flow: &SyncFlow| match flow {
            SyncFlow::Add => "Add",
            SyncFlow::Update => "Update",
            SyncFlow::Delete => "Delete",
        };
        let words: Vec<_> = flow.iter().map(word).collect();
        if let Some(people) = self.people_mut() {
            people["flowTypes"] = json!(words.join(", "));
        }
    }

    /// The type that people get in the target, where it is a constant.
    pub fn user_type(&self) -> Option<UserType> {
        let mapping = self.mapping("userType")?;
        let constant = mapping["source"]["expression"].as_str()?.trim_matches('"');
        match constant {
            "Member" => Some(UserType::Member),
            "Guest" => Some(UserType::Guest),
            _ => None,
        }
    }

    /// Where a value of the target comes from, as Graph writes it.
    pub fn source_of(&self, target: &str) -> Option<&str> {
        self.mapping(target)?["source"]["expression"].as_str()
    }

    /// Whether a value of the target comes from there already.
    pub fn comes_from(&self, target: &str, source: &Source) -> bool {
        let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        self.source_of(target).is_some_and(|now| bare(now) == bare(&source.expression()))
    }

    fn mapping(&self, target: &str) -> Option<&Value> {
        let mappings = self.people()?["attributeMappings"].as_array()?;
        mappings.iter().find(|mapping| mapping["targetAttributeName"] == target)
    }

    /// Lets a value of the target come from there; `parsed` is what the service made of an expression.
    pub fn set_source(&mut self, target: &str, source: &Source, parsed: Option<&Value>) {
        let wire = source.wire(parsed);
        let Some(mappings) = self.people_mut().and_then(|people| people["attributeMappings"].as_array_mut()) else {
            return;
        };
        match mappings.iter_mut().find(|mapping| mapping["targetAttributeName"] == target) {
            Some(mapping) => mapping["source"] = wire,
            None => mappings.push(json!({
                "targetAttributeName": target,
                "source": wire,
                "flowType": "Always",
                "flowBehavior": "FlowWhenChanged",
                "matchingPriority": 0,
                "defaultValue": null,
                "exportMissingReferences": false,
            })),
        }
    }

    /// Whether people are matched as the service wants it, by one attribute that nobody changed.
    pub fn matching_is_untouched(&self) -> bool {
        let Some(mappings) = self.people().and_then(|people| people["attributeMappings"].as_array()) else {
            return false;
        };
        let matching: Vec<_> =
            mappings.iter().filter(|mapping| mapping["matchingPriority"].as_i64().unwrap_or_default() > 0).collect();
        matches!(matching[..], [one] if one["targetAttributeName"] == MATCHING)
    }

    /// Whether external users are kept out, wherever the service keeps that filter.
    pub fn keeps_external_users_out(&self) -> bool {
        let Some(scope) = self.people().map(|people| &people["scope"]) else { return false };
        let everywhere = ["groups", "inputFilterGroups", "categoryFilterGroups"];
        everywhere.iter().any(|place| groups(&scope[place]).any(|group| clauses(group).any(is_guard)))
    }

    /// The filters beyond that, in words, and whether all of them are usher's.
    pub fn filters(&self) -> (Vec<String>, bool) {
        let Some(scope) = self.people().map(|people| &people["scope"]) else { return (Vec::new(), true) };
        let own = groups(&scope["groups"]).filter(|group| clauses(group).any(|clause| !is_guard(clause)));
        let words = own.clone().map(|group| {
            let words: Vec<_> = clauses(group).filter(|clause| !is_guard(clause)).map(words).collect();
            words.join(" AND ")
        });
        let ours = own.clone().all(|group| group["name"].as_str().is_some_and(|name| name.starts_with(OURS)));
        (words.collect(), ours)
    }

    /// The same in words as the configuration would come to.
    pub fn filters_of(alternatives: &[Vec<Clause>]) -> Vec<String> {
        let words = |group: &Vec<Clause>| {
            let words: Vec<_> = group.iter().map(|clause| words(&clause.wire())).collect();
            words.join(" AND ")
        };
        alternatives.iter().map(words).collect()
    }

    /// Sets the filters. Alternatives are read as "or": where the filter that keeps external users out stands among them, it
    /// becomes part of each.
    pub fn set_filters(&mut self, alternatives: &[Vec<Clause>]) {
        let Some(scope) = self.people_mut().map(|people| &mut people["scope"]) else { return };
        if !scope.is_object() {
            *scope = json!({});
        }
        let guard_group = groups(&scope["groups"]).find(|group| clauses(group).any(is_guard)).cloned();
        let guard: Vec<Value> =
            guard_group.iter().flat_map(clauses).filter(|clause| is_guard(clause)).cloned().collect();
        let mut new: Vec<Value> = Vec::new();
        for (number, alternative) in alternatives.iter().enumerate() {
            let clauses: Vec<Value> = guard.iter().cloned().chain(alternative.iter().map(Clause::wire)).collect();
            new.push(json!({ "name": format!("{OURS}{}", number + 1), "clauses": clauses }));
        }
        if new.is_empty()
            && let Some(group) = guard_group
        {
            let name = group["name"].as_str().filter(|name| !name.starts_with(OURS)).unwrap_or("Filter external users");
            new.push(json!({ "name": name, "clauses": guard }));
        }
        scope["groups"] = json!(new);
    }
}

fn groups(place: &Value) -> impl Iterator<Item = &Value> + Clone {
    place.as_array().into_iter().flatten()
}

fn clauses(group: &Value) -> impl Iterator<Item = &Value> {
    group["clauses"].as_array().into_iter().flatten()
}

fn is_guard(clause: &Value) -> bool {
    clause["sourceOperandName"] == MATCHING
}

fn words(clause: &Value) -> String {
    let text = |name: &str| clause[name].as_str().unwrap_or_default();
    let values = clause["targetOperand"]["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let values: Vec<_> = values.map(|value| format!("\"{value}\"")).collect();
    format!("{} {} {}", text("sourceOperandName"), text("operatorName"), values.join(", ")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::filter::parse;
    use super::*;

    fn schema(guard_in: &str) -> Schema {
        let guard = json!([{ "name": "Filter external users", "clauses": [
            { "sourceOperandName": MATCHING, "operatorName": "EQUALS", "targetOperand": { "values": ["None"] } },
        ] }]);
        Schema::new(json!({
            "@odata.context": "…",
            "id": "7",
            "something": "else",
            "synchronizationRules": [{ "name": RULE, "id": "rule", "objectMappings": [{
                "sourceObjectName": "User",
                "flowTypes": "Add, Update, Delete",
                "scope": { guard_in: guard },
                "attributeMappings": [
                    { "targetAttributeName": MATCHING, "matchingPriority": 1, "source": { "expression": "AltSecIdFromNetId([netId])" } },
                    { "targetAttributeName": "userType", "matchingPriority": 0, "source": { "expression": "\"Member\"" } },
                ],
            }] }],
        }))
        .unwrap()
    }

    #[test]
    fn what_is_not_known_is_given_back_as_it_was() {
        let mut changed = schema("groups");
        let before = changed.clone();
        changed.set_flow(&[SyncFlow::Add]);
        changed.set_flow(&[SyncFlow::Add, SyncFlow::Update, SyncFlow::Delete]);
        assert_eq!(changed, before);
        assert_eq!(changed.value()["something"], "else");
        assert!(changed.value().get("@odata.context").is_none());
    }

    #[test]
    fn a_filter_never_lets_external_users_in() {
        for place in ["groups", "inputFilterGroups"] {
            let mut changed = schema(place);
            let filter = parse(r#"department EQUALS "Sales" OR city IS NOT NULL"#).unwrap();
            changed.set_filters(&filter);
            assert_eq!(changed.filters(), (Schema::filters_of(&filter), true), "{place}");
            assert!(changed.keeps_external_users_out(), "{place}");
            let people = changed.people().unwrap();
            if place == "groups" {
                assert!(groups(&people["scope"]["groups"]).all(|group| clauses(group).any(is_guard)), "each of them");
            }
            changed.set_filters(&[]);
            assert_eq!(changed.filters(), (Vec::new(), true));
            assert!(changed.keeps_external_users_out(), "{place}");
        }
    }

    #[test]
    fn sources_are_compared_as_graph_writes_them() {
        let mut changed = schema("groups");
        for (text, written) in [("mail", "[mail]"), ("\"Member\"", "\"Member\""), ("[mail]", "[mail]")] {
            assert_eq!(Source::parse(text).expression(), written);
        }
        assert!(changed.comes_from("userType", &Source::parse("\"Member\"")));
        changed.set_source("department", &Source::parse("department"), None);
        assert!(changed.comes_from("department", &Source::parse("[department]")));
        let expression = Source::parse("ToUpper([city])");
        assert!(!changed.comes_from("city", &expression));
        changed.set_source("city", &expression, Some(&json!({ "type": "Function", "expression": "ToUpper([city])" })));
        assert!(changed.comes_from("city", &expression));
        assert!(changed.matching_is_untouched());
    }
}
