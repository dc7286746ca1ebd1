//! How people prove who they are: phones, and what else they have registered.
//!
//! Not responsible for: how Graph shows it (`authentication`), nor who may use a text message to sign in
//! (`sms_policy`).

use super::model::Directory;
use serde::Serialize;
use uuid::{Uuid, uuid};

/// What a user has registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationMethods {
    /// Phones, at most one of each type.
    pub phones: Vec<PhoneMethod>,
    /// The others.
    pub others: Vec<OtherMethod>,
}

/// A phone of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneMethod {
    /// Which of the user's phones.
    pub kind: PhoneType,
    /// `+1 2065550100`
    pub number: String,
    /// Whether the number is enough to sign in.
    pub sms_sign_in: SmsSignInState,
}

/// Which of a user's phones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PhoneType {
    /// `mobile`
    Mobile,
    /// `alternateMobile`
    AlternateMobile,
    /// `office`
    Office,
}

/// Whether a user can sign in with a number and a text message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SmsSignInState {
    /// `notSupported`: no mobile phone.
    NotSupported,
    /// `notAllowedByPolicy`
    NotAllowedByPolicy,
    /// `notEnabled`
    NotEnabled,
    /// `phoneNumberNotUnique`
    PhoneNumberNotUnique,
    /// `ready`: they can.
    Ready,
    /// `notConfigured`
    NotConfigured,
}

/// A method that is no phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherMethod {
    /// A password.
    Password,
    /// An address for password resets.
    Email(String),
    /// A security key, by its name.
    Fido2(String),
    /// Microsoft Authenticator, by the name of the device.
    MicrosoftAuthenticator(String),
    /// An app that shows codes.
    SoftwareOath,
}

impl PhoneType {
    /// The id of the method, the same for all users.
    pub fn id(self) -> Uuid {
        match self {
            Self::Mobile => uuid!("3179e48a-750b-4051-897c-87b9720928f7"),
            Self::AlternateMobile => uuid!("b6332ec1-7057-4abe-9331-3d72feddfe41"),
            Self::Office => uuid!("e37fc753-ff3b-4958-9484-eaa9425c82bc"),
        }
    }

    /// What the report of registered methods calls it.
    fn registered(self) -> &'static str {
        match self {
            Self::Mobile => "mobilePhone",
            Self::AlternateMobile => "alternateMobilePhone",
            Self::Office => "officePhone",
        }
    }
}

impl Directory {
    /// Whether a text message to the person's phone is enough to sign in.
    pub fn sms_sign_in(&self, user: Uuid) -> bool {
        let methods = self.authentication_methods.get(&user);
        methods.is_some_and(|methods| methods.phones.iter().any(|phone| phone.sms_sign_in == SmsSignInState::Ready))
    }
}

impl PhoneMethod {
    /// A phone that nobody signs in with.
    pub fn new(kind: PhoneType, number: &str) -> Self {
        let mobile = kind == PhoneType::Mobile;
        let sms_sign_in = if mobile { SmsSignInState::NotEnabled } else { SmsSignInState::NotSupported };
        Self { kind, number: number.to_owned(), sms_sign_in }
    }

    /// With text messages in this state.
    #[must_use]
    pub fn sms(mut self, state: SmsSignInState) -> Self {
        self.sms_sign_in = state;
        self
    }
}

impl AuthenticationMethods {
    /// A password and a mobile phone whose text messages are in this state.
    pub fn with_mobile(number: &str, state: SmsSignInState) -> Self {
        Self {
            phones: vec![PhoneMethod::new(PhoneType::Mobile, number).sms(state)],
            others: vec![OtherMethod::Password],
        }
    }

    /// What the report calls the registered methods. A password is none of them.
    pub(super) fn registered(&self) -> Vec<&'static str> {
        let phones = self.phones.iter().map(|phone| phone.kind.registered());
        let others = self.others.iter().filter_map(|method| match method {
            OtherMethod::Password => None,
            OtherMethod::Email(_) => Some("email"),
            OtherMethod::Fido2(_) => Some("fido2"),
            OtherMethod::MicrosoftAuthenticator(_) => Some("microsoftAuthenticatorPush"),
            OtherMethod::SoftwareOath => Some("softwareOneTimePasscode"),
        });
        phones.chain(others).collect()
    }
}
