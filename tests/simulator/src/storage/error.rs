//! Azure's refusals: status, code, message, and the XML they travel in.
//!
//! Statuses and codes are documented ("Common REST API error codes", "Blob service error codes"); about messages nothing is
//! promised.

use super::answer::{Answer, text};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    /// The length of the blob that has no such range.
    pub(super) whole: Option<usize>,
}

impl Refusal {
    pub(super) const fn new(status: u16, code: &'static str) -> Self {
        Self { status, code, whole: None }
    }

    pub(super) const fn blob_not_found() -> Self {
        Self::new(404, "BlobNotFound")
    }

    pub(super) const fn condition_not_met() -> Self {
        Self::new(412, "ConditionNotMet")
    }

    pub(super) const fn missing_header() -> Self {
        Self::new(400, "MissingRequiredHeader")
    }

    pub(super) const fn invalid_header() -> Self {
        Self::new(400, "InvalidHeaderValue")
    }

    pub(super) const fn invalid_query() -> Self {
        Self::new(400, "InvalidQueryParameterValue")
    }

    /// The answer. That of `HEAD` has the code in its header only; the server leaves the body out.
    pub(super) fn answer(&self) -> Answer {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code><Message>{}</Message></Error>",
            self.code,
            message(self.code),
        );
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(header::CONTENT_TYPE, text("application/xml"))];
        // "Not modified" has no body, by the rules of HTTP.
        let mut answer = if status == StatusCode::NOT_MODIFIED {
            status.into_response()
        } else {
            (status, headers, body).into_response()
        };
        answer.headers_mut().insert("x-ms-error-code", text(self.code));
        if let Some(whole) = self.whole {
            answer.headers_mut().insert(header::CONTENT_RANGE, text(&format!("bytes */{whole}")));
        }
        if self.status == 401 {
            let challenge = "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize \
                             resource_id=https://storage.azure.com";
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, text(challenge));
        }
        answer
    }
}

fn message(code: &str) -> &'static str {
    match code {
        "BlobAlreadyExists" => "The specified blob already exists.",
        "BlobNotFound" => "The specified blob does not exist.",
        "ConditionNotMet" => "The condition specified using HTTP conditional header(s) is not met.",
        "ContainerAlreadyExists" => "The specified container already exists.",
        "ContainerNotFound" => "The specified container does not exist.",
        "InvalidRange" => "The range specified is invalid for the current size of the resource.",
        "LeaseAlreadyPresent" => "There is already a lease present.",
        "LeaseIdMismatchWithBlobOperation" | "LeaseIdMismatchWithLeaseOperation" => {
            "The lease ID specified did not match the lease ID for the blob."
        }
        "LeaseIdMissing" => "There is currently a lease on the blob and no lease ID was specified in the request.",
        "LeaseNotPresentWithBlobOperation" => "There is currently no lease on the blob.",
        "LeaseNotPresentWithLeaseOperation" => "There is currently no lease on the blob.",
        "NoAuthenticationInformation" => {
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        }
        "NotImplemented" => "This request is not simulated.",
        _ => "The request was refused; its code says why.",
    }
}
