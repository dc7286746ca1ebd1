//! `POST /invitations`: newcomers are made, internal users converted, pending ones mailed again, redemptions reset.
//!
//! Where Microsoft's pages leave a result open, this is what is done here: a conversion leaves `creationType` null,
//! because that says how the object was made, and `identities` at this tenant until redemption, because that is where
//! the person signs in until then. Inviting the address of a deleted user makes a new one, as the page on resetting
//! describes. An invitation that nobody needs to accept is mailed like any other, and is redeemed when
//! `CrossTenantAccess` says so.

use super::audit::{CONVERT, INVITE as INVITE_EXTERNAL, RESET as RESET_INVITE};
use super::auth::Caller;
use super::cross_tenant_access::AutomaticRedemption;
use super::error::GraphError;
use super::invitation_request::Invitation;
use super::mail::{self, Mail};
use super::model::Directory;
use super::policy::{AllowInvitesFrom, DomainBlock};
use super::query::{Query, context_url};
use super::request::{Answer, GraphResult, Request};
use super::sponsors::{MOST_SPONSORS, require_sponsor};
use super::state::State;
use super::user::{ExternalUserState, User};
use serde_json::json;
use uuid::Uuid;

const INVITE: &[&str] = &["User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"];
/// Not documented for applications; inviting is not enough to change how somebody signs in.
const RESET: &[&str] = &["User.ReadWrite.All", "Directory.ReadWrite.All"];

/// `POST /invitations`
pub(super) fn create(state: &mut State, caller: &Caller, request: &Request) -> GraphResult {
    caller.require(INVITE)?;
    Query::parse(request, &[])?;
    let directory = &mut state.directory;
    let invitation = Invitation::read(request.object()?, directory.cloud())?;
    if invitation.reset_redemption {
        caller.require(RESET)?;
    }
    check_policy(directory, &invitation)?;
    for sponsor in &invitation.sponsors {
        require_sponsor(directory, *sponsor)?;
    }
    let (user, activity) = match invitation.user {
        Some(id) if invitation.reset_redemption => (reset(directory, &invitation, id)?, RESET_INVITE),
        None if invitation.reset_redemption => {
            return Err(GraphError::bad_request("resetRedemption needs the id of the invited user."));
        }
        Some(id) => {
            let internal = directory.user(id).is_some_and(|user| user.external_user_state.is_none());
            (convert(directory, &invitation, id)?, if internal { CONVERT } else { INVITE_EXTERNAL })
        }
        None => (invite(directory, &invitation)?, INVITE_EXTERNAL),
    };
    directory.record_on(activity, user);
    let redeem_url = issue_ticket(directory, user);
    if invitation.send_message {
        send(directory, &invitation, user, &redeem_url);
    }
    let status = if redeem_at_once(directory, user) { "Completed" } else { "PendingAcceptance" };
    let id = directory.new_id();
    Ok(Answer::json(
        201,
        json!({
            "@odata.context": context_url(state, "invitations/$entity"),
            "id": id,
            "inviteRedeemUrl": redeem_url,
            "inviteRedirectUrl": invitation.redirect_url,
            "invitedUser": {"id": user},
            "invitedUserDisplayName": invitation.display_name,
            "invitedUserEmailAddress": invitation.address,
            "invitedUserMessageInfo": {
                "ccRecipients": invitation.cc.iter()
                    .map(|address| json!({"emailAddress": {"address": address, "name": null}}))
                    .collect::<Vec<_>>(),
                "customizedMessageBody": invitation.message_body,
                "messageLanguage": invitation.language,
            },
            "invitedUserType": invitation.user_type.name(),
            "resetRedemption": invitation.reset_redemption,
            "sendInvitationMessage": invitation.send_message,
            "status": status,
        }),
    ))
}

/// What the tenant as a whole, or the partner's domain, has against it.
fn check_policy(directory: &Directory, invitation: &Invitation) -> Result<(), GraphError> {
    let policy = &directory.policy;
    let forbidden = |message: &str| Err(GraphError::new(403, "Forbidden", message));
    if policy.suspicious_activity_block {
        return forbidden("Invitations are blocked for this directory due to suspicious activity.");
    }
    if matches!(policy.allow_invites_from, AllowInvitesFrom::None | AllowInvitesFrom::AdminsAndGuestInviters) {
        return forbidden(
            "Guest invitations not allowed for your company. Contact your company administrator for more details.",
        );
    }
    if policy.unexplained.contains(&invitation.address.to_lowercase()) {
        return Err(GraphError::denied());
    }
    let domain = invitation.domain()?;
    if directory.is_verified(&domain) {
        return Err(GraphError::bad_request(format!(
            "The invited user's domain '{domain}' is a verified domain of this directory."
        )));
    }
    let block = policy.blocked_domains.get(&domain).copied();
    let by_settings = directory.blocks_invitations(&domain).then_some(DomainBlock::CrossTenantAccess);
    match block.or(by_settings) {
        None => Ok(()),
        Some(DomainBlock::DenyList) => Err(GraphError::bad_request(format!(
            "The invitation was not sent: the domain '{domain}' is blocked by the organization's policy."
        ))),
        Some(DomainBlock::CrossTenantAccess) => {
            forbidden("This invitation is blocked by cross-tenant access settings in your organization.")
        }
        Some(DomainBlock::CrossTenantAccessBoth) => forbidden(
            "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the \
             invited user's organization must configure cross-tenant access settings to allow the invitation.",
        ),
        Some(DomainBlock::CrossCloudWorker) => {
            forbidden("The application Microsoft B2B Cross Cloud Worker is disabled in the invited user's tenant.")
        }
    }
}

/// Nobody is named: somebody new, or somebody pending once more.
fn invite(directory: &mut Directory, invitation: &Invitation) -> Result<Uuid, GraphError> {
    let holders: Vec<Uuid> = directory.holders(&invitation.address).collect();
    if let Some(user) = holders.iter().find_map(|id| directory.user(*id)) {
        return mail_again(user);
    }
    if let Some(other) = holders.first() {
        return Err(held_by_another(directory, *other));
    }
    let display_name = invitation.display_name.as_deref().unwrap_or(&invitation.address);
    let mut user = directory.invited_user(&invitation.address, display_name, invitation.user_type);
    make_pending(&mut user, directory, invitation);
    let id = user.id;
    directory.insert_user(user);
    Ok(id)
}

/// A user is named: an internal one is converted, a pending one mailed again.
fn convert(directory: &mut Directory, invitation: &Invitation, id: Uuid) -> Result<Uuid, GraphError> {
    let user = named(directory, id)?;
    if user.external_user_state.is_some() {
        require_own_address(user, &invitation.address)?;
        return mail_again(user);
    }
    if !user.account_enabled {
        return Err(already_exists(user));
    }
    if !user.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(&invitation.address)) {
        return Err(wrong_address());
    }
    if let Some(twin) = directory.holders(&invitation.address).find(|holder| *holder != id) {
        return Err(match directory.user(twin) {
            Some(twin) => already_exists(twin),
            None => held_by_another(directory, twin),
        });
    }
    if user.conversion_refused {
        // That it is refused is documented, the words are not.
        return Err(GraphError::bad_request(
            "The user cannot be invited to B2B collaboration because onPremisesUserPrincipalName is set.",
        ));
    }
    let mut user = user.clone();
    make_pending(&mut user, directory, invitation);
    directory.insert_user(user);
    Ok(id)
}

/// The person shall redeem anew, with the same object and sign-in name.
fn reset(directory: &mut Directory, invitation: &Invitation, id: Uuid) -> Result<Uuid, GraphError> {
    let user = named(directory, id)?;
    if directory.has_role(id) {
        return Err(GraphError::denied());
    }
    require_own_address(user, &invitation.address)?;
    if user.external_user_state.is_none() {
        return Err(GraphError::bad_request("The redemption of a user who was never invited cannot be reset."));
    }
    let mut user = user.clone();
    user.identities.retain(|identity| identity.sign_in_type == "userPrincipalName");
    make_pending(&mut user, directory, invitation);
    directory.insert_user(user);
    Ok(id)
}

/// The user whom an invitation names by id: what has not arrived everywhere cannot be referred to.
fn named(directory: &Directory, id: Uuid) -> Result<&User, GraphError> {
    let user = directory.shown_user(id).and_then(|_| directory.user(id));
    user.ok_or_else(|| GraphError::not_found(&id.to_string()))
}

fn make_pending(user: &mut User, directory: &Directory, invitation: &Invitation) {
    user.external_user_state = Some(ExternalUserState::PendingAcceptance);
    user.external_user_state_changed = Some(directory.now());
    for sponsor in &invitation.sponsors {
        if !user.sponsors.contains(sponsor) && user.sponsors.len() < MOST_SPONSORS {
            user.sponsors.push(*sponsor);
        }
    }
}

/// Only who is pending and may sign in gets another mail; the object stays the same.
fn mail_again(user: &User) -> Result<Uuid, GraphError> {
    let pending = user.external_user_state == Some(ExternalUserState::PendingAcceptance);
    if pending && user.account_enabled { Ok(user.id) } else { Err(already_exists(user)) }
}

fn require_own_address(user: &User, address: &str) -> Result<(), GraphError> {
    let own = user.mail.iter().chain(&user.other_mails).any(|own| own.eq_ignore_ascii_case(address));
    if own { Ok(()) } else { Err(wrong_address()) }
}

fn wrong_address() -> GraphError {
    GraphError::bad_request("The invited user email address doesn't match any emails on the user object.")
}

fn already_exists(user: &User) -> GraphError {
    let rest = if user.account_enabled {
        ". They can use that account to sign in to shared apps and resources."
    } else {
        ", but the account is blocked from signing in. If the account is unblocked, they can use that account \
         to sign in to shared apps and resources."
    };
    GraphError::bad_request(format!("The invited user already exists in the directory as objectID: {}{rest}", user.id))
}

/// A group or a contact has the address. That it is refused is documented, code and words are not.
fn held_by_another(directory: &Directory, holder: Uuid) -> GraphError {
    let message = match directory.group(holder) {
        Some(_) => "Group email address is not supported.",
        None => "Another object with the same value for property proxyAddresses already exists.",
    };
    GraphError::bad_request(message)
}

/// A fresh ticket takes the place of an older one.
fn issue_ticket(directory: &mut Directory, id: Uuid) -> String {
    let ticket = directory.new_id().simple().to_string();
    let inner = format!(
        "https://invitations.microsoft.com/redeem/?tenant={}&user={id}&ticket={ticket}&ver=2.0",
        directory.tenant_id()
    );
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("rd", &inner).finish();
    if let Some(user) = directory.users.get_mut(&id) {
        user.ticket = Some(ticket);
    }
    format!("{}/redeem?{query}", directory.cloud().login_root())
}

/// Redeems what nobody needs to accept, where that does not wait for the person. Who is disabled stays pending.
fn redeem_at_once(directory: &mut Directory, id: Uuid) -> bool {
    let at_once = directory.cross_tenant_access.automatic_redemption == AutomaticRedemption::AtOnce;
    let redeems = at_once && directory.user(id).is_some_and(|user| directory.redeems_automatically(user));
    redeems && directory.redeem(id).is_ok()
}

fn send(directory: &mut Directory, invitation: &Invitation, user: Uuid, redeem_url: &str) {
    let mail = Mail {
        to: invitation.address.clone(),
        cc: invitation.cc.clone(),
        from: mail::sender(directory.cloud()),
        user,
        sent: directory.now(),
        language: invitation.language.clone(),
        redirect_url: invitation.redirect_url.clone(),
        redeem_url: redeem_url.to_owned(),
    };
    directory.mails.push(mail);
}
