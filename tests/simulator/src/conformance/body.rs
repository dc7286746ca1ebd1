//! Holds JSON bodies against types: properties, values, annotations.
//!
//! Responsible for: what may stand in an object of a type. Not responsible for: which type a body has, see
//! [`check`](super::check).

use serde_json::{Map, Value};
use std::fmt;

use super::difference::Part;
use super::edm;
use super::model::{Lookup, Model, Property, TypeRef};
use super::sink::Sink;

/// A place inside a body, written out only when something differs there.
#[derive(Clone, Copy)]
pub(super) enum At<'a> {
    Root,
    Name(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => out.write_str("$"),
            Self::Name(parent, name) => write!(out, "{parent}.{name}"),
            Self::Index(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

/// Checks one body.
pub(super) struct Body<'b, 'e> {
    pub(super) model: &'b Model,
    pub(super) sink: &'b mut Sink<'e>,
    /// `Part::Request` or `Part::Response`.
    pub(super) part: Part,
    /// Whether removed items and `members@delta` may occur.
    pub(super) delta: bool,
}

impl Body<'_, '_> {
    /// A value of a type.
    pub(super) fn value(&mut self, ty: &TypeRef, nullable: bool, value: &Value, at: At<'_>) {
        match value {
            Value::Null if nullable && !ty.collection => {}
            Value::Array(items) if ty.collection => self.items(&ty.name, items, at),
            _ if ty.collection => self.add(at, ty, shown(value)),
            _ => self.single(&ty.name, value, at),
        }
    }

    /// The items of a collection.
    pub(super) fn items(&mut self, ty: &str, items: &[Value], at: At<'_>) {
        for (index, item) in items.iter().enumerate() {
            self.single(ty, item, At::Index(&at, index));
        }
    }

    fn single(&mut self, ty: &str, value: &Value, at: At<'_>) {
        let fits = if ty.starts_with("Edm.") {
            edm::fits(ty, value)
        } else if let Some(enumeration) = self.model.enumerations.get(ty) {
            value.as_str().is_some_and(|text| enumeration.accepts(text))
        } else {
            match value {
                Value::Object(object) => return self.object(ty, object, at),
                _ => false,
            }
        };
        if !fits {
            self.add(at, ty, shown(value));
        }
    }

    /// An object of a type, or of the derived type that its `@odata.type` names.
    pub(super) fn object(&mut self, declared: &str, object: &Map<String, Value>, at: At<'_>) {
        let ty = match object.get("@odata.type") {
            None => declared,
            Some(named) => match self.named_type(declared, named) {
                Some(ty) => ty,
                None => {
                    let says = format!("`#` and the name of {declared} or of a type derived from it");
                    return self.add(At::Name(&at, "@odata.type"), says, shown(named));
                }
            },
        };
        for (name, value) in object {
            let at = At::Name(&at, name);
            match name.split_once('@') {
                None => self.property(ty, name, value, at),
                Some(("", annotation)) => self.annotation(annotation, value, at),
                Some((property, annotation)) => self.property_annotation(ty, property, annotation, value, at),
            }
        }
    }

    fn named_type<'n>(&self, declared: &str, named: &'n Value) -> Option<&'n str> {
        let text = named.as_str()?;
        let name = match text.strip_prefix('#') {
            Some(name) => name,
            // Requests may leave the sign out, as many of Graph's own samples do.
            None if self.part == Part::Request => text,
            None => return None,
        };
        self.model.is_a(name, declared).then_some(name)
    }

    fn property(&mut self, ty: &str, name: &str, value: &Value, at: At<'_>) {
        match self.model.property(ty, name) {
            Lookup::Declared(property) => self.value(&property.ty, property.nullable, value, at),
            Lookup::Dynamic => {}
            Lookup::Unknown => self.add(at, format!("{ty} has no such property"), shown(value)),
        }
    }

    /// `@odata.…` of the object itself.
    fn annotation(&mut self, name: &str, value: &Value, at: At<'_>) {
        if name == "removed" && self.delta && self.part == Part::Response {
            if !matches!(value["reason"].as_str(), Some("changed" | "deleted")) {
                self.add(at, "a reason that is `changed` or `deleted`", shown(value));
            }
            return;
        }
        let response = self.part == Part::Response;
        match name {
            "odata.type" | "odata.id" | "odata.etag" => self.text(value, at),
            "odata.context"
            | "odata.editLink"
            | "odata.readLink"
            | "odata.mediaContentType"
            | "odata.mediaEtag"
            | "odata.mediaReadLink"
            | "odata.mediaEditLink"
                if response =>
            {
                self.text(value, at);
            }
            _ if name.starts_with("microsoft.graph.") => {}
            _ => self.add(at, "no such annotation here", shown(value)),
        }
    }

    /// `members@odata.bind`, `members@delta`, …
    fn property_annotation(&mut self, ty: &str, name: &str, annotation: &str, value: &Value, at: At<'_>) {
        let property = match self.model.property(ty, name) {
            Lookup::Declared(property) => property,
            Lookup::Dynamic => return,
            Lookup::Unknown => {
                return self.add(at, format!("{ty} has no property `{name}`"), shown(value));
            }
        };
        match (annotation, self.part) {
            ("odata.type", _) => self.text(value, at),
            ("odata.bind", Part::Request) if property.is_navigation() => self.bind(property, value, at),
            ("odata.context" | "odata.nextLink" | "odata.navigationLink" | "odata.associationLink", Part::Response) => {
                self.text(value, at);
            }
            ("odata.count", Part::Response) if property.ty.collection => self.single("Edm.Int64", value, at),
            ("delta", Part::Response) if self.delta && property.is_navigation() => {
                self.value(&TypeRef::collection(&property.ty.name), false, value, at);
            }
            _ => self.add(at, "no such annotation here", shown(value)),
        }
    }

    fn bind(&mut self, property: &Property, value: &Value, at: At<'_>) {
        match value {
            Value::Array(links) if property.ty.collection => {
                for (index, link) in links.iter().enumerate() {
                    self.text(link, At::Index(&at, index));
                }
            }
            _ if property.ty.collection => self.add(at, "a list of links", shown(value)),
            _ => self.text(value, at),
        }
    }

    /// `{"@odata.id": "https://…"}`.
    pub(super) fn link(&mut self, object: &Map<String, Value>, at: At<'_>) {
        if !object.get("@odata.id").is_some_and(Value::is_string) {
            self.add(at, "a link in `@odata.id`", shown(&Value::Object(object.clone())));
        }
    }

    fn text(&mut self, value: &Value, at: At<'_>) {
        self.single("Edm.String", value, at);
    }

    pub(super) fn add(&mut self, at: At<'_>, says: impl ToString, found: impl ToString) {
        self.sink.add(self.part, at, says, found);
    }
}

/// Whether values of the type are objects.
pub(super) fn is_object(model: &Model, ty: &str) -> bool {
    model.types.contains_key(ty)
}

/// A value as a message shows it, cut short.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
