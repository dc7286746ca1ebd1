//! What Azure Storage answers instead of doing what was asked.
//!
//! Responsible for: bounding how long a request may take with all its tries, and telling an error by status and code, in
//! words that help and repeat nothing of the content. Not responsible for: what an error means to the store.

use crate::state::StateError;
use azure_core::error::ErrorKind;
use azure_core::http::StatusCode;
use std::future::Future;
use std::time::Duration;

/// For a request with all its tries; the SDK's own would wait for minutes.
const PATIENCE: Duration = Duration::from_secs(40);

/// What Azure answered instead of doing it.
#[derive(Debug)]
pub(super) struct Problem {
    status: Option<StatusCode>,
    code: Option<String>,
    pub(super) error: StateError,
}

impl Problem {
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    pub(super) fn has(&self, status: StatusCode) -> bool {
        self.status == Some(status)
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        Self { status: None, code: None, error }
    }
}

impl From<Problem> for StateError {
    fn from(problem: Problem) -> Self {
        problem.error
    }
}

impl From<azure_core::Error> for Problem {
    /// The error's own text holds the whole answer; its status and code say enough, and nothing of the content.
    fn from(error: azure_core::Error) -> Self {
        let status = error.http_status();
        let code = match error.kind() {
            ErrorKind::HttpResponse { error_code, .. } => error_code.clone(),
            _ => None,
        };
        let text = match (status, code.as_deref()) {
            (_, Some("ContainerNotFound")) => {
                "the container that USHER_STATE names does not exist; the deployment makes it".to_owned()
            }
            (_, Some("AuthorizationPermissionMismatch" | "AuthorizationFailure")) => {
                "Azure Storage refused; the identity needs Storage Blob Data Contributor on the container, and a way \
                 through the account's firewall"
                    .to_owned()
            }
            (Some(status), code) => {
                format!("Azure Storage answered {} {}", u16::from(status), code.unwrap_or_default())
            }
            (None, _) if matches!(error.kind(), ErrorKind::Credential) => format!("no token for it: {error}"),
            (None, _) => "no usable answer from Azure Storage".to_owned(),
        };
        Self { status, code, error: StateError::Unavailable(text) }
    }
}

/// Sends a request, with all its tries in bounded time.
pub(super) async fn ask<T>(request: impl Future<Output = azure_core::Result<T>>) -> Result<T, Problem> {
    match tokio::time::timeout(PATIENCE, request).await {
        Ok(result) => result.map_err(Problem::from),
        Err(_) => Err(StateError::Unavailable("Azure Storage did not answer in time".to_owned()).into()),
    }
}
