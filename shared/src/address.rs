//! Addresses and domains: parsed once, compared whole, never printed by accident.
//!
//! Responsible for: what counts as the same address or the same domain, and what Graph accepts in an invitation.
//! Not responsible for: whose address it is.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Something with exactly one local part and one domain, such as `person@fabrikam.us`; an e-mail address or a user
/// principal name. Equal when equal without regard to case. `Debug` is redacted: logs never carry addresses.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Address(Box<str>);

/// A DNS domain in its lower-case ASCII form (`xn--…` for others). Compared whole: `domain1.com.evil.example` and
/// `domain1xcom` are not `domain1.com`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Domain(Box<str>);

/// Why a text is not an [`Address`] or not a [`Domain`]. Does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not exactly one `@` with something on both sides.
    #[error("an address is one name, one @ and one domain")]
    Shape,
    /// White space or a control character.
    #[error("an address has no blanks or control characters")]
    Blank,
    /// The domain is not a domain of at least two labels.
    #[error("this is not a whole domain such as fabrikam.us")]
    Domain,
}

/// Characters that `invitedUserEmailAddress` does not take, by Graph's reference of the invitation resource. A plus
/// address is therefore refused.
const NOT_INVITABLE: &[char] = &[
    '~', '!', '#', '$', '%', '^', '&', '*', '(', ')', '+', '=', '[', ']', '{', '}', '\\', '/', '|', ';', ':', '"', '<',
    '>', '?', ',',
];

impl Address {
    /// Parses an address; the result is in lower case with its domain in ASCII form.
    ///
    /// # Errors
    /// When the text is not one local part, one `@` and one domain.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Shape)?;
        if local.is_empty() || local.contains('@') {
            return Err(AddressError::Shape);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Blank);
        }
        let domain = Domain::parse(domain)?;
        Ok(Self(format!("{}@{}", local.to_lowercase(), domain.0).into()))
    }

    /// The address as text. The caller sees to it that it gets into no log.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole domain, in ASCII form.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether Graph takes it in an invitation: no character that `invitedUserEmailAddress` disallows, and neither `.`
    /// nor `-` at the ends of the local part.
    pub fn is_invitable(&self) -> bool {
        let local = self.0.rsplit_once('@').map_or("", |(local, _)| local);
        !local.contains(NOT_INVITABLE)
            && !local.starts_with(['.', '-'])
            && !local.ends_with(['.', '-'])
            && local.is_ascii()
    }
}

impl JsonSchema for Address {
    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    /// The ASCII form. What is parsed may have a domain in Unicode, which no pattern could judge.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One name, one @ and one whole domain, in its ASCII form",
            "type": "string",
            "pattern": r"^[^\s@\u0000-\u001f\u007f-\u009f]+@([A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?$",
        })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl Domain {
    /// Parses a domain of at least two labels; internationalised ones are brought to their ASCII form (IDNA 2008 as in
    /// UTS 46).
    ///
    /// # Errors
    /// When it is not a whole domain.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| AddressError::Domain)?;
        if ascii.split('.').count() < 2 || ascii.split('.').any(str::is_empty) {
            return Err(AddressError::Domain);
        }
        Ok(Self(ascii.into()))
    }

    /// The domain in lower-case ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_compared_whole_and_without_case() {
        let wanted = Domain::parse("Domain1.com").unwrap();
        for same in ["x@domain1.com", "X.Y@DOMAIN1.COM", "o'brien@Domain1.com"] {
            assert_eq!(Address::parse(same).unwrap().domain(), wanted.as_str(), "{same}");
        }
        for other in ["x@domain1.com.evil.example", "x@domain1xcom.org", "x@evildomain1.com", "x@sub.domain1.com"] {
            assert_ne!(Address::parse(other).unwrap().domain(), wanted.as_str(), "{other}");
        }
        assert!(Address::parse("x@domain1xcom").is_err(), "a single label is no domain");
    }

    #[test]
    fn an_internationalised_domain_equals_its_ascii_form() {
        let ascii = Address::parse("x@xn--bcher-kva.example").unwrap();
        assert_eq!(Address::parse("x@bücher.example").unwrap(), ascii);
        assert_eq!(Address::parse("x@BÜCHER.example").unwrap(), ascii);
        assert_ne!(Address::parse("x@bucher.example").unwrap(), ascii);
        // Cyrillic а looks like Latin a and is not it.
        assert_ne!(Address::parse("x@f\u{0430}brikam.us").unwrap().domain(), "fabrikam.us");
    }

    #[test]
    fn what_is_not_one_name_and_one_domain_is_no_address() {
        for text in [
            "",
            "x",
            "@fabrikam.us",
            "x@",
            "a@b@fabrikam.us",
            "x @fabrikam.us",
            "x@fabrikam.us\n",
            "x@.us",
            "x@fabrikam.us.",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn characters_that_graph_refuses_make_an_address_not_invitable() {
        for text in ["o'brien@fabrikam.us", "a_b@fabrikam.us", "a.b-c@fabrikam.us", "_@fabrikam.us"] {
            assert!(Address::parse(text).unwrap().is_invitable(), "{text}");
        }
        for text in [
            "a+b@fabrikam.us",
            "a#b@fabrikam.us",
            ".a@fabrikam.us",
            "a-@fabrikam.us",
            "a&b@fabrikam.us",
            "ä@fabrikam.us",
        ] {
            assert!(!Address::parse(text).unwrap().is_invitable(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_address() {
        assert!(!format!("{:?}", Address::parse("x@fabrikam.us").unwrap()).contains("fabrikam"));
    }
}
