//! Changes that are carried over to external users: properties, sponsors, groups.
//!
//! Responsible for: what differs from the configuration, and what of it is its master's to change. Not responsible for: who
//! may be written at all; see [`super::guards`].

use super::case::Case;
use super::observe::kept_properties;
use super::person::{Person, Property};
use crate::config::{Config, Partner, UserType};
use crate::graph::model::UserType as GraphUserType;
use crate::ids::GroupId;
use crate::tri::Tri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The property that hides people from address lists.
pub const SHOW_IN_ADDRESS_LIST: &str = "showInAddressList";
const USER_TYPE: &str = "userType";
const USAGE_LOCATION: &str = "usageLocation";
const EXTENSION_ATTRIBUTES: &str = "onPremisesExtensionAttributes";

/// A property that has another value than it shall have. `null` is not set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Its name; `extensionAttributeN` for one of the fifteen.
    pub name: String,
    /// What it is.
    pub is: Value,
    /// What it shall be.
    pub shall: Value,
}

/// What differs, and whether there is more that only the account's master can change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// What usher writes.
    pub to_write: Vec<Difference>,
    /// Something else differs that Entra Connect masters.
    pub mastered_elsewhere: bool,
}

/// What differs from the configuration. What was not in Graph's answer differs from nothing.
pub fn differences(config: &Config, partner: &Partner, person: &Person) -> Differences {
    // Most configurations keep none, and then there is nothing to be done for each of many people.
    let names = if person.properties.is_some() { kept_properties(config) } else { Vec::new() };
    let mut found = Differences::default();
    let mut add = |name: &str, is: Value, shall: Value| match person.synced {
        // Entra Connect masters everything else, and a change here would be refused or overwritten.
        Tri::Yes if !matches!(name, USER_TYPE | USAGE_LOCATION) => found.mastered_elsewhere = true,
        Tri::Unknown => {}
        Tri::Yes | Tri::No => {
            found.to_write.push(Difference { name: name.to_owned(), is, shall });
        }
    };
    for (name, property) in names.iter().zip(person.properties.iter().flat_map(|properties| properties.iter())) {
        let is = match property {
            Property::Unknown => continue,
            Property::Empty => Value::Null,
            Property::Text(text) => json!(**text),
            Property::Flag(flag) => json!(flag),
        };
        if name == SHOW_IN_ADDRESS_LIST {
            if let Some(shall) = partner.invite.show_in_address_list.map(|shall| json!(shall))
                && is != shall
            {
                add(name, is, shall);
            }
        } else if let Some(shall) = partner.attributes.get(name) {
            let shall = if shall.is_empty() { Value::Null } else { json!(shall) };
            if is != shall {
                add(name, is, shall);
            }
        }
    }
    if partner.invite.enforce_user_type
        && let Some(is) = person.user_type
    {
        let shall = match partner.invite.user_type {
            UserType::Guest => GraphUserType::Guest,
            UserType::Member => GraphUserType::Member,
        };
        if is != shall {
            add(USER_TYPE, json!(is), json!(shall));
        }
    }
    found
}

/// Whether nothing differs that usher would write.
pub fn is_as_configured(config: &Config, partner: &Partner, person: &Person) -> bool {
    differences(config, partner, person).to_write.is_empty()
}

/// The body of the `PATCH` that writes these differences.
pub fn body(differences: &[Difference]) -> Map<String, Value> {
    let mut body = Map::new();
    for Difference { name, shall, .. } in differences {
        let into = match name.starts_with("extensionAttribute") {
            false => &mut body,
            true => match body.entry(EXTENSION_ATTRIBUTES).or_insert_with(|| json!({})) {
                Value::Object(attributes) => attributes,
                _ => continue,
            },
        };
        into.insert(name.clone(), shall.clone());
    }
    body
}

/// The differences in words, before and after.
pub fn in_words(differences: &[Difference]) -> (String, String) {
    let words = |value: fn(&Difference) -> &Value| {
        let each: Vec<_> = differences.iter().map(|one| format!("{}={}", one.name, value(one))).collect();
        each.join(", ")
    };
    (words(|one| &one.is), words(|one| &one.shall))
}

/// The configured sponsors whom usher has not set yet. Who was taken away by hand since is not set again.
pub fn missing_sponsors(case: &Case<'_>) -> Vec<Uuid> {
    let set = case.life().map_or(&[][..], |life| life.sponsors);
    case.partner.invite.sponsors.iter().filter(|sponsor| !set.contains(sponsor)).copied().collect()
}

/// The configured groups that the person is not in, and that usher has not put them into before; with what is not known.
pub fn missing_groups(case: &Case<'_>) -> (Vec<GroupId>, Tri) {
    let joined = case.life().map_or(&[][..], |life| life.groups);
    let groups = case.partner.invite.groups.iter().filter(|group| !joined.contains(&group.uuid()));
    let (mut missing, mut known) = (Vec::new(), Tri::No);
    for group in groups {
        match case.view.snapshot.is_member(case.person.id, *group) {
            Tri::No => missing.push(*group),
            Tri::Yes => {}
            Tri::Unknown => known = Tri::Unknown,
        }
    }
    if !missing.is_empty() {
        known = Tri::Yes;
    }
    (missing, known)
}
