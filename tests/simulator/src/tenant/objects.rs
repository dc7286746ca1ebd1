//! What a directory holds beside users: groups, role assignments, and the other objects that a group may have as
//! members.

use super::property::{Properties, Property, Resource, maybe, owned, property_set, text, texts};
use jiff::Timestamp;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Object id.
    pub id: Uuid,
    /// Name for people.
    pub display_name: String,
    /// Address, for mail-enabled groups.
    pub mail: Option<String>,
    /// `SMTP:…` and `smtp:…`.
    pub proxy_addresses: Vec<String>,
    /// Can carry permissions.
    pub security_enabled: bool,
    /// `Unified`, `DynamicMembership`.
    pub group_types: Vec<String>,
    /// Can hold directory roles; fixed when the group is made.
    pub is_assignable_to_role: bool,
    /// Mastered by Entra Connect.
    pub on_premises_sync_enabled: Option<bool>,
    /// When the object was made.
    pub created: Timestamp,
    /// Object ids of the direct members, of any kind.
    pub members: BTreeSet<Uuid>,
}

impl Group {
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        self.mail.iter().chain(&self.proxy_addresses).map(String::as_str)
    }

    /// The properties in which two versions of a group differ; members are not properties.
    pub(super) fn differences(&self, other: &Self) -> Properties {
        let differing = Self::NAMES.iter().filter(|name| self.property(name) != other.property(name));
        differing.fold(0, |set, name| set | property_set::<Self>(name))
    }
}

impl Resource for Group {
    const TYPE: &'static str = "group";

    const NAMES: &'static [&'static str] = &[
        "classification",
        "createdDateTime",
        "deletedDateTime",
        "description",
        "displayName",
        "expirationDateTime",
        "groupTypes",
        "id",
        "isAssignableToRole",
        "mail",
        "mailEnabled",
        "mailNickname",
        "membershipRule",
        "membershipRuleProcessingState",
        "onPremisesDomainName",
        "onPremisesLastSyncDateTime",
        "onPremisesSamAccountName",
        "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled",
        "preferredDataLocation",
        "preferredLanguage",
        "proxyAddresses",
        "renewedDateTime",
        "securityEnabled",
        "securityIdentifier",
        "theme",
        "visibility",
    ];

    // Graph shows all of these of a group that nobody selected anything of.
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(self.id),
            "displayName" => text(&self.display_name),
            "mail" => maybe(self.mail.as_deref(), text),
            "mailEnabled" => Property::Bool(self.mail.is_some()),
            "mailNickname" => owned(self.id.simple()),
            "proxyAddresses" => texts(&self.proxy_addresses),
            "securityEnabled" => Property::Bool(self.security_enabled),
            "groupTypes" => texts(&self.group_types),
            // Null, not false, on ordinary groups.
            "isAssignableToRole" => maybe(self.is_assignable_to_role.then_some(true), Property::Bool),
            "onPremisesSyncEnabled" => maybe(self.on_premises_sync_enabled, Property::Bool),
            "createdDateTime" | "renewedDateTime" => Property::Time(self.created),
            _ => Property::Null,
        }
    }
}

/// An object that is neither user nor group.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherObject {
    /// Object id.
    pub id: Uuid,
    /// What it is.
    pub kind: OtherKind,
    /// Name for people.
    pub display_name: String,
    /// Address; contacts only.
    pub mail: Option<String>,
}

/// What an object is that is neither user nor group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// An organisational contact, whose address nobody else may have.
    OrgContact,
    /// A device.
    Device,
    /// An application's identity.
    ServicePrincipal,
}

impl OtherKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OrgContact => "orgContact",
            Self::Device => "device",
            Self::ServicePrincipal => "servicePrincipal",
        }
    }
}

impl Resource for OtherObject {
    const TYPE: &'static str = "directoryObject";
    const NAMES: &'static [&'static str] = &["deletedDateTime", "displayName", "id", "mail"];
    const DEFAULT: &'static [&'static str] = &["deletedDateTime", "displayName", "id"];

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(self.id),
            "displayName" => text(&self.display_name),
            "mail" => maybe(self.mail.as_deref(), text),
            _ => Property::Null,
        }
    }
}

/// A directory role that somebody has, or may activate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Of the assignment.
    pub id: Uuid,
    /// User or group.
    pub principal: Uuid,
    /// Template id of the role.
    pub role: Uuid,
}

impl Resource for RoleAssignment {
    const TYPE: &'static str = "unifiedRoleAssignment";
    const NAMES: &'static [&'static str] =
        &["appScopeId", "condition", "directoryScopeId", "id", "principalId", "roleDefinitionId"];
    const DEFAULT: &'static [&'static str] = &["directoryScopeId", "id", "principalId", "roleDefinitionId"];

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" => owned(self.id),
            "principalId" => owned(self.principal),
            "roleDefinitionId" => owned(self.role),
            "directoryScopeId" => text("/"),
            _ => Property::Null,
        }
    }
}

/// A role that somebody may activate, as `roleEligibilityScheduleInstances` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleEligibility {
    /// Of the instance.
    pub id: Uuid,
    /// User or group.
    pub principal: Uuid,
    /// Template id of the role.
    pub role: Uuid,
    /// Since when.
    pub start: Timestamp,
}

impl Resource for RoleEligibility {
    const TYPE: &'static str = "unifiedRoleEligibilityScheduleInstance";
    const NAMES: &'static [&'static str] = &[
        "appScopeId",
        "directoryScopeId",
        "endDateTime",
        "id",
        "memberType",
        "principalId",
        "roleDefinitionId",
        "roleEligibilityScheduleId",
        "startDateTime",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" | "roleEligibilityScheduleId" => owned(self.id),
            "principalId" => owned(self.principal),
            "roleDefinitionId" => owned(self.role),
            "directoryScopeId" => text("/"),
            "memberType" => text("Direct"),
            "startDateTime" => Property::Time(self.start),
            _ => Property::Null,
        }
    }
}
