//! Reads the body of `POST /invitations`: names, types, and what this cloud's schema knows.
//!
//! Not responsible for: whether the directory follows the request.

use super::error::GraphError;
use super::sponsors::MOST_SPONSORS;
use super::user::UserType;
use crate::cloud::Cloud;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Characters that an invited address must not have.
const FORBIDDEN: &str = "~!#$%^&*()+=[]{}\\/|;:\"<>?,";

const PROPERTIES: &[&str] = &[
    "invitedUser",
    "invitedUserDisplayName",
    "invitedUserEmailAddress",
    "invitedUserMessageInfo",
    "invitedUserType",
    "inviteRedirectUrl",
    "resetRedemption",
    "sendInvitationMessage",
];

/// In the schema of the commercial cloud only. Which of the two forms the service takes is not documented; here it is
/// both.
const SPONSORS: &str = "invitedUserSponsors";
const SPONSORS_BIND: &str = "invitedUserSponsors@odata.bind";

/// What an invitation asks for.
#[derive(Debug)]
pub(super) struct Invitation {
    pub(super) address: String,
    pub(super) redirect_url: String,
    pub(super) display_name: Option<String>,
    pub(super) user_type: UserType,
    pub(super) send_message: bool,
    pub(super) language: Option<String>,
    pub(super) message_body: Option<String>,
    pub(super) cc: Vec<String>,
    pub(super) user: Option<Uuid>,
    pub(super) reset_redemption: bool,
    pub(super) sponsors: Vec<Uuid>,
}

impl Invitation {
    /// Reads the body.
    pub(super) fn read(body: &Map<String, Value>, cloud: Cloud) -> Result<Self, GraphError> {
        for name in body.keys() {
            let sponsors = matches!(name.as_str(), SPONSORS | SPONSORS_BIND) && cloud == Cloud::Global;
            if !sponsors && !PROPERTIES.contains(&name.as_str()) {
                return Err(GraphError::bad_request(format!(
                    "The property '{name}' does not exist on type 'microsoft.graph.invitation'. Make sure to only use \
                     property names that are defined by the type."
                )));
            }
        }
        let required = |name| {
            let value = text(body, name)?.filter(|value| !value.is_empty());
            value.ok_or_else(|| GraphError::bad_request(format!("The property '{name}' is required.")))
        };
        let empty = Map::new();
        let info = object(body, "invitedUserMessageInfo")?.unwrap_or(&empty);
        Ok(Self {
            address: required("invitedUserEmailAddress")?,
            redirect_url: required("inviteRedirectUrl")?,
            display_name: text(body, "invitedUserDisplayName")?,
            user_type: user_type(text(body, "invitedUserType")?.as_deref())?,
            send_message: flag(body, "sendInvitationMessage")?,
            language: text(info, "messageLanguage")?,
            message_body: text(info, "customizedMessageBody")?,
            cc: copies(info),
            user: object(body, "invitedUser")?.map(user_id).transpose()?,
            reset_redemption: flag(body, "resetRedemption")?,
            sponsors: sponsors(body)?,
        })
    }

    /// The domain of the address, in lower case; refuses an address that cannot be invited.
    pub(super) fn domain(&self) -> Result<String, GraphError> {
        let refused = || {
            GraphError::bad_request(format!(
                "The invited user email address '{}' is not a valid address.",
                self.address
            ))
        };
        let (local, domain) = self.address.split_once('@').ok_or_else(refused)?;
        let edge = |part: &str| part.is_empty() || part.starts_with(['.', '-']) || part.ends_with(['.', '-']);
        let forbidden = self.address.contains(|letter: char| FORBIDDEN.contains(letter) || letter.is_whitespace());
        if edge(local) || edge(domain) || forbidden || domain.contains('@') || !domain.contains('.') {
            return Err(refused());
        }
        Ok(domain.to_lowercase())
    }
}

fn wrong_type(name: &str) -> GraphError {
    GraphError::bad_request(format!("The value of the property '{name}' has the wrong type."))
}

fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, GraphError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(name)),
    }
}

fn flag(object: &Map<String, Value>, name: &str) -> Result<bool, GraphError> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong_type(name)),
    }
}

fn object<'a>(body: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, GraphError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(wrong_type(name)),
    }
}

fn user_type(name: Option<&str>) -> Result<UserType, GraphError> {
    match name {
        None | Some("Guest") => Ok(UserType::Guest),
        Some("Member") => Ok(UserType::Member),
        Some(_) => Err(GraphError::bad_request("Invalid value specified for property 'invitedUserType'.")),
    }
}

fn user_id(user: &Map<String, Value>) -> Result<Uuid, GraphError> {
    let id = text(user, "id")?.and_then(|id| id.parse().ok());
    id.ok_or_else(|| GraphError::bad_request("Invalid object identifier in 'invitedUser'."))
}

fn copies(info: &Map<String, Value>) -> Vec<String> {
    let recipients = info.get("ccRecipients").and_then(Value::as_array).into_iter().flatten();
    recipients.filter_map(|recipient| recipient["emailAddress"]["address"].as_str()).map(str::to_owned).collect()
}

fn sponsors(body: &Map<String, Value>) -> Result<Vec<Uuid>, GraphError> {
    let listed = |name: &str| body.get(name).and_then(Value::as_array).into_iter().flatten();
    let ids = listed(SPONSORS).map(|sponsor| sponsor["id"].as_str());
    let links = listed(SPONSORS_BIND).map(|link| link.as_str()?.rsplit('/').next());
    let sponsors: Option<Vec<Uuid>> = ids.chain(links).map(|id| id?.parse().ok()).collect();
    sponsors.filter(|sponsors| sponsors.len() <= MOST_SPONSORS).ok_or_else(|| {
        GraphError::bad_request(format!("The sponsors are not object ids, or more than {MOST_SPONSORS}."))
    })
}
