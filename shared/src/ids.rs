//! Ids as types, so that one kind cannot be passed for another.
//!
//! Responsible for: parsing and printing. Not responsible for: whether anything with that id exists.

use crate::address::Address;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id as a plain UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // Only the hyphenated form: Graph sends no other, and configuration should not either.
                match text.len() {
                    36 => text.parse().map(Self),
                    _ => Err(Uuid::try_parse("").expect_err("an empty text is no UUID")),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

id_type! {
    /// The object id of a user in the tenant that usher runs in.
    UserId
}
id_type! {
    /// The object id of a group in the tenant that usher runs in.
    GroupId
}
id_type! {
    /// The id of an Entra tenant.
    TenantId
}
id_type! {
    /// The id of one run: one execution of a job.
    RunId
}

/// Made of an address, it is no id of any object; see [`UserId::of_nobody`].
const NOBODY: Uuid = uuid::uuid!("3c1f2a0e-6f0b-4f6e-9d53-5f1c1b7a4e21");

impl UserId {
    /// The id under which the journal knows an address of whom there is no object yet, so that two who invite the same
    /// address notice each other. Always the same for an address.
    pub fn of_nobody(address: &Address) -> Self {
        Self(Uuid::new_v5(&NOBODY, address.as_str().as_bytes()))
    }
}

impl RunId {
    /// A new, random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}
