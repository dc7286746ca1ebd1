//! Graph's errors: status, code, message, and the envelope they travel in.
//!
//! The codes are documented unless a comment at the place of use says otherwise; the messages are as they were seen, or
//! made up in the same spirit, because Graph promises nothing about them.

use serde_json::{Value, json};
use uuid::Uuid;

/// Why a request failed.
#[derive(Clone, Debug)]
pub(super) struct GraphError {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// `error.details`: code and target of each.
    pub(super) details: Vec<(&'static str, &'static str)>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The simulated tenant does not know the request: a test that caused it must fail.
    pub(super) violation: bool,
}

impl GraphError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
            violation: false,
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// What the directory itself, behind Graph, refuses.
    pub(super) fn directory(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// A query that the directory refuses, although it can be parsed.
    pub(super) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present."),
        )
    }

    pub(super) fn unauthenticated(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// A permission is missing.
    pub(super) fn denied() -> Self {
        Self::new(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    }

    /// A permission for reports is missing, which are another service's.
    pub(super) fn permission_missing(permission: &str) -> Self {
        let message = format!(
            "The principal does not have required Microsoft Graph permission(s): {permission} to call this API."
        );
        Self::new(403, "Authentication_MSGraphPermissionMissing", message)
    }

    /// Something that is not simulated.
    pub(super) fn unknown(what: impl Into<String>) -> Self {
        Self { violation: true, ..Self::new(501, "NotImplemented", what) }
    }

    /// The body that Graph sends.
    pub(super) fn envelope(&self, request_id: Uuid, client_request_id: &str, date: &str) -> Value {
        let mut body = json!({"error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": date,
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }});
        if !self.details.is_empty() {
            let details = self.details.iter();
            let details =
                details.map(|(code, target)| json!({"code": code, "message": self.message, "target": target}));
            body["error"]["details"] = details.collect();
        }
        body
    }
}
