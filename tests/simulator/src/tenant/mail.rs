//! The mails that invitations cause.

use crate::cloud::Cloud;
use jiff::Timestamp;
use uuid::Uuid;

/// An invitation mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Where it went.
    pub to: String,
    /// Copies.
    pub cc: Vec<String>,
    /// Where it came from: differs by cloud.
    pub from: &'static str,
    /// The invited user.
    pub user: Uuid,
    /// When it was sent.
    pub sent: Timestamp,
    /// `messageLanguage`, if given.
    pub language: Option<String>,
    /// Where the person lands after redemption.
    pub redirect_url: String,
    /// The link in the mail.
    pub redeem_url: String,
}

/// Who sends a cloud's invitation mails.
pub(super) fn sender(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "Invites@microsoft.com",
        Cloud::UsGov | Cloud::UsGovDod => "invites@azuread.us",
        Cloud::China => "Invites@oe.21vianet.com",
    }
}
