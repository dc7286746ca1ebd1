//! Types that stand for formats in the schema.
//!
//! Responsible for: telling the schema which of the [`super::formats`] the text of a key has. Not responsible for:
//! judging texts.

use super::values::Wave;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! format_types {
    ($($(#[$doc:meta])* $name:ident = $format:literal;)*) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!({ "type": "string", "format": $format })
                }
            }
        )*
    };
}

format_types! {
    /// Schema of an object id.
    ObjectId = "uuid";
    /// Schema of an id that may be empty.
    OptionalId = "uuid-or-empty";
    /// Schema of a domain.
    DomainText = "domain";
    /// Schema of the domain of webhooks.
    HostName = "host";
    /// Schema of an address.
    AddressText = "address";
    /// Schema of a partner's name.
    Slug = "slug";
    /// Schema of the value of an app role.
    AppRole = "app-role";
    /// Schema of a language tag.
    Language = "language";
    /// Schema of an https URL that may be empty.
    OptionalUrl = "https-url-or-empty";
    /// Schema of the name of a time zone.
    TimeZoneName = "time-zone";
    /// Schema of the name of an environment variable.
    VariableName = "environment-variable";
}

impl JsonSchema for Wave {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Wave".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "wave" })
    }
}
