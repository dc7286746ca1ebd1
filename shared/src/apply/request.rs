//! What an action sends to Graph.
//!
//! Responsible for: the one place where a decision turns into a write. Not responsible for: when it may be sent.

use crate::address::Address;
use crate::config::{Config, Partner};
use crate::graph::writer::{Invitation, InvitedUserId, MessageInfo, Write};
use crate::journal::record::ActionKind;
use crate::people::carry;
use crate::people::decide::Action;
use serde_json::Map;

/// What an action sends.
pub(super) fn request(config: &Config, partner: &Partner, action: &Action) -> Write {
    let person = action.person;
    let switch = |enabled: bool| Write::Update(person, Map::from_iter([("accountEnabled".to_owned(), enabled.into())]));
    match (action.kind, action.object, &action.address) {
        (
            ActionKind::Invite | ActionKind::Convert | ActionKind::Resend | ActionKind::ResetRedemption,
            _,
            Some(address),
        ) => Write::Invite(Box::new(invitation(config, partner, action, address.clone()))),
        (ActionKind::SetSponsor, Some(sponsor), _) => Write::SetSponsor(person, sponsor),
        (ActionKind::AddToGroup, Some(group), _) => Write::AddToGroup(person, group.into()),
        (ActionKind::RemoveFromGroup, Some(group), _) => Write::RemoveFromGroup(person, group.into()),
        (ActionKind::Enable, ..) => switch(true),
        (ActionKind::Disable, ..) => switch(false),
        (ActionKind::Delete, ..) => Write::Delete(person),
        (ActionKind::Restore, ..) => Write::Restore(person),
        // An update without differences changes nothing; the planner makes none, nor anything without its object.
        _ => Write::Update(person, carry::body(&action.differences)),
    }
}

fn invitation(config: &Config, partner: &Partner, action: &Action, address: Address) -> Invitation {
    let invite = &partner.invite;
    Invitation {
        invited_user_email_address: address,
        invite_redirect_url: config.redirect_url(partner),
        send_invitation_message: invite.send_message,
        invited_user_message_info: invite
            .send_message
            .then(|| MessageInfo { message_language: invite.language.clone() }),
        invited_user_type: action.user_type,
        invited_user: (action.kind != ActionKind::Invite).then_some(InvitedUserId { id: action.person }),
        reset_redemption: action.kind == ActionKind::ResetRedemption,
    }
}
