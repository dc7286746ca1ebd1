//! Who may read and write synchronisations. What is missing is not answered as elsewhere: 401, without a word.

use crate::tenant::administrators::AdministratorRole;
use crate::tenant::auth::Caller;
use crate::tenant::error::GraphError;

const READ: &[&str] = &["Synchronization.Read.All", "Synchronization.ReadWrite.All", OWNED];
const WRITE: &[&str] = &["Synchronization.ReadWrite.All", OWNED];
const OWNED: &str = "Application.ReadWrite.OwnedBy";
/// What owning the application is not enough for.
const MIGHTY: &[&str] = &["Synchronization.ReadWrite.All"];

/// Whoever signs in to write needs one of these roles too.
const ADMINISTRATORS: &[AdministratorRole] = &[
    AdministratorRole::HybridIdentity,
    AdministratorRole::CloudApplication,
    AdministratorRole::Application,
    AdministratorRole::Global,
];

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Read,
    Write,
    /// What owning the application is not enough for.
    Mighty,
}

pub(super) fn require(caller: &Caller, wish: Wish) -> Result<(), GraphError> {
    let permissions = match wish {
        Wish::Read => READ,
        Wish::Write => WRITE,
        Wish::Mighty => MIGHTY,
    };
    if !caller.has_any(permissions) {
        return Err(GraphError::new(401, "UnknownError", ""));
    }
    if wish == Wish::Read { Ok(()) } else { caller.require_administrator(ADMINISTRATORS) }
}
