//! Writing to the directory. The planner never sees this type.

use super::batch::{Item, MAX_REQUESTS};
use super::client::Client;
use super::error::{GraphError, Result};
use super::limits::Cost;
use super::model::{Invitation as Answer, UserType};
use super::path::Path;
use crate::address::Address;
use crate::config::Mode;
use crate::ids::{GroupId, UserId};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The permission to write, which exists in apply mode only. Whoever has no permit cannot make a [`DirectoryWriter`], so
/// plan mode writes nothing in any code path.
#[derive(Debug)]
pub struct WritePermit(());

impl WritePermit {
    /// The permit of a mode: none in plan mode.
    pub fn of(mode: Mode) -> Option<Self> {
        match mode {
            Mode::Plan => None,
            Mode::Apply => Some(Self(())),
        }
    }
}

/// Writes to the directory of the tenant that usher runs in.
pub struct DirectoryWriter {
    client: Client,
}

/// One change of the directory.
#[derive(Clone, Debug)]
pub enum Write {
    /// `POST /invitations`.
    Invite(Box<Invitation>),
    /// `PATCH /users/{id}`.
    Update(UserId, Map<String, Value>),
    /// `DELETE /users/{id}`: softly, for 30 days.
    Delete(UserId),
    /// `POST /directory/deletedItems/{id}/restore`.
    Restore(UserId),
    /// `POST /groups/{id}/members/$ref`.
    AddToGroup(UserId, GroupId),
    /// `DELETE /groups/{id}/members/{id}/$ref`.
    RemoveFromGroup(UserId, GroupId),
    /// `POST /users/{id}/sponsors/$ref`, with the object id of a user or group.
    SetSponsor(UserId, Uuid),
}

/// The body of `POST /invitations`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Whom to invite.
    pub invited_user_email_address: Address,
    /// Where the person lands after redeeming.
    pub invite_redirect_url: String,
    /// Whether Microsoft sends the mail.
    pub send_invitation_message: bool,
    /// What the mail is like; only where one is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_user_message_info: Option<MessageInfo>,
    /// `Member` or `Guest`. A conversion names the type that the account has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_user_type: Option<UserType>,
    /// Whom it is about: the user to convert in place, to be mailed again, or to redeem anew; `None` for somebody new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_user: Option<InvitedUserId>,
    /// The person shall redeem anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reset_redemption: bool,
}

/// `invitedUserMessageInfo`. No text of our own: Microsoft drops it from mails that an application sends.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageInfo {
    /// A language tag such as `en-US`.
    pub message_language: String,
}

/// `invitedUser`, by object id.
#[derive(Clone, Debug, Serialize)]
pub struct InvitedUserId {
    /// Object id.
    pub id: UserId,
}

impl DirectoryWriter {
    /// Writes through `client`, as `_permit` allows.
    pub const fn new(client: Client, _permit: WritePermit) -> Self {
        Self { client }
    }

    /// What so many writes cost of Graph's limits; the caller pays before it journals and sends them.
    pub fn cost(count: usize, invitations: bool) -> Cost {
        let each = Cost { units: 1, writes: 1, invitations: u32::from(invitations) };
        std::iter::repeat_n(each, count).sum()
    }

    /// Sends up to [`MAX_REQUESTS`] writes; the results come in the order of `writes`. Never repeats one whose outcome is
    /// not known. The answer names a user where the write was an invitation.
    pub async fn send(&self, writes: &[Write]) -> Vec<Result<Option<Answer>>> {
        debug_assert!(writes.len() <= MAX_REQUESTS);
        let items: serde_json::Result<Vec<_>> = writes.iter().map(|write| self.item(write)).collect();
        let result = match items {
            Ok(items) => self.client.batch(&items.iter().collect::<Vec<_>>()).await,
            Err(error) => Err(GraphError::new(super::Kind::Refused, "$batch", error.to_string())),
        };
        result.unwrap_or_else(|error| writes.iter().map(|_| Err(error.clone())).collect())
    }

    fn item(&self, write: &Write) -> serde_json::Result<Item> {
        let reference = |id: Uuid| Some(json!({ "@odata.id": self.client.address_of(id) }));
        Ok(match write {
            Write::Invite(invitation) => {
                Item::write("POST", Path::invitations(), Some(serde_json::to_value(invitation)?))
            }
            Write::Update(user, properties) => {
                Item::write("PATCH", Path::change_user(*user), Some(Value::Object(properties.clone())))
            }
            Write::Delete(user) => Item::write("DELETE", Path::change_user(*user), None),
            // In a batch a POST needs a body, even where there is nothing to say.
            Write::Restore(user) => Item::write("POST", Path::restore(*user), Some(json!({}))),
            Write::AddToGroup(user, group) => Item::write("POST", Path::members(*group), reference(user.uuid())),
            Write::RemoveFromGroup(user, group) => Item::write("DELETE", Path::member(*group, *user), None),
            Write::SetSponsor(user, sponsor) => Item::write("POST", Path::sponsors(*user), reference(*sponsor)),
        })
    }
}
