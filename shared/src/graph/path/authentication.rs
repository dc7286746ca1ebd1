//! The paths of how people prove who they are, and of the groups whose people that is asked of.

use super::Path;
use crate::ids::{GroupId, UserId};

/// The mobile phone is the same method of everybody.
pub const MOBILE_PHONE: &str = "3179e48a-750b-4051-897c-87b9720928f7";

impl Path {
    /// `GET /policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms`.
    pub fn sms_policy() -> Self {
        let path = "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/sms";
        Self::read(path, path, 1)
    }

    /// `GET /reports/authenticationMethods/userRegistrationDetails`, of those who have registered a mobile phone.
    pub fn registered_with_mobile() -> Self {
        let path = "/reports/authenticationMethods/userRegistrationDetails";
        Self::read(path, path, 1).with("$filter", "methodsRegistered/any(m:m eq 'mobilePhone')").with("$select", "id")
    }

    /// `GET /users/{id}/authentication/phoneMethods`.
    pub fn phone_methods(user: UserId) -> Self {
        Self::read(format!("/users/{user}/authentication/phoneMethods"), "/users/{id}/authentication/phoneMethods", 1)
    }

    /// `GET /users/{id}/authentication/methods`.
    pub fn authentication_methods(user: UserId) -> Self {
        Self::read(format!("/users/{user}/authentication/methods"), "/users/{id}/authentication/methods", 1)
    }

    /// `POST /users/{id}/authentication/phoneMethods/{mobile}/disableSmsSignIn`, which leaves the number where it is.
    pub fn disable_sms_sign_in(user: UserId) -> Self {
        Self::write(
            format!("/users/{user}/authentication/phoneMethods/{MOBILE_PHONE}/disableSmsSignIn"),
            "/users/{id}/authentication/phoneMethods/{method}/disableSmsSignIn",
        )
    }

    /// `GET /groups/{id}/members`: who and what is in it directly. To ask for people alone would be an advanced query.
    pub fn direct_members(group: GroupId) -> Self {
        Self::read(format!("/groups/{group}/members"), "/groups/{id}/members", 3)
            .with("$select", "id")
            .with("$top", "999")
    }
}
