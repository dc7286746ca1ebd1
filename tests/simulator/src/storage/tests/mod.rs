//! Drives the stand-in as its clients do: by the official SDK, and by hand where the SDK would not ask so.

mod leases;
mod lists;
mod protocol;
mod reading;
mod steps;
mod writing;

use super::Storage;
use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Body, ClientOptions, Context, Etag, Request, RetryOptions, Transport};
use azure_storage_blob::models::BlobClientUploadOptions;
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobContainerClientOptions};
use reqwest::{Method, RequestBuilder};
use std::sync::Arc;

const CONTAINER: &str = "usher";

/// Puts something where a signature would be: the SDK signs in over https alone.
#[derive(Debug)]
struct AsIfSigned;

#[async_trait]
impl Policy for AsIfSigned {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.insert_header("authorization", "SharedKey devstoreaccount1:x");
        next[0].send(context, request, &next[1..]).await
    }
}

/// An account with one container, and two ways to ask it. When it is dropped, whatever it did not know fails the test.
struct Account {
    storage: Storage,
    container: BlobContainerClient,
    http: reqwest::Client,
}

impl Account {
    async fn new() -> Self {
        let account = Self::without_container().await;
        account.container.create(None).await.unwrap();
        account
    }

    async fn without_container() -> Self {
        let storage = Storage::start().await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let options = BlobContainerClientOptions {
            client_options: ClientOptions {
                per_try_policies: vec![Arc::new(AsIfSigned)],
                retry: RetryOptions::none(),
                transport: Some(Transport::new(Arc::new(http.clone()))),
                ..Default::default()
            },
            ..Default::default()
        };
        let url = storage.container_url(CONTAINER).parse().unwrap();
        let container = BlobContainerClient::new(url, None, Some(options)).unwrap();
        Self { storage, container, http }
    }

    fn blob(&self, name: &str) -> BlobClient {
        self.container.blob_client(name)
    }

    /// Uploads, whatever is there.
    async fn upload(&self, name: &str, content: &str) -> Etag {
        self.upload_if(name, content, BlobClientUploadOptions::default()).await.unwrap()
    }

    async fn upload_if(
        &self,
        name: &str,
        content: &str,
        options: BlobClientUploadOptions<'_>,
    ) -> azure_core::Result<Etag> {
        let uploaded = self.blob(name).upload(Body::from(content.as_bytes().to_vec()).into(), Some(options)).await?;
        Ok(uploaded.etag.expect("an upload is answered with an ETag"))
    }

    async fn content(&self, name: &str) -> azure_core::Result<Vec<u8>> {
        Ok(self.blob(name).download(None).await?.body.collect().await?.to_vec())
    }

    /// A request by hand to the container and what comes after it.
    fn by_hand(&self, method: Method, below: &str) -> RequestBuilder {
        let url = format!("{}{below}", self.storage.container_url(CONTAINER));
        self.http.request(method, url).header("authorization", "SharedKey devstoreaccount1:x")
    }

    /// `Put Blob` by hand.
    fn put(&self, name: &str) -> RequestBuilder {
        self.by_hand(Method::PUT, &format!("/{name}")).header("x-ms-blob-type", "BlockBlob").body("content")
    }

    /// The requests so far, those to the container itself left out.
    fn log(&self) -> Vec<(&'static str, String, u16)> {
        let requests = self.storage.requests().into_iter().filter(|request| !request.blob.is_empty());
        requests.map(|request| (request.operation, request.blob, request.status)).collect()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.storage.violations(), Vec::<String>::new());
        }
    }
}

fn absent() -> BlobClientUploadOptions<'static> {
    BlobClientUploadOptions { if_none_match: Some(Etag::from("*")), ..Default::default() }
}

fn unchanged(since: &Etag) -> BlobClientUploadOptions<'static> {
    BlobClientUploadOptions { if_match: Some(since.clone()), ..Default::default() }
}

/// Status and code of a refusal, as the SDK reports them.
fn refusal<T>(result: azure_core::Result<T>) -> (u16, String) {
    let Err(error) = result else { panic!("that was to be refused") };
    match error.kind() {
        ErrorKind::HttpResponse { status, error_code, .. } => {
            (u16::from(*status), error_code.clone().unwrap_or_default())
        }
        other => panic!("not an answer: {other:?}: {error}"),
    }
}

fn code(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// Status and code of what is asked by hand; no code for a success.
async fn answer(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let code = response.headers().get("x-ms-error-code").map(|code| code.to_str().unwrap().to_owned());
    (response.status().as_u16(), code.unwrap_or_default())
}
