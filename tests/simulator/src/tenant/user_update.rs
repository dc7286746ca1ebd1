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
    if directory.has_role(id) {
        return Err(GraphError::denied());
    }
    let mut user = directory.user(id).ok_or_else(|| GraphError::not_found(key))?.clone();
    let synced = user.on_premises.sync_enabled == Some(true);
    if synced && changes.keys().any(|name| !MASTERED_HERE.contains(&name.as_str())) {
        return Err(GraphError::directory(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects \
             currently undergoing migration.",
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
        Value::String(text) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        _ => Err(wrong()),
    };
    match name {
        "accountEnabled" => user.account_enabled = value.as_bool().ok_or_else(wrong)?,
        "displayName" => user.display_name = text()?.ok_or_else(wrong)?,
        "mail" => set_mail(user, text()?),
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
        _ => match ATTRIBUTES.iter().find(|known| **known == name && !name.starts_with("onPremises")) {
            Some(known) => {
                match text()? {
                    Some(text) => user.attributes.insert(known, text),
                    None => user.attributes.remove(known),
                };
            }
            None if User::NAMES.contains(&name) => {
                return Err(GraphError::directory(format!("Property '{name}' is read-only and cannot be set.")));
            }
            None => return Err(GraphError::directory(format!("Invalid property '{name}'."))),
        },
    }
    Ok(())
}

/// The primary proxy address goes along.
fn set_mail(user: &mut User, mail: Option<String>) {
    user.proxy_addresses.retain(|address| !address.starts_with("SMTP:"));
    user.proxy_addresses.splice(0..0, mail.iter().map(|mail| format!("SMTP:{mail}")));
    user.mail = mail;
}
