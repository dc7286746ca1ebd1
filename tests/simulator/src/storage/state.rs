//! An account: its containers, and what each operation does to them.

use super::answer::{self, Answer};
use super::container::{Blob, Container};
use super::error::Refusal;
use super::lease::Action;
use super::listing;
use super::operation::{Asked, Operation};
use super::{ACCOUNT, StorageRequest};
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use std::collections::BTreeMap;

/// Everything that the HTTP front works on.
#[derive(Debug, Default)]
pub(super) struct State {
    /// `http://127.0.0.1:…`
    pub(super) root: String,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) page_size: usize,
    pub(super) requests: Vec<StorageRequest>,
    pub(super) violations: Vec<String>,
}

impl State {
    /// Carries out a request of somebody who may.
    pub(super) fn serve(&mut self, asked: &Asked, body: Bytes) -> Result<Answer, Refusal> {
        let (name, conditions) = (asked.blob.as_str(), &asked.conditions);
        match &asked.operation {
            Operation::CreateContainer => self.create_container(&asked.container),
            Operation::List(page) => {
                let (endpoint, page_size) = (format!("{}/{ACCOUNT}", self.root), self.page_size);
                listing::list(self.container(asked)?, page, page_size, (&endpoint, &asked.container))
            }
            Operation::Get(wanted) => answer::content(self.container(asked)?.get(name, conditions)?, *wanted),
            Operation::GetProperties => answer::content(self.container(asked)?.get(name, conditions)?, None),
            Operation::Put { content_type } => {
                let version = self.container(asked)?.put(name, body, content_type, conditions)?;
                Ok(answer::written(&version))
            }
            Operation::PutBlock { id } => {
                self.container(asked)?.put_block(name, id, body, conditions)?;
                Ok(StatusCode::CREATED.into_response())
            }
            Operation::PutBlockList { ids, content_type } => {
                let version = self.container(asked)?.put_block_list(name, ids, content_type, conditions)?;
                Ok(answer::written(&version))
            }
            Operation::Delete => {
                self.container(asked)?.delete(name, conditions)?;
                Ok(StatusCode::ACCEPTED.into_response())
            }
            Operation::Lease(action) => lease(self.container(asked)?.leased(name)?, *action),
        }
    }

    /// Remembers a request with its answer; 0 for none.
    pub(super) fn note(&mut self, asked: &Asked, status: u16) {
        let request = StorageRequest { operation: asked.operation.name(), blob: asked.blob.clone(), status };
        self.requests.push(request);
    }

    fn container(&mut self, asked: &Asked) -> Result<&mut Container, Refusal> {
        self.containers.get_mut(&asked.container).ok_or(Refusal::new(404, "ContainerNotFound"))
    }

    fn create_container(&mut self, name: &str) -> Result<Answer, Refusal> {
        if self.containers.contains_key(name) {
            return Err(Refusal::new(409, "ContainerAlreadyExists"));
        }
        if !is_container_name(name) {
            return Err(Refusal::new(400, "InvalidResourceName"));
        }
        let container = self.containers.entry(name.to_owned()).or_default();
        Ok(answer::written(&container.version))
    }
}

fn lease(blob: &mut Blob, action: Action) -> Result<Answer, Refusal> {
    match action {
        Action::Acquire { proposed, lasts } => {
            let id = blob.lease.acquire(proposed, lasts)?;
            Ok(answer::leased(StatusCode::CREATED, blob, Some(id)))
        }
        Action::Renew { id } => {
            blob.lease.renew(id)?;
            Ok(answer::leased(StatusCode::OK, blob, Some(id)))
        }
        Action::Change { id, proposed } => {
            blob.lease.change(id, proposed)?;
            Ok(answer::leased(StatusCode::OK, blob, Some(proposed)))
        }
        Action::Release { id } => {
            blob.lease.release(id)?;
            Ok(answer::leased(StatusCode::OK, blob, None))
        }
        Action::Break { period } => {
            let after = blob.lease.break_off(period)?;
            Ok(answer::broken(blob, after))
        }
    }
}

/// "Naming and Referencing Containers".
fn is_container_name(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|letter| is_plain(letter) || letter == '-')
        && !name.contains("--")
}
