//! An object as change tracking shows it.

use crate::tenant::property::{Properties, Property, Resource};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;
use uuid::Uuid;

/// An object on a page.
pub(super) struct Item<'a> {
    id: Uuid,
    /// Why it is gone.
    removed: Option<&'static str>,
    properties: Vec<(&'static str, Property<'a>)>,
    members: Vec<Member>,
}

/// A member of a group that came or went.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) id: Uuid,
    /// Type without the namespace.
    pub(super) kind: &'static str,
    pub(super) added: bool,
}

impl<'a> Item<'a> {
    pub(super) fn removed(id: Uuid, reason: &'static str) -> Self {
        Self { id, removed: Some(reason), properties: Vec::new(), members: Vec::new() }
    }

    /// Those of the properties that are wanted and have a value, or once had one.
    pub(super) fn new<R: Resource>(
        id: Uuid,
        resource: &'a R,
        names: &[(&'static str, Properties)],
        wanted: Properties,
        cleared: Properties,
    ) -> Self {
        let wanted = names.iter().filter(|(_, property)| property & wanted != 0);
        let shown = wanted.filter_map(|(name, property)| {
            let value = resource.property(name);
            (!value.is_unset() || property & cleared != 0).then_some((*name, value))
        });
        Self { id, removed: None, properties: shown.collect(), members: Vec::new() }
    }

    pub(super) fn with_members(self, members: Vec<Member>) -> Self {
        Self { members, ..self }
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("id", &self.id)?;
        for (name, value) in &self.properties {
            object.serialize_entry(name, value)?;
        }
        if !self.members.is_empty() {
            object.serialize_entry("members@delta", &self.members)?;
        }
        if let Some(reason) = self.removed {
            object.serialize_entry("@removed", &json!({"reason": reason}))?;
        }
        object.end()
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("@odata.type", &format!("#microsoft.graph.{}", self.kind))?;
        object.serialize_entry("id", &self.id)?;
        if !self.added {
            // Of a membership, `deleted` says no more than that it ended.
            object.serialize_entry("@removed", &json!({"reason": "deleted"}))?;
        }
        object.end()
    }
}
