//! Evidence with three values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Yes, no, or unknown. Unknown never leads to a write, so there is deliberately no conversion to `bool`: ask
/// [`Tri::is_yes`] or [`Tri::is_no`] for the value that permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(description = "Yes, no, or unknown")]
pub enum Tri {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// It was not read, could not be read, or the readings conflict.
    #[default]
    Unknown,
}

impl Tri {
    /// Known to be so.
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }

    /// Known not to be so.
    pub const fn is_no(self) -> bool {
        matches!(self, Self::No)
    }

    /// Yes if either is yes, else unknown if either is unknown.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::Yes } else { Self::No }
    }
}

impl From<Option<bool>> for Tri {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Self::Unknown, Self::from)
    }
}

impl std::ops::Not for Tri {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for Tri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tri::{self, No, Unknown, Yes};

    #[test]
    fn unknown_is_never_turned_into_an_answer() {
        assert_eq!(!Unknown, Unknown);
        assert_eq!(No.or(Unknown), Unknown);
        assert_eq!(Yes.or(Unknown), Yes);
        assert_eq!(No.or(No), No);
        assert_eq!(Tri::from(None), Unknown);
    }
}
