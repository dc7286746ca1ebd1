//! How people are called in reports.
//!
//! Responsible for: `report.personal_data`. Not responsible for: logs and telemetry, which never carry more than object ids.

use crate::config::PersonalData;
use crate::graph::Directory;
use crate::ids::UserId;
use crate::run::Usher;
use crate::teams::Text;
use std::collections::{BTreeMap, BTreeSet};

/// What may be shown of people, with their names where those may.
#[derive(Debug)]
pub struct Names {
    shown: PersonalData,
    names: BTreeMap<UserId, String>,
}

impl Names {
    /// With what is known.
    pub const fn new(shown: PersonalData, names: BTreeMap<UserId, String>) -> Self {
        Self { shown, names }
    }

    /// What a person is called.
    pub fn call(&self, id: Option<UserId>, address: Option<&str>) -> Text {
        Text::strong(self.text(id, address))
    }

    /// The same as plain text.
    pub fn text(&self, id: Option<UserId>, address: Option<&str>) -> String {
        let name = id.and_then(|id| self.names.get(&id)).map(String::as_str);
        let shown = match (self.shown, name, address) {
            (PersonalData::None, ..) => None,
            (PersonalData::Addresses, Some(name), Some(address)) => Some(format!("{name} ({address})")),
            (PersonalData::Addresses, None, Some(address)) => Some(address.to_owned()),
            (_, name, _) => name.map(str::to_owned),
        };
        let by_id = || id.map(|id| id.to_string());
        shown.or_else(by_id).unwrap_or_else(|| "somebody who is not in this directory".to_owned())
    }
}

impl Usher {
    /// The names of these people, where reports may show them. Who cannot be read is called by the object id.
    pub async fn names_of(&self, people: impl Iterator<Item = UserId>) -> Names {
        let shown = self.config.report.personal_data;
        let people: BTreeSet<_> = people.collect();
        if shown == PersonalData::None || people.is_empty() {
            return Names::new(shown, BTreeMap::new());
        }
        let directory = Directory::new(self.client.clone(), &[], &[]);
        let people: Vec<_> = people.into_iter().collect();
        Names::new(shown, directory.names_of(&people).await)
    }
}
