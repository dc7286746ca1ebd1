//! The paths and query options that usher can send. Nothing outside this module makes one from text, so that no address
//! from the directory can turn into another request.

mod applications;
mod authentication;
mod policies;
mod setup;
mod synchronization;

pub use authentication::MOBILE_PHONE;

use super::limits::Cost;
use crate::address::Address;
use crate::ids::{GroupId, TenantId, UserId};
use jiff::Timestamp;
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

/// How many users a page holds; the largest size that Graph allows.
pub const USERS_IN_A_PAGE: usize = 999;
/// The template of change tracking of users.
pub(super) const DELTA_OF_USERS: &str = "/users/delta";
/// The template of change tracking of groups.
pub(super) const DELTA_OF_GROUPS: &str = "/groups/delta";

/// A path below the version with its query, ready to be sent or put into a batch; and its template for logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    path: String,
    template: &'static str,
    cost: Cost,
}

impl Path {
    /// A path that is read, and what that costs with `$select` by Microsoft's table.
    fn read(path: impl Into<String>, template: &'static str, units: u32) -> Self {
        Self { path: path.into(), template, cost: Cost { units, ..Cost::default() } }
    }

    /// A path that is written, which costs one unit and one write by Microsoft's table.
    fn write(path: String, template: &'static str) -> Self {
        Self { path, template, cost: Cost { units: 1, writes: 1, invitations: 0 } }
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

    /// What the request costs of Graph's limits.
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// `GET /organization`: this tenant and its domains.
    pub fn organization() -> Self {
        Self::read("/organization", "/organization", 1).with("$select", "id,verifiedDomains")
    }

    /// `GET /users`, everybody.
    pub fn users(select: &str) -> Self {
        Self::read("/users", "/users", 1).with("$select", select).with("$top", &USERS_IN_A_PAGE.to_string())
    }

    /// `GET /users`, those who have the address in one of the properties that can be filtered by it.
    pub fn users_with_address(address: &Address, select: &str) -> Self {
        let is = literal(address.as_str());
        let proxy = literal(&format!("smtp:{}", address.as_str()));
        // The name that an invitation gives to a new guest.
        let guest = literal(&format!("{}#EXT#", address.as_str().replace('@', "_")));
        let filter = format!(
            "mail eq {is} or userPrincipalName eq {is} or startswith(userPrincipalName,{guest}) or \
             otherMails/any(m:m eq {is}) or proxyAddresses/any(p:p eq {proxy})"
        );
        Self::read("/users", "/users", 1).with("$filter", &filter).with("$select", select)
    }

    /// `GET /users/{id}`.
    pub fn user(id: UserId, select: &str) -> Self {
        Self::read(format!("/users/{id}"), "/users/{id}", 1).with("$select", select)
    }

    /// `GET /users/delta`, from now on: the link under which later changes are found, and no user.
    pub fn users_from_now(select: &str) -> Self {
        Self::read("/users/delta", DELTA_OF_USERS, 1).with("$deltatoken", "latest").with("$select", select)
    }

    /// `GET /groups/delta`, from now on: the link under which later changes of membership are found. At most 50 groups.
    pub fn members_from_now(groups: &[GroupId]) -> Self {
        let filter: Vec<_> = groups.iter().map(|group| format!("id eq '{group}'")).collect();
        Self::read("/groups/delta", DELTA_OF_GROUPS, 1)
            .with("$deltatoken", "latest")
            .with("$filter", &filter.join(" or "))
            .with("$select", "id,members")
    }

    /// `POST /users/{id}/checkMemberGroups`, which asks and changes nothing; nested membership counts.
    pub fn check_member_groups(user: UserId) -> Self {
        Self::read(format!("/users/{user}/checkMemberGroups"), "/users/{id}/checkMemberGroups", 4)
    }

    /// `GET /groups/{id}/transitiveMembers`: nested membership, in pages of the largest size.
    pub fn transitive_members(group: GroupId) -> Self {
        Self::read(format!("/groups/{group}/transitiveMembers"), "/groups/{id}/transitiveMembers", 4)
            .with("$select", "id")
            .with("$top", "999")
    }

    /// `GET /groups`: those that may hold directory roles.
    pub fn role_assignable_groups() -> Self {
        Self::read("/groups", "/groups", 1).with("$filter", "isAssignableToRole eq true").with("$select", "id")
    }

    /// `GET /roleManagement/directory/roleAssignments`: active directory roles.
    pub fn role_assignments() -> Self {
        let path = "/roleManagement/directory/roleAssignments";
        Self::read(path, path, 1).with("$select", "id,principalId")
    }

    /// `GET /roleManagement/directory/roleEligibilityScheduleInstances`: roles that somebody could activate.
    pub fn role_eligibilities() -> Self {
        let path = "/roleManagement/directory/roleEligibilityScheduleInstances";
        Self::read(path, path, 1).with("$select", "id,principalId")
    }

    /// `GET /roleManagement/directory/roleAssignments`: active directory roles of a person.
    pub fn role_assignments_of(user: UserId) -> Self {
        Self::role_assignments().with("$filter", &format!("principalId eq '{user}'"))
    }

    /// `GET /roleManagement/directory/roleEligibilityScheduleInstances`: roles that a person could activate.
    pub fn role_eligibilities_of(user: UserId) -> Self {
        Self::role_eligibilities().with("$filter", &format!("principalId eq '{user}'"))
    }

    /// `GET /users`, when each signed in last; Graph gives at most 500 a page of these.
    pub fn sign_ins() -> Self {
        Self::read("/users", "/users", 1).with("$select", "id,signInActivity").with("$top", "500")
    }

    /// `GET /directory/deletedItems/microsoft.graph.user`: users deleted softly within 30 days.
    pub fn deleted_users(select: &str) -> Self {
        let path = "/directory/deletedItems/microsoft.graph.user";
        Self::read(path, path, 1).with("$select", &format!("{select},deletedDateTime")).with("$top", "999")
    }

    /// `GET /auditLogs/directoryAudits`: who did something of this name since then.
    pub fn audits_named(activity: &str, since: Timestamp) -> Self {
        let path = "/auditLogs/directoryAudits";
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ");
        let filter = format!("activityDisplayName eq {} and activityDateTime ge {since}", literal(activity));
        Self::read(path, path, 1).with("$filter", &filter)
    }

    /// `GET /auditLogs/directoryAudits`: what was done to a user.
    pub fn audits_of(user: UserId) -> Self {
        let path = "/auditLogs/directoryAudits";
        Self::read(path, path, 1).with("$filter", &format!("targetResources/any(t:t/id eq '{user}')"))
    }

    /// `GET /policies/crossTenantAccessPolicy/default`.
    pub fn cross_tenant_default() -> Self {
        let path = "/policies/crossTenantAccessPolicy/default";
        Self::read(path, path, 1).with("$select", "automaticUserConsentSettings")
    }

    /// `GET /policies/crossTenantAccessPolicy/partners/{id}`.
    pub fn cross_tenant_partner(tenant: TenantId) -> Self {
        Self::read(
            format!("/policies/crossTenantAccessPolicy/partners/{tenant}"),
            "/policies/crossTenantAccessPolicy/partners/{id}",
            1,
        )
        .with("$select", "tenantId,automaticUserConsentSettings")
    }

    /// `GET /policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization`.
    pub fn identity_synchronization(tenant: TenantId) -> Self {
        Self::read(
            format!("/policies/crossTenantAccessPolicy/partners/{tenant}/identitySynchronization"),
            "/policies/crossTenantAccessPolicy/partners/{id}/identitySynchronization",
            1,
        )
    }

    /// `POST /invitations`.
    pub fn invitations() -> Self {
        let cost = Cost { units: 1, writes: 1, invitations: 1 };
        Self { path: "/invitations".to_owned(), template: "/invitations", cost }
    }

    /// `PATCH` or `DELETE /users/{id}`.
    pub fn change_user(user: UserId) -> Self {
        Self::write(format!("/users/{user}"), "/users/{id}")
    }

    /// `POST /directory/deletedItems/{id}/restore`.
    pub fn restore(user: UserId) -> Self {
        Self::write(format!("/directory/deletedItems/{user}/restore"), "/directory/deletedItems/{id}/restore")
    }

    /// `POST /groups/{id}/members/$ref`.
    pub fn members(group: GroupId) -> Self {
        Self::write(format!("/groups/{group}/members/$ref"), "/groups/{id}/members/$ref")
    }

    /// `DELETE /groups/{id}/members/{id}/$ref`. Without its last segment it would delete the user.
    pub fn member(group: GroupId, user: UserId) -> Self {
        Self::write(format!("/groups/{group}/members/{user}/$ref"), "/groups/{id}/members/{id}/$ref")
    }

    /// `POST /users/{id}/sponsors/$ref`.
    pub fn sponsors(user: UserId) -> Self {
        Self::write(format!("/users/{user}/sponsors/$ref"), "/users/{id}/sponsors/$ref")
    }

    /// `POST /$batch`, which costs what its requests cost.
    pub fn batch(cost: Cost) -> Self {
        Self { path: "/$batch".to_owned(), template: "/$batch", cost }
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
    fn leaving_a_group_never_addresses_the_user_itself() {
        let (group, user) = (uuid::Uuid::from_u128(1).into(), uuid::Uuid::from_u128(2).into());
        assert!(Path::member(group, user).as_str().ends_with("/$ref"));
    }

    #[test]
    fn a_template_holds_no_id() {
        let id = uuid::Uuid::from_u128(7);
        assert!(!Path::user(id.into(), "id").template().contains('7'));
        assert!(!Path::transitive_members(id.into()).template().contains('7'));
    }
}
