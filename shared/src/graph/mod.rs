//! Microsoft Graph, as far as usher needs it: our own small client on reqwest.
//!
//! Responsible for: tokens, requests, pages, batches, retries of what may be retried, and errors as callers branch on
//! them. Reading and writing are different types: [`Directory`] can only read, [`DirectoryWriter`] is made from a
//! [`WritePermit`], and that exists in apply mode only. Not responsible for: what any of it means for a person; see
//! [`crate::people`].
//!
//! - [`client`]: one request, its retries and limits. [`transport`]: how it gets there.
//! - [`credential`]: where the token comes from. [`sign_in`]: where an operator's does.
//! - [`limits`]: Graph's limits, kept before Graph has to refuse.
//! - [`error`]: what went wrong, as callers branch on it.
//! - [`path`]: the paths and query options that exist; nothing else can be sent.
//! - [`catalogue`]: what refusals mean, and for whom.
//! - [`batch`]: up to twenty requests in one.
//! - [`model`]: Graph's JSON, three-valued where absence matters.
//! - [`directory`]: reading. [`writer`]: writing.
//! - [`setup`]: what sets a tenant up, read and written.

pub mod batch;
pub mod catalogue;
pub mod client;
pub mod credential;
pub mod directory;
pub mod error;
pub mod limits;
pub mod model;
pub mod path;
pub mod setup;
pub mod sign_in;
pub mod transport;
pub mod writer;

#[cfg(test)]
#[path = "../../../tests/fuzz/targets/graph/mod.rs"]
mod fuzz;

pub use client::{Client, Endpoint};
pub use directory::Directory;
pub use error::{GraphError, Kind};
pub use writer::{DirectoryWriter, WritePermit};
