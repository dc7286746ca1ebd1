//! The state in a container of Azure Blob Storage, by the official SDK.
//!
//! Responsible for: mapping the store's rules to conditional requests and leases, and Azure's errors to ours. Not
//! responsible for: making the container in Azure; the deployment does, so that a mistyped name is noticed. On this machine
//! (Azurite) it is made when missing.
//!
//! A lease needs a blob to lie on: an empty one below `.leases/`, where no document can be.

mod lease;
mod problem;

use super::shared_key::EmulatorKey;
use super::{Document, ETag, LEASE, Lease, StateError, Store, check_name};
use crate::clock::uptime;
use crate::graph::credential::Identity;
use async_trait::async_trait;
use azure_core::http::{
    ClientOptions, Etag, ExponentialRetryOptions, NoFormat, RequestContent, RetryOptions, StatusCode, Transport,
};
use azure_storage_blob::models::{
    BlobClientAcquireLeaseOptions, BlobClientDeleteOptions, BlobClientDownloadOptions, BlobClientUploadOptions,
    BlobContainerClientListBlobsOptions,
};
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobContainerClientOptions};
use futures::TryStreamExt;
use lease::BlobLease;
use problem::{Problem, ask};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

const LEASES: &str = ".leases/";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For one try of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_RETRIES: u32 = 3;
/// The same for reading.
const LARGEST_READ: NonZero<usize> = NonZero::new(256 * 1024 * 1024).expect("it is not zero");
/// Far more than any document; Azure takes 5,000 MiB at once.
const LARGEST_IN_ONE: NonZero<u64> = NonZero::new(256 * 1024 * 1024).expect("it is not zero");

/// Documents as blobs.
pub struct BlobStore {
    container: Url,
    access: Access,
    client: OnceCell<BlobContainerClient>,
}

#[derive(Debug)]
enum Access {
    Token(Identity),
    EmulatorKey,
}

impl BlobStore {
    /// The container of that address, reached by tokens of `identity`.
    pub fn in_azure(container: Url, identity: Identity) -> Self {
        Self { container, access: Access::Token(identity), client: OnceCell::new() }
    }

    /// The container of that address in the emulator on this machine.
    pub fn in_azurite(container: Url) -> Self {
        Self { container, access: Access::EmulatorKey, client: OnceCell::new() }
    }

    /// The client, made when first used: a process that needs no state sets up no TLS for it.
    async fn client(&self) -> Result<&BlobContainerClient, StateError> {
        self.client.get_or_try_init(|| self.connect()).await
    }

    async fn connect(&self) -> Result<BlobContainerClient, StateError> {
        let failed = |error: &dyn std::fmt::Display| StateError::Unavailable(error.to_string());
        let mut http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT);
        let mut options = ClientOptions {
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: MAX_RETRIES,
                ..Default::default()
            }),
            ..Default::default()
        };
        let credential = match &self.access {
            Access::Token(identity) => Some(identity.credential().map_err(|error| failed(&error))?),
            Access::EmulatorKey => {
                http = http.no_proxy();
                options.per_try_policies.push(Arc::new(EmulatorKey));
                None
            }
        };
        options.transport = Some(Transport::new(Arc::new(http.build().map_err(|error| failed(&error))?)));
        let options = BlobContainerClientOptions { client_options: options, ..Default::default() };
        let client = BlobContainerClient::new(self.container.clone(), credential, Some(options))
            .map_err(|error| failed(&error))?;
        Ok(client)
    }

    async fn blob(&self, name: &str) -> Result<BlobClient, StateError> {
        Ok(self.client().await?.blob_client(name))
    }

    /// Uploads in one request under a condition: several blocks would not be written at once. In the emulator a missing
    /// container is made.
    async fn upload(
        &self,
        name: &str,
        bytes: &[u8],
        condition: impl Fn() -> BlobClientUploadOptions<'static>,
    ) -> Result<ETag, Problem> {
        let condition = || BlobClientUploadOptions { partition_size: Some(LARGEST_IN_ONE), ..condition() };
        let blob = self.blob(name).await?;
        let content = || RequestContent::<_, NoFormat>::from(bytes.to_vec());
        let mut uploaded = ask(blob.upload(content(), Some(condition()))).await;
        if matches!(&uploaded, Err(problem) if problem.is("ContainerNotFound") && self.is_emulator()) {
            match ask(self.client().await?.create(None)).await {
                Err(problem) if !problem.is("ContainerAlreadyExists") => return Err(problem),
                _ => uploaded = ask(blob.upload(content(), Some(condition()))).await,
            }
        }
        let etag = uploaded?.etag.ok_or_else(|| StateError::Unavailable("the answer carries no ETag".to_owned()))?;
        Ok(ETag(etag.to_string()))
    }

    const fn is_emulator(&self) -> bool {
        matches!(self.access, Access::EmulatorKey)
    }

    /// What an upload's conflict means: somebody else's document, or our own from a try whose answer was lost.
    async fn settle(&self, name: &str, bytes: &[u8], conflict: StateError) -> Result<ETag, StateError> {
        match self.get(name).await? {
            Some(document) if document.bytes == bytes => Ok(document.etag),
            _ => Err(conflict),
        }
    }
}

#[async_trait]
impl Store for BlobStore {
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError> {
        check_name(name)?;
        let blob = self.blob(name).await?;
        let download = async {
            // In one piece: of several, a change in between would spoil the later ones.
            let whole = BlobClientDownloadOptions { partition_size: Some(LARGEST_READ), ..Default::default() };
            let answer = blob.download(Some(whole)).await?;
            let etag = answer.properties.etag.clone();
            Ok((answer.body.collect().await?, etag))
        };
        match ask(download).await {
            Ok((bytes, Some(etag))) => Ok(Some(Document { bytes: bytes.to_vec(), etag: ETag(etag.to_string()) })),
            Ok((_, None)) => Err(StateError::Unavailable("the answer carries no ETag".to_owned())),
            Err(problem) if problem.is("BlobNotFound") => Ok(None),
            Err(problem) if problem.is("ContainerNotFound") && self.is_emulator() => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError> {
        check_name(name)?;
        let absent = || BlobClientUploadOptions { if_none_match: Some(Etag::from("*")), ..Default::default() };
        match self.upload(name, &bytes, absent).await {
            // 409 where the blob is there; 412 where it appeared between two tries.
            Err(problem) if problem.has(StatusCode::Conflict) || problem.has(StatusCode::PreconditionFailed) => {
                self.settle(name, &bytes, StateError::Exists(name.to_owned())).await
            }
            other => other.map_err(StateError::from),
        }
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError> {
        check_name(name)?;
        let unchanged = || BlobClientUploadOptions { if_match: Some(Etag::from(read.0.clone())), ..Default::default() };
        match self.upload(name, &bytes, unchanged).await {
            Err(problem) if problem.has(StatusCode::PreconditionFailed) || problem.has(StatusCode::NotFound) => {
                self.settle(name, &bytes, StateError::Changed(name.to_owned())).await
            }
            other => other.map_err(StateError::from),
        }
    }

    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError> {
        check_name(name)?;
        let options = BlobClientDeleteOptions { if_match: Some(Etag::from(read.0.clone())), ..Default::default() };
        match ask(self.blob(name).await?.delete(Some(options))).await {
            Ok(_) => Ok(()),
            Err(problem) if problem.has(StatusCode::PreconditionFailed) || problem.has(StatusCode::NotFound) => {
                Err(StateError::Changed(name.to_owned()))
            }
            Err(problem) => Err(problem.into()),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        // An empty prefix would be signed and sent in two ways.
        let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
        let options = BlobContainerClientListBlobsOptions { prefix, ..Default::default() };
        let client = self.client().await?;
        let listing = async { client.list_blobs(Some(options))?.try_collect::<Vec<_>>().await };
        let blobs = match ask(listing).await {
            Err(problem) if problem.is("ContainerNotFound") && self.is_emulator() => return Ok(Vec::new()),
            other => other?,
        };
        let mut names: Vec<_> =
            blobs.into_iter().filter_map(|blob| blob.name).filter(|name| !name.starts_with('.')).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn Lease>>, StateError> {
        check_name(name)?;
        let name = format!("{LEASES}{name}");
        let blob = self.blob(&name).await?;
        let seconds = i32::try_from(LEASE.as_secs()).unwrap_or(60);
        // By an id of our own: a try that is repeated because its answer was lost finds its own lease and not another's.
        let id = uuid::Uuid::new_v4().to_string();
        let proposed =
            || Some(BlobClientAcquireLeaseOptions { proposed_lease_id: Some(id.clone()), ..Default::default() });
        let mut asked = uptime();
        let mut acquired = ask(blob.acquire_lease(seconds, proposed())).await;
        if matches!(&acquired, Err(problem) if problem.has(StatusCode::NotFound)) {
            let absent = || BlobClientUploadOptions { if_none_match: Some(Etag::from("*")), ..Default::default() };
            match self.upload(&name, &[], absent).await {
                Err(problem) if !problem.has(StatusCode::Conflict) && !problem.has(StatusCode::PreconditionFailed) => {
                    return Err(problem.into());
                }
                _ => {}
            }
            asked = uptime();
            acquired = ask(blob.acquire_lease(seconds, proposed())).await;
        }
        match acquired {
            Ok(_) => Ok(Some(Box::new(BlobLease::kept(blob, id, asked)))),
            Err(problem) if problem.has(StatusCode::Conflict) => Ok(None),
            Err(problem) => Err(problem.into()),
        }
    }
}
