//! Judges a parsed file by the schema, key by key.
//!
//! Responsible for: everything that is wrong with one key by itself: unknown, missing, of another type, out of range,
//! not of its format. Reads the part of JSON schema that ours uses. Not responsible for: what keys mean together.
//!
//! The result is a tree that always fits the types: what is wrong is replaced by a stand-in, so that the rest can still
//! be judged as a whole.

use super::errors::{Findings, quoted};
use super::formats::{self, format};
use super::suggest::{advice_for_unknown, nearest};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) struct Walk<'a> {
    pub(super) schema: &'a Value,
    pub(super) lines: &'a Lines,
    pub(super) findings: &'a mut Findings,
    /// Whether the whole file could be parsed; else nothing can be called missing.
    pub(super) complete: bool,
}

/// Finds lines by offset.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(offset, _)| offset).collect())
    }

    /// The line, from 1, of an offset in bytes.
    pub(super) fn of(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|newline| *newline < offset)
    }
}

impl Walk<'_> {
    /// Judges the whole file.
    pub(super) fn file(&mut self, table: &DeTable<'_>) -> Value {
        self.table("", self.schema, table)
    }

    fn table(&mut self, path: &str, schema: &Value, table: &DeTable<'_>) -> Value {
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let mut tree = Map::new();
        for (key, node) in table {
            let name: &str = key.get_ref();
            let path = join(path, name);
            self.findings.locate(&path, self.lines.of(key.span().start));
            match properties.get(name).or_else(|| schema.get("additionalProperties")) {
                Some(schema) if schema.get("not").is_some() => {
                    let advice = schema["description"].as_str().unwrap_or_default();
                    self.findings.key(&path, "this cannot be kept here", advice);
                }
                Some(schema) if schema.is_object() => {
                    let value = self.node(&path, schema, node);
                    tree.insert(name.to_owned(), value);
                }
                _ => {
                    let advice = advice_for_unknown(self.schema, properties, name);
                    self.findings.key(&path, "this key is unknown", advice);
                }
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !tree.contains_key(name) {
                let schema = &properties[name];
                if self.complete {
                    self.missing(&join(path, name), schema);
                }
                tree.insert(name.to_owned(), stand_in(schema));
            }
        }
        Value::Object(tree)
    }

    fn missing(&mut self, path: &str, schema: &Value) {
        let section = section(path);
        let key = path.rsplit('.').next().unwrap_or(path);
        let (message, advice) = match expected(schema) {
            Expected::Table => ("this section is missing", format!("Add [{section}].")),
            Expected::Tables => ("there is no such section", format!("Add at least one [[{section}]].")),
            _ => ("this key is missing", format!("Add {key} = {}.", sample(schema))),
        };
        let meaning = schema["description"].as_str().unwrap_or_default();
        self.findings.key(path, message, format!("{advice} {meaning}").trim_end());
    }

    fn node(&mut self, path: &str, schema: &Value, node: &Spanned<DeValue<'_>>) -> Value {
        let value = match (expected(schema), node.get_ref()) {
            (Expected::Table, DeValue::Table(table)) => return self.table(path, schema, table),
            (Expected::Tables | Expected::List, DeValue::Array(list)) => {
                return self.list(path, schema, list);
            }
            (Expected::Boolean, DeValue::Boolean(value)) => Some(Value::Bool(*value)),
            (Expected::Integer, DeValue::Integer(integer)) => {
                let number = i64::from_str_radix(integer.as_str(), integer.radix());
                self.integer(path, schema, number.ok(), integer.as_str())
            }
            (Expected::Text, DeValue::String(text)) => self.text(path, schema, text),
            (expected, found) => {
                self.wrong_type(path, expected, found);
                None
            }
        };
        value.unwrap_or_else(|| stand_in(schema))
    }

    fn list(&mut self, path: &str, schema: &Value, list: &[Spanned<DeValue<'_>>]) -> Value {
        let meaning = schema["description"].as_str().unwrap_or_default();
        if schema["minItems"].as_u64().is_some_and(|least| (list.len() as u64) < least) {
            self.findings.key(path, "the list is empty", format!("Write at least one. {meaning}"));
        }
        if let Some(most) = schema["maxItems"].as_u64().filter(|most| list.len() as u64 > *most) {
            let message = format!("the list has {} entries", list.len());
            self.findings.key(path, message, format!("Leave at most {most}. {meaning}"));
        }
        let items = list.iter().enumerate().map(|(index, node)| {
            let path = format!("{path}[{index}]");
            self.findings.locate(&path, self.lines.of(node.span().start));
            self.node(&path, &schema["items"], node)
        });
        Value::Array(items.collect())
    }

    fn integer(&mut self, path: &str, schema: &Value, number: Option<i64>, text: &str) -> Option<Value> {
        let (least, most) = (schema["minimum"].as_i64()?, schema["maximum"].as_i64()?);
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number.into()),
            None => {
                let text: String = text.chars().take(20).collect();
                let advice = format!("Write a whole number from {least} to {most}.");
                self.findings.key(path, format!("{text} is out of range"), advice);
                None
            }
        }
    }

    fn text(&mut self, path: &str, schema: &Value, text: &str) -> Option<Value> {
        let constants = constants(schema);
        if constants.contains(&text) {
            return Some(text.into());
        }
        let format = schema["format"].as_str().and_then(format);
        let (message, advice) = if formats::is_placeholder(text) {
            ("this is still a placeholder".to_owned(), formats::where_to_find(path).to_owned())
        } else if !constants.is_empty() {
            let advice = match nearest(text, constants.iter().copied()) {
                Some(near) => format!("Did you mean {near:?}?"),
                None => "Write one of these.".to_owned(),
            };
            (format!("{} is none of {}", quoted(text), listed(&constants)), advice)
        } else if let Some(Err(fault)) = format.map(|format| (format.check)(path, text)) {
            (fault.message, fault.advice)
        } else if let Some(longest) = schema["maxLength"].as_u64()
            && text.chars().count() as u64 > longest
        {
            let message = format!("the text has {} characters", text.chars().count());
            (message, format!("Shorten it to {longest}, which is Graph's limit."))
        } else {
            return Some(text.into());
        };
        self.findings.key(path, message, advice);
        None
    }

    fn wrong_type(&mut self, path: &str, expected: Expected, found: &DeValue<'_>) {
        let section = section(path);
        let advice = match (expected, found) {
            (Expected::Table, DeValue::Array(_)) => {
                format!("Write [{section}] once, with single brackets.")
            }
            (Expected::Table, _) => format!("Write it as a section of its own: [{section}]."),
            (Expected::Tables, _) => format!("Write [[{section}]], with double brackets."),
            (Expected::List, _) => "Put it in brackets: [ … ].".to_owned(),
            (Expected::Text, _) => "Write it in quotes: \"…\".".to_owned(),
            (Expected::Integer, DeValue::String(_)) => "Write a whole number, without quotes.".to_owned(),
            (Expected::Integer, _) => "Write a whole number.".to_owned(),
            (Expected::Boolean, _) => "Write true or false, without quotes.".to_owned(),
        };
        let message = format!("expected {}, found {}", expected.in_words(), in_words(found));
        self.findings.key(path, message, advice);
    }
}

/// The kinds of values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Table,
    Tables,
    List,
    Text,
    Integer,
    Boolean,
}

impl Expected {
    const fn in_words(self) -> &'static str {
        match self {
            Self::Table => "a section",
            Self::Tables => "a list of sections",
            Self::List => "a list",
            Self::Text => "a text",
            Self::Integer => "a whole number",
            Self::Boolean => "true or false",
        }
    }
}

fn in_words(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// What the schema wants of a value.
pub(super) fn expected(schema: &Value) -> Expected {
    match schema["type"].as_str() {
        Some("object") => Expected::Table,
        Some("array") if expected(&schema["items"]) == Expected::Table => Expected::Tables,
        Some("array") => Expected::List,
        Some("integer") => Expected::Integer,
        Some("boolean") => Expected::Boolean,
        // Enumerations whose values are described have `oneOf` and no type of their own.
        _ => Expected::Text,
    }
}

/// The values of an enumeration, whether they are described one by one or not.
fn constants(schema: &Value) -> Vec<&str> {
    let plain = schema["enum"].as_array().into_iter().flatten();
    let described = schema["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    plain.chain(described).filter_map(Value::as_str).collect()
}

/// The values of an enumeration in a message; long ones are numbered rows, whose middle says nothing.
fn listed(constants: &[&str]) -> String {
    match constants {
        [first @ .., last] if first.len() > 8 => format!("{}, …, {last}", first[..4].join(", ")),
        all => all.join(", "),
    }
}

/// A value that fits the schema, for what is missing or wrong.
fn stand_in(schema: &Value) -> Value {
    match expected(schema) {
        Expected::Table => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let entry = |name: &str| (name.to_owned(), stand_in(&schema["properties"][name]));
            Value::Object(required.map(entry).collect())
        }
        Expected::Tables | Expected::List => Value::Array(Vec::new()),
        Expected::Integer => schema["minimum"].clone(),
        Expected::Boolean => Value::Bool(false),
        Expected::Text => match constants(schema).first() {
            Some(first) => (*first).into(),
            None => schema["format"].as_str().and_then(format).map_or("", |format| format.stand_in).into(),
        },
    }
}

/// How a missing value may look.
fn sample(schema: &Value) -> String {
    match (expected(schema), constants(schema).as_slice()) {
        (Expected::List, _) => "[\"…\"]".to_owned(),
        (_, []) => "\"…\"".to_owned(),
        (_, constants) => format!("\"…\" with one of {}", listed(constants)),
    }
}

/// The name of a key's section as it is written in TOML: without indices.
fn section(path: &str) -> String {
    path.split('.').map(|part| part.split('[').next().unwrap_or(part)).collect::<Vec<_>>().join(".")
}

/// The path of a key; keys that are not bare in TOML are quoted.
pub(super) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let key = if bare { key.to_owned() } else { quoted(key) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
