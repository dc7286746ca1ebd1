//! Why nothing is done about a person. The same reasons feed the plan, the log and `explain`.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! reasons {
    ($($variant:ident $name:literal $text:literal $advice:literal;)*) => {
        #[expect(clippy::doc_markdown, reason = "the sentences are shown to people, who see no back quotes")]
        /// Why a person is left alone. The names are part of the program's output.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Reason {
            $(#[doc = $text] #[serde(rename = $name)] $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, as in `--json`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The reason in a sentence.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What an administrator can do about it; empty where there is nothing to do.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

reasons! {
    OutOfScope "out-of-scope" "The address is not in one of the partner's domains." "";
    ScopeUnknown "scope-unknown" "The person's addresses contradict each other or are missing, so the scope cannot be told."
        "Correct mail and otherMails of the account.";
    NotInGroup "not-in-group" "The person is in none of the partner's scope groups." "Add the person to a group of scope.groups.";
    GroupUnknown "group-unknown" "A scope group could not be read, so membership is not known."
        "Check that the group exists and that usher may read it (GroupMember.Read.All).";
    Excluded "excluded" "The person is in a group of scope.exclude_groups." "";
    ExclusionUnknown "exclusion-unknown" "A group of scope.exclude_groups could not be read, so the person may be excluded."
        "Check that the group exists and that usher may read it (GroupMember.Read.All).";
    TwoPartners "two-partners" "The person is, or may be, in the scope of two partners."
        "Remove the address or the group membership that belongs to the other partner.";
    Accepted "accepted" "The person is an external user already and has redeemed the invitation." "";
    Pending "pending" "The person was invited already and has not redeemed the invitation yet." "";
    InvitedByOthers "invited-by-others" "The person is an external user whom somebody else invited, and scope.adopt is none."
        "Set scope.adopt to follow or full if usher shall look after these people.";
    FormerPartner "former-partner" "usher looked after the person for a partner that is not in the configuration any more."
        "Give the partner its name back, or set scope.adopt to follow or full if usher shall look after these people again.";
    ExternalStateUnknown "external-state-unknown"
        "The account shows signs of an external user but no state of an invitation, so it cannot be told what it is."
        "Look at the account in the portal; accounts born through SharePoint sharing look like this.";
    Unconfirmed "unconfirmed"
        "An earlier step was sent, and the directory does not show what became of it; nothing is done before two readings show that."
        "";
    Unsettled "unsettled"
        "A step was sent more than a day ago, and the directory still does not show what became of it."
        "Look at the account in the portal. If it is an external user there, Graph shows it late; if it is not, wait for two readings that say so, or invite the person by hand.";
    RefusedRecently "refused-recently" "Graph refused this person within the last day; it is not tried again before that."
        "See the error of the last run; correct it, and the next day's run tries again.";
    InternalNotSynced "internal-not-synced" "The account is internal and Entra Connect does not master it, so it is not converted."
        "Invite the person by `usher provision`, or remove the account if it is left over.";
    AccountDisabled "account-disabled" "The account is disabled." "Enable it at its master if the person shall be invited.";
    EnabledUnknown "enabled-unknown" "It could not be read whether the account is enabled." "";
    NoAddress "no-address" "The property that invite.address names holds no address of the partner's domains."
        "Let the sync flow the address into that property, or choose another invite.address.";
    AddressAmbiguous "address-ambiguous" "The property that invite.address names holds several addresses of the partner's domains."
        "Leave one of them.";
    MailIsNotAddress "mail-is-not-address"
        "The account's mail differs from the address to invite; Microsoft converts an account only where they are equal."
        "Set mail to the address at the account's master, or choose invite.address = \"mail\".";
    AddressNotInvitable "address-not-invitable" "The address holds a character that Graph does not take in invitations, such as +."
        "Give the person an address without it.";
    PreviousDomain "previous-domain" "The address is in a domain of scope.previous_domains, which is not newly invited." "";
    Twin "twin" "Another object of this directory has the same address." "Remove the address from one of the two, or delete the one left over.";
    OutsidePilot "outside-pilot" "A pilot list is set and the person is not on it." "Add the person to pilot, or empty the list.";
    ProtectedGroup "protected-group" "The person is in the protected group." "";
    DirectoryRole "directory-role" "The person holds a directory role, or could activate one." "";
    ProtectionUnknown "protection-unknown" "Roles or the protected group could not be read, so the person may be protected."
        "Grant RoleManagement.Read.Directory and GroupMember.Read.All, and check that the protected group exists.";
    ExchangePlan "exchange-plan" "A plan of Exchange Online is assigned; with a mailbox here the account cannot be converted."
        "Remove the Exchange plan and wait until the mailbox is gone.";
    ExchangeUnknown "exchange-unknown" "It could not be read whether a plan of Exchange Online is assigned." "";
    Gone "gone" "The object is not in the directory any more." "";
    Adopted "adopted" "usher looks after the person from now on, whom somebody else invited; all days begin now." "";
    FollowOnly "follow-only" "Somebody else invited the person, and scope.adopt is not full, so the leave rules do not apply." "";
    Leaving "leaving" "The person is out of scope, and the days of grace run." "Nothing, or bring the person back into scope.";
    SyncedLeft "synced-left" "The rules would disable the person, but Entra Connect masters the account and leave.synced is report."
        "Remove the person at the master, or set leave.synced to disable.";
    SyncedNotDeleted "synced-not-deleted" "The rules would delete the person, but Entra Connect masters the account, and then usher never deletes."
        "Remove the person at the master.";
    NotShownYet "not-shown-yet" "The directory does not show yet what usher did last." "";
    ReenabledByPerson "reenabled-by-person" "usher had disabled the account, or kept to it that it was disabled, and somebody enabled it; that is left so."
        "`usher release` forgets that decision, and the rules apply again.";
    RestoredByPerson "restored-by-person" "usher had taken the account away, and somebody gave it back; that is left so, although it is disabled now."
        "`usher release` forgets that decision, and the rules apply again.";
    BlockedByPerson "blocked-by-person" "A person disabled the account, by the audit log; that is left so, and the account is not deleted either."
        "`usher release` forgets that decision, and the leave rules go on.";
    BlockedUnknown "blocked-unknown" "Somebody disabled the account, and it is not known who; it may be a person's decision, so it is not deleted."
        "Grant AuditLog.Read.All and Directory.Read.All; the log goes back 30 days. `usher release` lets the leave rules go on.";
    DisabledBySync "disabled-by-sync" "Entra Connect masters the account and has disabled it." "";
    DisabledElsewhere "disabled-elsewhere" "Somebody else disabled the account; usher gives back only what it took away itself." "";
    TakenAway "taken-away" "usher disabled the account, and no further step is due." "";
    Deleted "deleted" "The account is deleted softly, and is not to be restored by the rules."
        "Restore it in the portal within 30 days if the person shall come back.";
    DeletedScopeUnknown "deleted-scope-unknown" "The account is deleted softly, and groups of deleted accounts cannot be read, so it is not known whether the person is in scope."
        "`usher provision` restores the person.";
    RestoreOff "restore-off" "The person is in scope again, but leave.restore is off." "Enable the account by hand, or set leave.restore.";
    ExpiredConversion "expired-conversion" "The person has not redeemed in time; Entra Connect masters the account, so it is not taken away, and no more mail is sent."
        "Ask the person, or send the invitation again by `usher provision`.";
    Automatic "automatic" "Invitations of this partner may be redeemed automatically, so pending says nothing: no mail is sent again, and nothing expires."
        "Set invite.home_redeems_automatically to no if the home tenant does not redeem automatically.";
    AutomaticUnknown "automatic-unknown" "It could not be read whether invitations are redeemed automatically, so no mail is sent again, and nothing expires."
        "Grant Policy.Read.All, or set invite.home_redeems_automatically to no.";
    SignInUnknown "sign-in-unknown" "There is no sign-in data of the person, so they count as active."
        "Sign-in data needs Entra ID P1 and AuditLog.Read.All; people who never signed in have none.";
    AddressChanged "address-changed" "The person's address is another one than was invited, and invite.reset_on_address_change is off."
        "Set invite.reset_on_address_change, or reset the redemption by hand.";
    MasteredOnPremises "mastered-on-premises" "A value differs from the configuration, but Entra Connect masters it." "Change it at the account's master.";
    ValueNotKept "value-not-kept" "usher wrote the configured values, and the directory still shows others; they are written again after 30 days."
        "Graph takes some values and does not keep or show them, such as showInAddressList; or somebody changes them back. Leave the key out of the configuration, or correct the account.";
    JoinedGroupUnknown "joined-group-unknown" "A group of invite.groups could not be read." "Check that it exists and that usher may read it (GroupMember.Read.All).";
    SynchronizationAllowed "synchronization-allowed" "The partner may push people here by cross-tenant synchronization, which may own the person, so usher neither changes nor takes away."
        "Say whose such people are: `usher sync readiness --owner usher`, or `--owner synchronization`. Or set allow_sync_in = false in [partner.trust] if it is not used.";
    SynchronizationOwns "synchronization-owns" "Cross-tenant synchronization owns the person, as somebody said, so usher neither changes nor takes away."
        "`usher sync readiness --owner usher` takes that back.";
    SynchronizationUnknown "synchronization-unknown" "It could not be read whether cross-tenant synchronization may own the person, so usher neither changes nor takes away."
        "Grant Policy.Read.All.";
    Retired "retired" "Somebody asked for the person to be retired, so they are not brought in." "`usher provision` takes that back.";
    Absent "absent" "There is no such person in this directory." "";
    NotReadable "not-readable" "The person could not be read, so nothing is done." "Ask again later; if it lasts, check that usher may read users and deleted objects.";
    NotLookedAfter "not-looked-after" "usher neither brought the person in nor adopted them, so it does not retire them." "Retire the person by hand.";
    DailyLimit "daily-limit" "The partner's limit for a day is used up." "Ask again tomorrow, or raise the limit in [partner.limits].";
    Licensed "licensed" "A licence is assigned, or may be, and licensed people are not deleted." "Take the licence away.";
}

impl Reason {
    /// Whether nothing happens before a person does something: what usher's report names people for.
    pub const fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::ScopeUnknown
                | Self::TwoPartners
                | Self::ExternalStateUnknown
                | Self::Unsettled
                | Self::NoAddress
                | Self::AddressAmbiguous
                | Self::MailIsNotAddress
                | Self::AddressNotInvitable
                | Self::Twin
                | Self::ExchangePlan
                | Self::SyncedLeft
                | Self::SyncedNotDeleted
                | Self::ReenabledByPerson
                | Self::RestoredByPerson
                | Self::BlockedByPerson
                | Self::BlockedUnknown
                | Self::ExpiredConversion
                | Self::AddressChanged
                | Self::Licensed
        )
    }

    /// Whether it may pass with time, or because something becomes readable, without any change of the person.
    pub const fn may_pass_by_itself(self) -> bool {
        matches!(
            self,
            Self::Unconfirmed
                | Self::Unsettled
                | Self::RefusedRecently
                | Self::GroupUnknown
                | Self::ExclusionUnknown
                | Self::EnabledUnknown
                | Self::ProtectionUnknown
                | Self::ExchangeUnknown
                | Self::NotShownYet
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_reason_has_a_name_of_its_own_and_a_sentence() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert!(reason.text().ends_with('.'), "{reason}");
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
    }
}
