//! The paths and query options that usher can send. Nothing outside this module makes one from text, so that no address
//! from the directory can turn into another request.

use crate::address::Address;
use crate::ids::{GroupId, UserId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::{self, Write};

/// What stays readable in a query value. `+`, `&`, `#`, `%` and everything outside ASCII are encoded.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b'/')
    .remove(b':')
    .remove(b'$')
    .remove(b'\'');

/// A path below the version with its query, ready to be sent or put into a batch; and its template for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    path: String,
    template: &'static str,
}

impl Path {
    fn new(path: impl Into<String>, template: &'static str) -> Self {
        Self { path: path.into(), template }
    }

    fn with(mut self, option: &str, value: &str) -> Self {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        // Writing into a String cannot fail.
        let _ = write!(self.path, "{separator}{option}={}", utf8_percent_encode(value, QUERY));
        self
    }

    /// The path with its query, as it goes over the wire.
    pub fn as_str(&self) -> &str {
        &self.path
    }

    /// The path without ids, for logs and errors.
    pub const fn template(&self) -> &'static str {
        self.template
    }

    /// `GET /organization`: this tenant and its domains.
    pub fn organization() -> Self {
        Self::new("/organization", "/organization").with("$select", "id,verifiedDomains")
    }

    /// `GET /users`, in pages of the largest size that Graph allows.
    pub fn users(select: &str) -> Self {
        Self::new("/users", "/users").with("$select", select).with("$top", "999")
    }

    /// `GET /users`, those who have the address in one of the properties that can be filtered by it.
    pub fn users_with_address(address: &Address, select: &str) -> Self {
        let literal = literal(address.as_str());
        let filter = format!(
            "mail eq {literal} or userPrincipalName eq {literal} or otherMails/any(m:m eq {literal}) or \
             proxyAddresses/any(p:p eq {})",
            self::literal(&format!("smtp:{}", address.as_str()))
        );
        Self::new("/users", "/users").with("$filter", &filter).with("$select", select)
    }

    /// `GET /users/{id}`.
    pub fn user(id: UserId, select: &str) -> Self {
        Self::new(format!("/users/{id}"), "/users/{id}").with("$select", select)
    }

    /// `GET /groups/{id}/transitiveMembers`: nested membership, in pages of the largest size.
    pub fn transitive_members(group: GroupId) -> Self {
        Self::new(format!("/groups/{group}/transitiveMembers"), "/groups/{id}/transitiveMembers")
            .with("$select", "id")
            .with("$top", "999")
    }

    /// `GET /groups`: those that may hold directory roles.
    pub fn role_assignable_groups() -> Self {
        Self::new("/groups", "/groups").with("$filter", "isAssignableToRole eq true").with("$select", "id")
    }

    /// `GET /roleManagement/directory/roleAssignments`: active directory roles.
    pub fn role_assignments() -> Self {
        let path = "/roleManagement/directory/roleAssignments";
        Self::new(path, path).with("$select", "id,principalId")
    }

    /// `GET /roleManagement/directory/roleEligibilityScheduleInstances`: roles that somebody could activate.
    pub fn role_eligibilities() -> Self {
        let path = "/roleManagement/directory/roleEligibilityScheduleInstances";
        Self::new(path, path).with("$select", "id,principalId")
    }

    /// `POST /invitations`.
    pub fn invitations() -> Self {
        Self::new("/invitations", "/invitations")
    }

    /// `POST /$batch`.
    pub fn batch() -> Self {
        Self::new("/$batch", "/$batch")
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.template)
    }
}

/// An `OData` string literal; the only special character in one is the quote, which is doubled.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_leave_its_literal() {
        for (text, expected) in [
            ("o'brien@fabrikam.us", "'o''brien@fabrikam.us'"),
            ("a'or'1'eq'1@fabrikam.us", "'a''or''1''eq''1@fabrikam.us'"),
        ] {
            assert_eq!(literal(text), expected);
        }
        let path = Path::users_with_address(&Address::parse("a&b#c%d+e'f😀@fabrikam.us").unwrap(), "id");
        assert!(!path.as_str().contains(['#', '+', '😀', ' ']));
        assert_eq!(path.as_str().matches('&').count(), 1, "only the one before $select: {}", path.as_str());
        let decoded: String = percent_encoding::percent_decode_str(path.as_str()).decode_utf8().unwrap().into();
        assert!(decoded.contains("mail eq 'a&b#c%d+e''f😀@fabrikam.us' or"));
    }

    #[test]
    fn a_template_holds_no_id() {
        let id = uuid::Uuid::from_u128(7);
        assert!(!Path::user(id.into(), "id").template().contains('7'));
        assert!(!Path::transitive_members(id.into()).template().contains('7'));
    }
}
