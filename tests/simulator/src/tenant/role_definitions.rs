//! `GET /roleManagement/directory/roleDefinitions`: the roles that Entra ID brings along, as far as anybody here may
//! have or give one. The id of such a role is that of its template.

use super::auth::Caller;
use super::error::GraphError;
use super::filter::Rules;
use super::listing;
use super::property::{Property, Resource, owned, projection, render, text};
use super::query::{Query, entity, path_id};
use super::request::{GraphResult, Request};
use super::state::State;
use std::collections::BTreeMap;
use uuid::{Uuid, uuid};

const READ: &[&str] = &[
    "RoleManagement.Read.Directory",
    "RoleManagement.Read.All",
    "RoleManagement.ReadWrite.Directory",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
];

const RULES: Rules = &[
    ("displayName", "D-----D--"),
    ("id", "D--------"),
    ("isBuiltIn", "D--------"),
    ("isEnabled", "D--------"),
    ("templateId", "D--------"),
];

const SET: &str = "roleManagement/directory/roleDefinitions";

/// A role of the directory.
struct Definition {
    id: Uuid,
    name: &'static str,
}

const BUILT_IN: &[Definition] = &[
    role("Application Administrator", uuid!("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3")),
    role("Cloud Application Administrator", uuid!("158c047a-c907-4556-b7ef-446551a6b5f7")),
    role("Directory Readers", uuid!("88d8e3e3-8f55-4a1e-953a-9b9898b8876b")),
    role("Global Administrator", uuid!("62e90394-69f5-4237-9190-012177145e10")),
    role("Global Reader", uuid!("f2ef992c-3afb-46b9-b7cf-a126ee74c451")),
    role("Guest Inviter", uuid!("95e79109-95c0-4d8e-aee3-d01accf2d47b")),
    role("Hybrid Identity Administrator", uuid!("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2")),
    role("Privileged Authentication Administrator", uuid!("7be44c8a-adaf-4e2a-84d6-ab2649e08a13")),
    role("Privileged Role Administrator", uuid!("e8611ab8-c189-46e8-94e1-60213ab1f814")),
    role("Security Administrator", uuid!("194ae4cb-b126-40b2-bd5b-6091b380977d")),
    role("User Administrator", uuid!("fe930be7-5e62-47db-91af-98c3a49a38b1")),
];

const fn role(name: &'static str, id: Uuid) -> Definition {
    Definition { id, name }
}

/// Whether there is a role of this id.
pub(super) fn is_known(id: Uuid) -> bool {
    BUILT_IN.iter().any(|definition| definition.id == id)
}

/// `GET /roleManagement/directory/roleDefinitions`
pub(super) fn list(state: &State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(READ)?;
    let all: BTreeMap<Uuid, &Definition> = BUILT_IN.iter().map(|definition| (definition.id, definition)).collect();
    listing::list(state, request, SET, RULES, &all)
}

/// `GET /roleManagement/directory/roleDefinitions/{id}`
pub(super) fn get(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ)?;
    let query = Query::parse(request, &["$select"])?;
    let names = projection::<&Definition>(query.select.as_deref())?;
    let id = path_id(key)?;
    let found = BUILT_IN.iter().find(|definition| definition.id == id).ok_or_else(|| GraphError::not_found(key))?;
    Ok(entity(state, &query, SET, render(&found, &names)))
}

impl Resource for &Definition {
    const TYPE: &'static str = "unifiedRoleDefinition";
    const NAMES: &'static [&'static str] = &[
        "description",
        "displayName",
        "id",
        "isBuiltIn",
        "isEnabled",
        "resourceScopes",
        "rolePermissions",
        "templateId",
        "version",
    ];
    const DEFAULT: &'static [&'static str] = Self::NAMES;

    fn property(&self, name: &str) -> Property<'_> {
        match name {
            "id" | "templateId" => owned(self.id),
            "displayName" | "description" => text(self.name),
            "isBuiltIn" | "isEnabled" => Property::Bool(true),
            "resourceScopes" => Property::List(vec![text("/")]),
            // What a role allows is not what anybody here goes by.
            "rolePermissions" => Property::List(vec![]),
            "version" => text("1"),
            _ => Property::Null,
        }
    }
}
