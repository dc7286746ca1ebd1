//! Somebody of the source tenant as a job sees them, and what it wants them to be in the target.

use super::expression::Expression;
use crate::tenant::model::Directory;
use crate::tenant::user::{User, UserType};
use serde_json::Value;
use std::collections::BTreeMap;

/// Attributes that have another name in Graph.
const RENAMED: &[(&str, &str)] = &[("mobile", "mobilePhone"), ("physicalDeliveryOfficeName", "officeLocation")];

/// Plain attributes that can be written.
const PLAIN: &[&str] = &[
    "city",
    "companyName",
    "country",
    "department",
    "employeeId",
    "employeeType",
    "givenName",
    "jobTitle",
    "mobilePhone",
    "officeLocation",
    "postalCode",
    "preferredLanguage",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
];

/// Somebody of the source tenant.
pub(super) struct Subject<'a> {
    pub(super) user: &'a User,
    signs_in_elsewhere: bool,
}

/// What somebody shall be in the target, by attribute.
pub(super) type Wanted = BTreeMap<String, String>;

impl<'a> Subject<'a> {
    pub(super) fn new(source: &Directory, user: &'a User) -> Self {
        let signs_in_elsewhere = source.sms_sign_in(user.id) || user.external_user_state.is_some();
        Self { user, signs_in_elsewhere }
    }

    /// The value of a source attribute, by the name that it has in a schema.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let user = self.user;
        let truth = |value: bool| Some(if value { "True" } else { "False" }.to_owned());
        match name {
            "objectId" | "netId" => Some(user.id.to_string()),
            "userPrincipalName" => Some(user.user_principal_name.clone()),
            "displayName" => Some(user.display_name.clone()),
            "mail" => user.mail.clone(),
            "accountEnabled" => truth(user.account_enabled),
            "IsSoftDeleted" => truth(user.deleted.is_some()),
            "dirSyncEnabled" => user.on_premises.sync_enabled.and_then(truth),
            "alternativeSecurityIds" => Some(if self.signs_in_elsewhere { "Some" } else { "None" }.to_owned()),
            _ => match name.strip_prefix("extensionAttribute").and_then(|number| number.parse().ok()) {
                Some(number) => user.on_premises.extension_attributes.get(&number).cloned(),
                None => user.attributes.get(graph_name(name)).cloned(),
            },
        }
    }

    /// What the mapping makes of them. Nothing is wanted of what is null, and some of it only at first.
    pub(super) fn wanted(&self, mapping: &Value, is_new: bool) -> Wanted {
        let mappings = mapping["attributeMappings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let flowing = mappings.iter().filter(|mapping| {
            let only_new = mapping["flowType"] == "ObjectAddOnly";
            mapping["matchingPriority"] == 0 && (is_new || !only_new)
        });
        let value = |mapping: &Value| {
            let source = Expression::of_source(&mapping["source"])?;
            let value = source.evaluate(&|name| self.value(name));
            let value = value.or_else(|| mapping["defaultValue"].as_str().map(str::to_owned));
            Some((mapping["targetAttributeName"].as_str()?.to_owned(), value?))
        };
        flowing.filter_map(value).collect()
    }
}

fn graph_name(name: &str) -> &str {
    RENAMED.iter().find(|(schema, _)| *schema == name).map_or(name, |(_, graph)| graph)
}

/// What changed of a user: attribute, old value, new value.
pub(super) type Changes = Vec<(String, Option<String>, Option<String>)>;

/// Makes a user what is wanted, as far as a user can be that.
pub(super) fn apply(user: &mut User, wanted: &Wanted) -> Changes {
    let mut changes = Changes::new();
    for (name, value) in wanted {
        let before = current(user, name);
        set(user, name, value);
        let after = current(user, name);
        if before != after {
            changes.push((name.clone(), before, after));
        }
    }
    changes
}

fn set(user: &mut User, name: &str, value: &str) {
    let truth = value.eq_ignore_ascii_case("true");
    match name {
        "accountEnabled" => user.account_enabled = truth,
        "displayName" => value.clone_into(&mut user.display_name),
        "mail" => user.set_mail(Some(value.to_owned())),
        "showInAddressList" => user.show_in_address_list = Some(truth),
        "userType" => user.user_type = if value == "Guest" { UserType::Guest } else { UserType::Member },
        _ => {
            if let Some(name) = PLAIN.iter().find(|plain| **plain == graph_name(name)) {
                user.attributes.insert(name, value.to_owned());
            }
        }
    }
}

fn current(user: &User, name: &str) -> Option<String> {
    let truth = |value: bool| if value { "True" } else { "False" }.to_owned();
    match name {
        "accountEnabled" => Some(truth(user.account_enabled)),
        "displayName" => Some(user.display_name.clone()),
        "mail" => user.mail.clone(),
        "showInAddressList" => user.show_in_address_list.map(truth),
        "userType" => Some(user.user_type.name().to_owned()),
        _ => user.attributes.get(graph_name(name)).cloned(),
    }
}

/// The address that somebody is invited by.
pub(super) fn address(user: &User) -> &str {
    user.mail.as_deref().unwrap_or(&user.user_principal_name)
}
