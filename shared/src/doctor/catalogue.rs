//! Every check there is: its id, which stays the same from release to release, what it looks at, the permission that looking
//! needs, and what to do.
//!
//! Responsible for: one table, which `docs/doctor.md` shows too. Not responsible for: checking.

/// A check, as the documentation lists it.
#[derive(Debug)]
pub struct Entry {
    /// `area.thing`.
    pub id: &'static str,
    /// What it looks at.
    pub what: &'static str,
    /// The permission of Graph that looking needs.
    pub permission: Option<&'static str>,
    /// What to do where it does not pass.
    pub remedy: &'static str,
}

const USERS: Option<&str> = Some("User.Read.All");
const POLICIES: Option<&str> = Some("Policy.Read.All");
const ORGANIZATION: Option<&str> = Some("Organization.Read.All");

macro_rules! catalogue {
    ($($name:ident $id:literal $permission:expr, $what:literal, $remedy:literal;)*) => {
        $(#[doc = $what] pub const $name: &str = $id;)*

        /// Every check, in the order of the documentation.
        pub const ALL: &[Entry] = &[
            $(Entry { id: $id, what: $what, permission: $permission, remedy: $remedy },)*
        ];
    };
}

catalogue! {
    TENANT "tenant.identity" ORGANIZATION, "The credential is for the configured tenant.", "Sign in to that tenant, or correct `tenant.id`.";
    PERMISSIONS "permissions.needed" None, "The token carries every permission that the configuration needs.", "`usher grant apply`";
    SURPLUS "permissions.surplus" None, "The token carries no permission that nothing needs.", "`usher grant apply --prune`";
    STATE "state.reachable" None, "The state can be reached.", "Correct `USHER_STATE`, or give the identity access to the container.";
    BIRTH "state.birth" None, "The state is this tenant's, and known.", "Correct `USHER_STATE`; at the first run in a tenant with external users `usher apply --adopt-state`.";
    JOURNAL "state.journal" None, "The journal can be read, and its chain is whole.", "Look at `usher status --verify`; do not delete what is broken.";
    CLOCK "clock.difference" None, "This machine's clock agrees with Graph's: more than a minute is told, more than five fail.", "Set this machine's clock.";
    INVITE_SCHEDULE "schedules.invite" None, "`INVITE_SCHEDULE` is a schedule.", "Set it to six fields, such as `0 */5 * * * *`.";
    RECONCILE_SCHEDULE "schedules.reconcile" None, "`RECONCILE_SCHEDULE` is a schedule.", "Set it to six fields, such as `0 30 */6 * * *`.";
    SUMMARY_SCHEDULE "schedules.summary" None, "`SUMMARY_SCHEDULE` is a schedule.", "Set it to six fields, such as `0 0 7 * * *`.";
    TEAMS "webhooks.teams" None, "`TEAMS_WEBHOOK_URL` holds a URL to which reports may go. Nothing is sent.", "Copy the URL of the workflow again.";
    PLAIN "webhooks.plain" None, "The variables of `report.webhooks` hold URLs to which reports may go. Nothing is sent.", "Correct the variable, or `report.webhook_hosts`.";
    INVITES "invites.setting" POLICIES, "Who may invite guests in this tenant.", "Let at least members and specific administrators invite, in the external collaboration settings.";
    DOMAIN_LISTS "invites.domain-lists" None, "The list of allowed or denied domains lets the partner's domains through, as far as invitations have shown it.", "Look in the portal: External Identities > External collaboration settings > Collaboration restrictions.";
    PROBE "invites.probe" Some("User.Invite.All"), "One real invitation, with `--probe`.", "As the refusal says.";
    INBOUND "access.inbound" POLICIES, "Whom of the partner cross-tenant access settings let in.", "Allow inbound B2B collaboration for the partner: `usher trust plan`.";
    REDEMPTION "access.redemption" POLICIES, "Whether invitations are redeemed automatically, and what mail people get.", "Set it on both sides or on none, and tell usher: `invite.home_redeems_automatically`.";
    OTHER_CLOUD "access.cloud" POLICIES, "This tenant works with the partner's cloud.", "`usher trust apply`, or in the portal: Cross-tenant access settings > Microsoft cloud settings.";
    SYNC_IN "access.sync-in" POLICIES, "The partner may not push people here by cross-tenant synchronization.", "Set `allow_sync_in = false` in `[partner.trust]` if it is not used.";
    ORGANIZATIONS "access.organization" Some("MultiTenantOrganization.ReadBasic.All"), "This tenant is not in a multitenant organization with the partner.", "Decide which of the two looks after these people.";
    POLICY_SIZE "access.policy-size" POLICIES, "The cross-tenant access policy is far from the 25 KB that it may have.", "Remove partners that are not used, or list groups in place of people.";
    TRUST "trust.configured" POLICIES, "There is a `[partner.trust]` to compare with.", "";
    TRUST_CLOUD "trust.cloud" POLICIES, "As `[partner.trust]` needs it: the partner's cloud.", "`usher trust plan`";
    TRUST_INBOUND "trust.inbound" POLICIES, "As `[partner.trust]` says: `inbound`.", "`usher trust plan`";
    TRUST_OUTBOUND "trust.outbound" POLICIES, "As `[partner.trust]` says: `outbound`.", "`usher trust plan`";
    TRUST_MFA "trust.mfa" POLICIES, "As `[partner.trust]` says: `trust_mfa`.", "`usher trust plan`";
    TRUST_COMPLIANT "trust.compliant-device" POLICIES, "As `[partner.trust]` says: `trust_compliant_device`.", "`usher trust plan`";
    TRUST_JOINED "trust.hybrid-joined-device" POLICIES, "As `[partner.trust]` says: `trust_hybrid_joined_device`.", "`usher trust plan`";
    TRUST_REDEMPTION_IN "trust.automatic-redemption-inbound" POLICIES, "As `[partner.trust]` says: `automatic_redemption`, for people who come here.", "`usher trust plan`";
    TRUST_REDEMPTION_OUT "trust.automatic-redemption-outbound" POLICIES, "As `[partner.trust]` says: `automatic_redemption`, for people who go there.", "`usher trust plan`";
    TRUST_SYNC "trust.sync-in" POLICIES, "As `[partner.trust]` says: `allow_sync_in`.", "`usher trust plan`";
    CONDITIONAL_ACCESS "conditional-access.external" POLICIES, "What Conditional Access asks of the partner's people can be met by them.", "Trust the partner's MFA or devices (`usher trust`), or leave external users out of the policy.";
    SIGN_IN_DATA "licence.sign-in-data" ORGANIZATION, "Entra ID P1 is there where `[partner.inactive]` needs sign-in data.", "Buy it, or set `inactive.disable_after_days = 0`.";
    LEAVE_SETTING "external-users.leave-setting" None, "Whether external users may leave by themselves.", "Look in the portal: External collaboration settings > External user leave settings.";
    DOMAINS "people.domains" ORGANIZATION, "None of the partner's domains is this tenant's own.", "Correct `scope.domains`.";
    CANDIDATES "people.candidates" USERS, "How many people can be converted.", "";
    HELD "people.held" USERS, "Who is in scope and cannot be converted, by reason.", "As the reason says.";
    COLLISIONS "people.collisions" USERS, "No other object has a person's address.", "Remove the address from one of the two, or delete the one left over.";
    ON_PREMISES_NAME "people.on-premises-name" None, "What attempts have shown of the on-premises user principal name.", "Let the sync rule flow `AuthoritativeNull`; check it with `--sync-rules`.";
    HOME_NAME "people.home-name" None, "Whose mail at home is not their user principal name, by `--home`.", "Make both the same at home; across clouds only the name can sign in.";
    MASTERED "people.mastered" USERS, "External users mastered on premises, whom cross-tenant synchronization cannot manage.", "Keep them out of the synchronization's scope.";
    ROLES "people.roles" Some("RoleManagement.Read.Directory"), "External users who hold a directory role.", "Take the role away, or know that usher never touches them.";
    SYNC_STATUS "sync.status" None, "Where the synchronization to the partner is looked at.", "`usher sync status`";
    SMS_POLICY "sms.policy" Some("Policy.Read.AuthenticationMethod"), "Nobody can make a text message their way to sign in anew.", "Take \"use for sign-in\" from the SMS method for the synchronized groups.";
    SMS_SIGN_IN "sms.sign-in" Some("UserAuthMethod-Phone.Read.All"), "Nobody who is synchronized signs in by text message: Microsoft's synchronization skips them.", "`usher doctor --fix`";
    RULE_NAME "sync-rules.on-premises-name" None, "An outbound rule flows `AuthoritativeNull` to `onPremisesUserPrincipalName`, by `--sync-rules`.", "Add the expression, at a precedence before the other rules.";
    RULE_DISPLAY_TYPE "sync-rules.display-type" None, "An outbound rule flows the constant 6 to `msExchRecipientDisplayType`, by `--sync-rules`.", "Add the constant.";
    RULE_TYPE_DETAILS "sync-rules.type-details" None, "An outbound rule flows the constant 128 to `msExchRecipientTypeDetails`, by `--sync-rules`.", "Add the constant.";
    EXPORT "home.export" USERS, "The people of this tenant were written for the other side, with `--export`.", "";
}

/// The permission that a check's looking needs.
pub fn permission_of(id: &str) -> Option<&'static str> {
    ALL.iter().find(|entry| entry.id == id)?.permission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_check_as_it_is() {
        let row = |entry: &Entry| {
            let permission = entry.permission.map(|name| format!("`{name}`")).unwrap_or_default();
            format!("| `{}` | {} | {permission} | {} |\n", entry.id, entry.what, entry.remedy)
        };
        let head = "| check | what it looks at | permission | what to do |\n|---|---|---|---|\n";
        let table: String = std::iter::once(head.to_owned()).chain(ALL.iter().map(row)).collect();
        let page = include_str!("../../../docs/doctor.md");
        assert!(page.contains(&table), "docs/doctor.md has to show this table:\n{table}");
    }

    #[test]
    fn every_check_has_an_id_of_its_own_in_an_area() {
        let mut ids: Vec<_> = ALL.iter().map(|entry| entry.id).collect();
        assert!(ids.iter().all(|id| id.split('.').count() == 2), "{ids:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }
}
