//! The Graph user properties that `[partner.attributes]` may keep.
//!
//! Responsible for: which they are. They are texts that Graph lets an application write on an external user and for
//! which one value for everybody makes sense; what is each person's own (names, phone numbers, employee ids) is refused
//! with the reason. Not responsible for: writing them, nor for whose source wins.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// Names and Graph's limits on length.
const KEPT: &[(&str, u32)] = &[
    ("city", 128),
    ("companyName", 64),
    ("country", 128),
    ("department", 64),
    ("employeeType", 1024),
    ("faxNumber", 128),
    ("jobTitle", 128),
    ("officeLocation", 128),
    ("postalCode", 40),
    ("state", 128),
    ("streetAddress", 1024),
];

/// Each person's own: one value for everybody would be wrong for all but one.
const PERSONAL: &[&str] =
    &["displayName", "employeeId", "givenName", "mail", "mailNickname", "mobilePhone", "surname", "userPrincipalName"];

/// Written by other keys.
const ELSEWHERE: &[(&str, &str)] = &[
    ("onPremisesExtensionAttributes", "Write extensionAttribute7 = \"…\" for one of its 15 attributes."),
    ("showInAddressList", "Use show_in_address_list in [partner.invite]."),
    ("userType", "Use user_type in [partner.invite]."),
];

/// The schema of the section. A property that is refused is there with `not`, so that the reason is given, in editors
/// too.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    for (name, longest) in KEPT {
        properties.insert((*name).to_owned(), json!({ "type": "string", "maxLength": longest }));
    }
    for number in 1..=15 {
        properties.insert(format!("extensionAttribute{number}"), json!({ "type": "string", "maxLength": 1024 }));
    }
    properties.insert("preferredLanguage".to_owned(), json!({ "type": "string", "format": "language-or-empty" }));
    properties.insert(
        "usageLocation".to_owned(),
        json!({
            "type": "string",
            "format": "country-code",
            "description": "Two letters (ISO 3166). Graph does not let it be cleared.",
        }),
    );
    for name in PERSONAL {
        properties.insert((*name).to_owned(), refused("It is each person's own; remove it here."));
    }
    for (name, instead) in ELSEWHERE {
        properties.insert((*name).to_owned(), refused(instead));
    }
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn refused(description: &str) -> Value {
    json!({ "not": {}, "description": description })
}
