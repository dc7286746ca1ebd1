//! What the error codes of cross-tenant synchronization mean, and what helps.
//!
//! Source: Microsoft's documentation of the codes, and administrators' reports. A code that is not here is told as it came.

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The code.
    pub code: &'static str,
    /// What it means.
    pub cause: &'static str,
    /// What helps; empty where nothing has to be done.
    pub fix: &'static str,
}

const TRUST: &str = "Run `usher trust verify` in both tenants: automatic redemption out of the source and into the target, \
                     and inbound synchronization in the target.";

/// All codes that are known.
pub const KNOWN: &[Known] = &[
    Known {
        code: "AzureActiveDirectoryCrossTenantSyncPolicyCheckFailure",
        cause: "a policy of one of the tenants is missing",
        fix: TRUST,
    },
    Known {
        code: "AzureDirectoryB2BManagementPolicyCheckFailure",
        cause: "a policy of one of the tenants is missing",
        fix: TRUST,
    },
    Known {
        code: "ExternalTenantNotFound",
        cause: "the configuration was not made for another cloud",
        fix: "Make it anew in the portal with \"across Microsoft clouds\" ticked; Graph has no call for that.",
    },
    Known {
        code: "AzureActiveDirectoryTokenExpired",
        cause: "the target does not allow synchronization from another cloud",
        fix: "Tick cross-cloud synchronization in the target's cross-tenant access settings, in the portal.",
    },
    Known {
        code: "AzureActiveDirectoryForbidden",
        cause: "the target lets nobody invite guests, or the person is mastered elsewhere",
        fix: "In the target, allow guest invitations (External collaboration settings); `usher doctor` there checks it.",
    },
    Known {
        code: "InvitationCreationFailure",
        cause: "the invitation failed",
        fix: "In the target, check the list of allowed domains and inbound collaboration: `usher doctor` there.",
    },
    Known {
        code: "InvitationCreationFailureUserAccountDisabled",
        cause: "the person is there already, pending and disabled",
        fix: "Enable the account in the target, then provision the person again.",
    },
    Known {
        code: "InvitationCreationFailureInvalidPropertyValue",
        cause: "the address is not good, belongs to a group, or userType is neither Member nor Guest",
        fix: "Correct the person's mail, the mapping, or the group.",
    },
    Known {
        code: "InvitationCreationFailureAmbiguousUser",
        cause: "an internal account of the target has the address",
        fix: "Take the address from that account, or the person out of scope. usher can convert such accounts instead.",
    },
    Known {
        code: "AzureActiveDirectoryCannotUpdateObjectsMasteredOnPremises",
        cause: "the account in the target is Entra Connect's",
        fix: "Cross-tenant synchronization cannot manage it: leave it to usher; `usher sync readiness` lists such people.",
    },
    Known {
        code: "AzureActiveDirectoryCannotUpdateObjectsOriginatedInExternalService",
        cause: "Exchange owns the value",
        fix: "Set it in Exchange of the target, or leave the mapping out.",
    },
    Known {
        code: "AzureActiveDirectoryQuotaLimitExceeded",
        cause: "the target may not hold more objects",
        fix: "Remove objects there, or let Microsoft raise the quota.",
    },
    Known {
        code: "AzureActiveDirectoryInsufficientRights",
        cause: "the person holds a directory role in the target",
        fix: "Take the role away in the target first.",
    },
    Known {
        code: "DuplicateTargetEntries",
        cause: "several accounts of the target belong to one person",
        fix: "Remove all but one in the target.",
    },
    Known {
        code: "DuplicateSourceEntries",
        cause: "several people of the source belong to one account of the target",
        fix: "Take all but one of them out of scope.",
    },
    Known {
        code: "SchemaInvalid",
        cause: "the matching attribute was changed",
        fix: "Restore the default schema in the portal, then run `usher sync apply`.",
    },
    Known {
        code: "EntityTypeNotSupported",
        cause: "groups are not synchronized by this configuration",
        fix: "Assign people by group; the group itself is not synchronized.",
    },
    Known { code: "ImportSkipped", cause: "there was nothing to do", fix: "" },
    Known { code: "EntrySynchronizationSkipped", cause: "there was nothing to do", fix: "" },
    Known { code: "RedundantExport", cause: "the person is in sync already", fix: "" },
    Known {
        code: "NotEffectivelyEntitled",
        cause: "the person is not assigned: not in a synchronized group, directly",
        fix: "Put the person into the group; members of groups in it do not count.",
    },
];

/// What a code means.
pub fn known(code: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.code.eq_ignore_ascii_case(code))
}

/// Whether a code tells of nothing that anybody has to do.
pub fn is_harmless(code: &str) -> bool {
    known(code).is_some_and(|known| known.fix.is_empty())
}

/// What helps against a quarantine, by Microsoft's word for its reason.
pub fn quarantine(reason: &str) -> &'static str {
    match reason {
        "TooManyDeletes" => {
            "More people would be deleted than the threshold allows. Repair the scope first; if it is meant, \
             `usher sync restart --approve-deletions`."
        }
        "EncounteredQuarantineException" => TRUST,
        _ => "Settle the errors below, then `usher sync restart`.",
    }
}
