//! `PATCH /users/{id}`.

use super::auth::Caller;
use super::error::GraphError;
use super::property::Resource;
use super::query::Query;
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use super::user::{User, UserType};
use super::user_properties::ATTRIBUTES;
use super::users;
use serde_json::{Map, Value};

/// What an application may write of somebody with a directory role only if it has a higher one.
const SENSITIVE: &[&str] = &["accountEnabled", "mobilePhone", "otherMails"];

/// What Graph can write and the simulated tenant cannot: whoever tries has to have it simulated first.
const NOT_SIMULATED: &[&str] = &[
    "businessPhones",
    "employeeHireDate",
    "employeeLeaveDateTime",
    "employeeOrgData",
    "identities",
    "onPremisesImmutableId",
    "passwordProfile",
    "userPrincipalName",
];

const UPDATE: &[&str] = &["User.ReadWrite.All", "Directory.ReadWrite.All"];

/// What is written here even of users whom Entra Connect masters.
const MASTERED_HERE: &[&str] = &["accountEnabled", "otherMails", "showInAddressList", "usageLocation", "userType"];

/// `PATCH /users/{id or user principal name}`
pub(super) fn update(state: &mut State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let changes = request.object()?;
    require_permission(caller, changes)?;
    let id = users::find(&state.directory, key)?.id;
    let directory = &mut state.directory;
    if changes.keys().any(|name| SENSITIVE.contains(&name.as_str())) {
        directory.require_unprotected(id)?;
    }
    let mut user = directory.user(id).ok_or_else(|| GraphError::not_found(key))?.clone();
    let synced = user.on_premises.sync_enabled == Some(true);
    if synced && changes.keys().any(|name| !MASTERED_HERE.contains(&name.as_str())) {
        return Err(GraphError::directory(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
        ));
    }
    if user.on_premises.sync_enabled == Some(false) && changes.contains_key("onPremisesExtensionAttributes") {
        return Err(GraphError::directory(
            "Unable to update the specified properties for objects that have originated within an external service.",
        ));
    }
    for (name, value) in changes {
        set(&mut user, name, value)?;
    }
    let clash = user.mail.as_deref().filter(|_| changes.contains_key("mail"));
    if clash.is_some_and(|mail| directory.holders(mail).any(|holder| holder != id)) {
        let message = "Another object with the same value for property proxyAddresses already exists.";
        let details = vec![("ObjectConflict", "proxyAddresses"), ("ConflictingObjects", "proxyAddresses")];
        return Err(GraphError { details, ..GraphError::directory(message) });
    }
    directory.insert_user(user);
    Ok(Answer::empty(204))
}

/// Whoever only allows or forbids sign-in needs less.
fn require_permission(caller: &Caller, changes: &Map<String, Value>) -> Result<(), GraphError> {
    let switch_only = changes.keys().all(|name| name == "accountEnabled");
    if switch_only && caller.has_any(&["User.EnableDisableAccount.All"]) {
        return caller.require(&["User.Read.All"]);
    }
    caller.require(UPDATE)
}

fn set(user: &mut User, name: &str, value: &Value) -> Result<(), GraphError> {
    let wrong = || GraphError::directory(format!("Invalid value specified for property '{name}' of resource 'User'."));
    let text = || match value {
        Value::Null => Ok(None),
        // Null clears; an empty text is no value.
        Value::String(text) if !text.is_empty() => Ok(Some(text.clone())),
        _ => Err(wrong()),
    };
    match name {
        "accountEnabled" => user.account_enabled = value.as_bool().ok_or_else(wrong)?,
        "displayName" => user.display_name = text()?.ok_or_else(wrong)?,
        "usageLocation" => {
            // Two letters, and not nullable.
            let letters = |text: &String| text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase());
            let location = text()?.filter(letters).ok_or_else(wrong)?;
            user.attributes.insert("usageLocation", location);
        }
        "mail" => user.set_mail(text()?),
        "otherMails" => {
            let mails = value.as_array().ok_or_else(wrong)?.iter().map(|mail| mail.as_str().map(str::to_owned));
            user.other_mails = mails.collect::<Option<_>>().ok_or_else(wrong)?;
        }
        "showInAddressList" => {
            user.show_in_address_list = if value.is_null() { None } else { Some(value.as_bool().ok_or_else(wrong)?) };
        }
        "userType" => {
            user.user_type = match value.as_str() {
                Some("Member") => UserType::Member,
                Some("Guest") => UserType::Guest,
                _ => return Err(wrong()),
            };
        }
        "onPremisesExtensionAttributes" => {
            for (name, value) in value.as_object().ok_or_else(wrong)? {
                let number = name.strip_prefix("extensionAttribute").and_then(|number| number.parse().ok());
                let number: u8 = number.filter(|number| (1..=15).contains(number)).ok_or_else(wrong)?;
                match value {
                    Value::Null => user.on_premises.extension_attributes.remove(&number),
                    Value::String(text) => user.on_premises.extension_attributes.insert(number, text.clone()),
                    _ => return Err(wrong()),
                };
            }
        }
        _ => match ATTRIBUTES.iter().find(|known| **known == name && !is_read_only(name)) {
            Some(known) => {
                match text()? {
                    Some(text) => user.attributes.insert(known, text),
                    None => user.attributes.remove(known),
                };
            }
            None if NOT_SIMULATED.contains(&name) => {
                return Err(GraphError::unknown(format!("updates of {name} are not simulated")));
            }
            None if User::NAMES.contains(&name) => {
                return Err(GraphError::directory(format!("Property '{name}' is read-only and cannot be set.")));
            }
            None => return Err(GraphError::directory(format!("Invalid property '{name}'."))),
        },
    }
    Ok(())
}

/// Of the plain text properties, what is written on premises or calculated.
fn is_read_only(name: &str) -> bool {
    name.starts_with("onPremises") || name == "legalAgeGroupClassification"
}
