//! `/users/{id}/authentication/…`: what a user has registered, and whether their number is enough to sign in.
//!
//! Methods cannot be removed here: whoever tries has to have it simulated first.

use super::administrators::AdministratorRole;
use super::audit::Activity;
use super::auth::Caller;
use super::authentication_methods::{OtherMethod, PhoneMethod, PhoneType, SmsSignInState};
use super::error::GraphError;
use super::model::Directory;
use super::plain::{no_such_segment, put, show_all};
use super::query::Query;
use super::request::{Answer, GraphResult, Request};
use super::state::State;
use super::users;
use crate::cloud::Cloud;
use serde_json::{Value, json};
use uuid::{Uuid, uuid};

const READ: &[&str] = &["UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"];
const READ_PHONES: &[&str] = &[
    "UserAuthMethod-Phone.Read.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
];
const WRITE_PHONES: &[&str] = &["UserAuthMethod-Phone.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All"];

const READERS: &[AdministratorRole] = &[
    AdministratorRole::Authentication,
    AdministratorRole::Global,
    AdministratorRole::GlobalReader,
    AdministratorRole::PrivilegedAuthentication,
];
const WRITERS: &[AdministratorRole] =
    &[AdministratorRole::Authentication, AdministratorRole::Global, AdministratorRole::PrivilegedAuthentication];

const UPDATE: Activity = Activity {
    service: "Authentication Methods",
    ..Activity::of("UserManagement", "Admin updated security info", "Update")
};

/// `GET /users/{id}/authentication/methods`
pub(super) fn methods(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    let directory = &state.directory;
    if directory.cloud() == Cloud::China {
        return Err(no_such_segment("methods"));
    }
    caller.require(READ)?;
    caller.require_administrator(READERS)?;
    let query = Query::parse(request, &[])?;
    let user = users::find(directory, key)?;
    let registered = directory.authentication_methods.get(&user.id);
    let phones = registered.into_iter().flat_map(|methods| &methods.phones).map(|phone| {
        let mut object = phone_object(phone);
        object["@odata.type"] = json!("#microsoft.graph.phoneAuthenticationMethod");
        object
    });
    let others = registered.into_iter().flat_map(|methods| &methods.others);
    let others = others.enumerate().map(|(number, method)| other_object(directory, user.id, number, method));
    let set = format!("users('{}')/authentication/methods", user.id);
    show_all(state, request, &query, &set, "authenticationMethod", phones.chain(others))
}

/// `GET /users/{id}/authentication/phoneMethods`
pub(super) fn phones(state: &State, caller: &Caller, request: &Request, key: &str) -> GraphResult {
    caller.require(READ_PHONES)?;
    caller.require_administrator(READERS)?;
    let query = Query::parse(request, &[])?;
    let user = users::find(&state.directory, key)?;
    let registered = state.directory.authentication_methods.get(&user.id);
    let phones = registered.into_iter().flat_map(|methods| &methods.phones).map(phone_object);
    let set = format!("users('{}')/authentication/phoneMethods", user.id);
    show_all(state, request, &query, &set, "phoneAuthenticationMethod", phones)
}

/// `POST /users/{id}/authentication/phoneMethods/{id}/enableSmsSignIn` and `disableSmsSignIn`: the number stays.
pub(super) fn switch_sms(
    state: &mut State,
    caller: &Caller,
    request: &Request,
    (key, phone): (&str, &str),
    enable: bool,
) -> GraphResult {
    let directory = &mut state.directory;
    if directory.cloud() == Cloud::China {
        return Err(no_such_segment(if enable { "enableSmsSignIn" } else { "disableSmsSignIn" }));
    }
    caller.require(WRITE_PHONES)?;
    caller.require_administrator(WRITERS)?;
    Query::parse(request, &[])?;
    let user = users::find(directory, key)?.id;
    let registered = directory.authentication_methods.get(&user);
    let mut phones = registered.into_iter().flat_map(|methods| &methods.phones);
    let found =
        phones.find(|known| phone.parse() == Ok(known.kind.id())).ok_or_else(|| GraphError::not_found(phone))?;
    if found.kind != PhoneType::Mobile {
        return Err(GraphError::bad_request("SMS sign-in is supported for mobile phones only."));
    }
    if enable {
        require_usable(directory, user, &found.number)?;
    }
    let kind = found.kind;
    let state = if enable { SmsSignInState::Ready } else { SmsSignInState::NotEnabled };
    let methods = directory.authentication_methods.entry(user).or_default();
    for phone in methods.phones.iter_mut().filter(|phone| phone.kind == kind) {
        phone.sms_sign_in = state;
    }
    directory.record_on(UPDATE, user);
    Ok(Answer::empty(204))
}

/// A number can be signed in with if the policy allows it and nobody else signs in with it.
fn require_usable(directory: &Directory, user: Uuid, number: &str) -> Result<(), GraphError> {
    if !directory.sms.allows_sign_in(&directory.groups_of(user)) {
        return Err(GraphError::bad_request("SMS sign-in is not allowed by policy."));
    }
    let others = directory.authentication_methods.iter().filter(|(id, _)| **id != user);
    let mut phones = others.flat_map(|(_, methods)| &methods.phones);
    if phones.any(|phone| phone.number == number && phone.sms_sign_in == SmsSignInState::Ready) {
        return Err(GraphError::bad_request("The phone number is not unique."));
    }
    Ok(())
}

fn phone_object(phone: &PhoneMethod) -> Value {
    json!({
        "id": phone.kind.id(),
        "createdDateTime": null,
        "phoneNumber": phone.number,
        "phoneType": phone.kind,
        "smsSignInState": phone.sms_sign_in,
    })
}

fn other_object(directory: &Directory, user: Uuid, number: usize, method: &OtherMethod) -> Value {
    let own = directory.derived_id(&format!("authentication-method/{user}/{number}"));
    let (id, kind, more) = match method {
        OtherMethod::Password => (uuid!("28c10230-6103-485e-b985-444c60001490"), "password", json!({"password": null})),
        OtherMethod::Email(address) => {
            (uuid!("3ddfcfc8-9383-446f-83cc-3ab9be4be18f"), "email", json!({"emailAddress": address}))
        }
        OtherMethod::Fido2(name) => (own, "fido2", json!({"displayName": name})),
        OtherMethod::MicrosoftAuthenticator(name) => (own, "microsoftAuthenticator", json!({"displayName": name})),
        OtherMethod::SoftwareOath => (own, "softwareOath", json!({"secretKey": null})),
    };
    let mut object = json!({
        "@odata.type": format!("#microsoft.graph.{kind}AuthenticationMethod"),
        "id": id,
        "createdDateTime": null,
    });
    put(&mut object, more);
    object
}
