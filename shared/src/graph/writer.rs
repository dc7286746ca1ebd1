//! Writing to the directory. The planner never sees this type.

use super::batch::{Item, MAX_REQUESTS};
use super::client::Client;
use super::error::{GraphError, Result};
use super::limits::Cost;
use super::model::{Invitation, UserType};
use super::path::Path;
use crate::address::Address;
use crate::config::Mode;
use crate::ids::UserId;
use serde::Serialize;

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

/// The body of `POST /invitations`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationRequest {
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
    /// The user to convert in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invited_user: Option<InvitedUserId>,
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

    /// What so many invitations cost of Graph's limits; the caller pays before it journals and sends them.
    pub fn cost_of_invitations(count: usize) -> Cost {
        std::iter::repeat_n(Path::invitations().cost(), count).sum()
    }

    /// Sends up to [`MAX_REQUESTS`] invitations; the results come in the order of `requests`. Never repeats one whose
    /// outcome is not known.
    pub async fn invite(&self, requests: &[InvitationRequest]) -> Vec<Result<Invitation>> {
        debug_assert!(requests.len() <= MAX_REQUESTS);
        let bodies: serde_json::Result<Vec<_>> = requests.iter().map(serde_json::to_value).collect();
        let result = match bodies {
            Ok(bodies) => {
                let items: Vec<_> = bodies.into_iter().map(|body| Item::write(Path::invitations(), body)).collect();
                self.client.batch(&items.iter().collect::<Vec<_>>()).await
            }
            Err(error) => Err(GraphError::new(super::Kind::Refused, "POST /invitations", error.to_string())),
        };
        result.unwrap_or_else(|error| requests.iter().map(|_| Err(error.clone())).collect())
    }
}
