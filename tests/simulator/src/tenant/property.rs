//! What a property of a directory object is worth, in the one form that both `$filter` and the JSON answer are made
//! from.
//!
//! Not responsible for: which properties an object has; each object says so itself.

use super::error::GraphError;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Property<'a> {
    Null,
    Text(Cow<'a, str>),
    Bool(bool),
    Number(i64),
    Time(Timestamp),
    List(Vec<Property<'a>>),
    Object(Vec<(&'static str, Property<'a>)>),
}

impl Property<'_> {
    /// Whether there is nothing in it: change tracking leaves such a property out unless there once was something.
    pub(super) fn is_unset(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.is_empty(),
            Self::Object(fields) => fields.iter().all(|(_, value)| value.is_unset()),
            Self::Text(_) | Self::Bool(_) | Self::Number(_) | Self::Time(_) => false,
        }
    }

    /// The value below this one that `path` names; absent is null.
    pub(super) fn descend(self, path: &[String]) -> Self {
        let Some((first, rest)) = path.split_first() else {
            return self;
        };
        match self {
            Self::Object(fields) => {
                fields.into_iter().find(|(name, _)| name == first).map_or(Self::Null, |(_, value)| value.descend(rest))
            }
            _ => Self::Null,
        }
    }
}

impl Serialize for Property<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_i64(*value),
            Self::Time(time) => serializer.serialize_str(&time_text(*time)),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => serializer.collect_map(fields.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// Seconds are all that Graph shows of a directory object's times.
pub(super) fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn text(value: &str) -> Property<'_> {
    Property::Text(Cow::Borrowed(value))
}

pub(super) fn owned(value: impl ToString) -> Property<'static> {
    Property::Text(Cow::Owned(value.to_string()))
}

pub(super) fn texts(values: &[String]) -> Property<'_> {
    Property::List(values.iter().map(|value| text(value)).collect())
}

pub(super) fn maybe<'a, T>(value: Option<T>, make: impl FnOnce(T) -> Property<'a>) -> Property<'a> {
    value.map_or(Property::Null, make)
}

/// An object of the directory as Graph shows it.
pub(super) trait Resource {
    /// Without the namespace: `user`.
    const TYPE: &'static str;
    /// Every property that may be selected or filtered.
    const NAMES: &'static [&'static str];
    /// What is shown when nothing is selected.
    const DEFAULT: &'static [&'static str];

    /// The value of one of [`Self::NAMES`].
    fn property(&self, name: &str) -> Property<'_>;

    /// Whether an answer leaves the property out although it was selected.
    fn is_absent(&self, _name: &str) -> bool {
        false
    }
}

/// The properties `names` of `resource` as a JSON object that can be changed.
pub(super) fn render<R: Resource>(resource: &R, names: &[&str]) -> Map<String, Value> {
    let json = |name: &str| serde_json::to_value(resource.property(name)).unwrap_or_default();
    let present = names.iter().filter(|name| !resource.is_absent(name));
    present.map(|name| ((*name).to_owned(), json(name))).collect()
}

/// The properties `names` of `resource`, to be written as they are: large pages are made of these.
pub(super) struct Shown<'a, R> {
    pub(super) resource: &'a R,
    pub(super) names: &'a [&'static str],
}

impl<R: Resource> Serialize for Shown<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let present = self.names.iter().filter(|name| !self.resource.is_absent(name));
        serializer.collect_map(present.map(|name| (name, self.resource.property(name))))
    }
}

/// The properties of a type as a set: one bit for each of [`Resource::NAMES`].
pub(super) type Properties = u64;

/// The set of one property; empty for a name that the type does not have.
pub(super) fn property_set<R: Resource>(name: &str) -> Properties {
    const { assert!(R::NAMES.len() <= Properties::BITS as usize, "a bit for every property") };
    R::NAMES.iter().position(|known| *known == name).map_or(0, |position| 1 << position)
}

/// What `$select` asks for, checked against the type; the default projection if there is none.
pub(super) fn projection<R: Resource>(select: Option<&[String]>) -> Result<Vec<&'static str>, GraphError> {
    let Some(select) = select else {
        return Ok(R::DEFAULT.to_vec());
    };
    select.iter().map(|name| find_name(R::NAMES, name, R::TYPE)).collect()
}

/// The name as the schema writes it. Graph is not so strict about case, but whoever writes a name otherwise has
/// misread it.
pub(super) fn find_name(names: &[&'static str], name: &str, kind: &str) -> Result<&'static str, GraphError> {
    names.iter().find(|known| **known == name).copied().ok_or_else(|| no_such_property(name, kind))
}

/// The type has no property of that name.
pub(super) fn no_such_property(name: &str, kind: &str) -> GraphError {
    GraphError::bad_request(format!(
        "Parsing OData Select and Expand failed: \
         Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
    ))
}
