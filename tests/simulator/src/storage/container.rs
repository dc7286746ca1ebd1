//! A container: blobs, and the conditions of reading and writing them.
//!
//! Responsible for: Azure's rules for each operation and the codes of its refusals ("Specifying conditional headers for
//! Blob service operations"; where it is silent, what Microsoft's emulator does).
//!
//! Not responsible for: HTTP; leases themselves.

use super::clock;
use super::error::Refusal;
use super::lease::Lease;
use axum::body::Bytes;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Blobs by name.
#[derive(Debug)]
pub(super) struct Container {
    blobs: BTreeMap<String, Blob>,
    /// Blocks that are not part of their blob yet, by the blob's name and their own id.
    staged: HashMap<String, HashMap<String, Bytes>>,
    /// Makes the `ETag` of each blob another one.
    versions: u64,
    pub(super) version: Version,
}

/// One state of a blob or container.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// Without the quotes.
    pub(super) etag: String,
    /// As headers write it.
    pub(super) modified: String,
}

/// A blob.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) bytes: Bytes,
    pub(super) content_type: String,
    pub(super) version: Version,
    /// When it was made, as headers write it.
    pub(super) created: String,
    pub(super) lease: Lease,
}

/// What a request demands of a blob before it does anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) if_match: Option<ETag>,
    pub(super) if_none_match: Option<ETag>,
    pub(super) lease: Option<Uuid>,
}

/// What a condition compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ETag {
    /// `*`
    Any,
    /// Without the quotes, which need not be sent.
    Exactly(String),
}

impl ETag {
    pub(super) fn read(text: &str) -> Self {
        match text.trim() {
            "*" => Self::Any,
            other => Self::Exactly(other.trim_matches('"').to_owned()),
        }
    }

    fn is_of(&self, blob: &Blob) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(etag) => *etag == blob.version.etag,
        }
    }
}

impl Conditions {
    /// Where there is nothing, nothing matches, and there is no lease.
    fn check_absent(&self) -> Result<(), Refusal> {
        if self.if_match.is_some() {
            return Err(Refusal::condition_not_met());
        }
        Lease::default().check_read(self.lease)
    }
}

impl Default for Container {
    fn default() -> Self {
        Self { blobs: BTreeMap::new(), staged: HashMap::new(), versions: 1, version: Version::new(1) }
    }
}

impl Version {
    fn new(number: u64) -> Self {
        Self { etag: format!("0x8DE{number:012X}"), modified: clock::http_date() }
    }
}

impl Container {
    /// The blobs, by the order of their names.
    pub(super) fn blobs(&self) -> &BTreeMap<String, Blob> {
        &self.blobs
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.blobs.remove(name);
    }

    pub(super) fn forget_leases(&mut self) {
        self.blobs.values_mut().for_each(|blob| blob.lease.run_out());
    }

    /// Writes a blob, whatever is there; a lease that is held on it stays.
    pub(super) fn write(&mut self, name: &str, bytes: Bytes, content_type: &str) -> Version {
        self.versions += 1;
        let version = Version::new(self.versions);
        let created = version.modified.clone();
        let blob = self.blobs.entry(name.to_owned()).or_insert_with(|| Blob {
            bytes: Bytes::new(),
            content_type: String::new(),
            version: version.clone(),
            created,
            lease: Lease::default(),
        });
        blob.bytes = bytes;
        content_type.clone_into(&mut blob.content_type);
        blob.version = version.clone();
        blob.lease.written();
        self.staged.remove(name);
        version
    }

    /// A blob that is to be read.
    pub(super) fn get(&self, name: &str, conditions: &Conditions) -> Result<&Blob, Refusal> {
        let Some(blob) = self.blobs.get(name) else {
            return Err(conditions.check_absent().err().unwrap_or(Refusal::blob_not_found()));
        };
        if conditions.if_match.as_ref().is_some_and(|etag| !etag.is_of(blob)) {
            return Err(Refusal::condition_not_met());
        }
        match &conditions.if_none_match {
            Some(ETag::Any) => return Err(Refusal::new(400, "UnsatisfiableCondition")),
            Some(etag) if etag.is_of(blob) => return Err(Refusal::new(304, "ConditionNotMet")),
            Some(_) | None => {}
        }
        blob.lease.check_read(conditions.lease)?;
        Ok(blob)
    }

    /// A blob for a lease operation.
    pub(super) fn leased(&mut self, name: &str) -> Result<&mut Blob, Refusal> {
        self.blobs.get_mut(name).ok_or(Refusal::blob_not_found())
    }

    pub(super) fn put(
        &mut self,
        name: &str,
        bytes: Bytes,
        content_type: &str,
        conditions: &Conditions,
    ) -> Result<Version, Refusal> {
        self.check_put(name, conditions)?;
        Ok(self.write(name, bytes, content_type))
    }

    /// Keeps a block until it is made part of its blob.
    pub(super) fn put_block(
        &mut self,
        name: &str,
        id: &str,
        bytes: Bytes,
        conditions: &Conditions,
    ) -> Result<(), Refusal> {
        match self.blobs.get(name) {
            Some(blob) => blob.lease.check_write(conditions.lease)?,
            None => conditions.check_absent()?,
        }
        self.staged.entry(name.to_owned()).or_default().insert(id.to_owned(), bytes);
        Ok(())
    }

    /// Writes a blob of blocks that were put before.
    pub(super) fn put_block_list(
        &mut self,
        name: &str,
        ids: &[String],
        content_type: &str,
        conditions: &Conditions,
    ) -> Result<Version, Refusal> {
        self.check_put(name, conditions)?;
        let staged = self.staged.get(name);
        let mut bytes = Vec::new();
        for id in ids {
            let block = staged.and_then(|staged| staged.get(id)).ok_or(Refusal::new(400, "InvalidBlockList"))?;
            bytes.extend_from_slice(block);
        }
        Ok(self.write(name, bytes.into(), content_type))
    }

    pub(super) fn delete(&mut self, name: &str, conditions: &Conditions) -> Result<(), Refusal> {
        let Some(blob) = self.blobs.get(name) else {
            return Err(conditions.check_absent().err().unwrap_or(Refusal::blob_not_found()));
        };
        check_write(blob, conditions)?;
        self.remove(name);
        Ok(())
    }

    fn check_put(&self, name: &str, conditions: &Conditions) -> Result<(), Refusal> {
        match self.blobs.get(name) {
            Some(_) if conditions.if_none_match == Some(ETag::Any) => Err(Refusal::new(409, "BlobAlreadyExists")),
            Some(blob) => check_write(blob, conditions),
            None => conditions.check_absent(),
        }
    }
}

fn check_write(blob: &Blob, conditions: &Conditions) -> Result<(), Refusal> {
    if conditions.if_match.as_ref().is_some_and(|etag| !etag.is_of(blob))
        || conditions.if_none_match.as_ref().is_some_and(|etag| etag.is_of(blob))
    {
        return Err(Refusal::condition_not_met());
    }
    blob.lease.check_write(conditions.lease)
}
