//! Values of single keys that are more than a text or a number.
//!
//! Responsible for: parsing and printing them. Not responsible for: what is done with them.

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// How many invitations one of a partner's first runs sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// So many people.
    People(u32),
    /// Percent of those who waited when the first wave was planned, rounded up.
    Percent(u8),
}

/// Why a text is not a [`Wave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WaveError {
    /// Neither a number nor a percentage.
    #[error("a wave is a number of people or a percentage")]
    Shape,
    /// Nobody would be invited.
    #[error("a wave of nobody never comes to an end")]
    Zero,
    /// More than everybody.
    #[error("a wave cannot be more than 100 % of those waiting")]
    TooMany,
}

impl FromStr for Wave {
    type Err = WaveError;

    fn from_str(text: &str) -> Result<Self, WaveError> {
        let (digits, percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        // Digits only: `parse` alone would take a sign.
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(WaveError::Shape);
        }
        let number: u32 = digits.parse().map_err(|_| WaveError::Shape)?;
        match (number, percent) {
            (0, _) => Err(WaveError::Zero),
            (_, false) => Ok(Self::People(number)),
            (_, true) => match u8::try_from(number) {
                Ok(percent @ ..=100) => Ok(Self::Percent(percent)),
                _ => Err(WaveError::TooMany),
            },
        }
    }
}

impl fmt::Display for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(people) => write!(f, "{people}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Where the address to invite is taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSource {
    /// `mail`.
    Mail,
    /// `otherMails`.
    OtherMails,
    /// `onPremisesUserPrincipalName`.
    OnPremisesUserPrincipalName,
    /// `onPremisesExtensionAttributes.extensionAttributeN`, N from 1 to 15.
    ExtensionAttribute(u8),
}

/// The text is not an [`AddressSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a place that addresses can be taken from")]
pub struct AddressSourceError;

impl AddressSource {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Mail, Self::OtherMails, Self::OnPremisesUserPrincipalName]
            .into_iter()
            .chain((1..=15).map(Self::ExtensionAttribute))
    }
}

impl FromStr for AddressSource {
    type Err = AddressSourceError;

    fn from_str(text: &str) -> Result<Self, AddressSourceError> {
        Self::all().find(|source| source.to_string() == text).ok_or(AddressSourceError)
    }
}

impl fmt::Display for AddressSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail => f.write_str("mail"),
            Self::OtherMails => f.write_str("other-mails"),
            Self::OnPremisesUserPrincipalName => f.write_str("on-premises-user-principal-name"),
            Self::ExtensionAttribute(number) => write!(f, "extension-attribute-{number}"),
        }
    }
}

impl JsonSchema for AddressSource {
    fn schema_name() -> Cow<'static, str> {
        "AddressSource".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let all: Vec<String> = Self::all().map(|source| source.to_string()).collect();
        schemars::json_schema!({ "type": "string", "enum": all })
    }
}

macro_rules! serde_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

serde_as_text!(Wave);
serde_as_text!(AddressSource);

/// For keys where `""` says that there is none.
pub(super) mod empty_is_none {
    use super::*;

    pub(in super::super) fn serialize<T: fmt::Display, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_str(""),
        }
    }

    pub(in super::super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        let text = Cow::<str>::deserialize(deserializer)?;
        match &*text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(D::Error::custom),
        }
    }
}
