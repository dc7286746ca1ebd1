//! What every answer carries, and what is not simulated.

use super::super::Storage;
use super::{Account, CONTAINER, answer, code};
use reqwest::Method;

#[tokio::test]
async fn every_answer_has_azures_headers() {
    let account = Account::new().await;
    let put = account.put("a").header("x-ms-version", "2026-04-06").header("x-ms-client-request-id", "mine");
    let missing = account.by_hand(Method::GET, "/b").header("x-ms-version", "2026-04-06");
    let mut ids = Vec::new();
    for request in [put, missing.header("x-ms-client-request-id", "mine")] {
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!((header("x-ms-version"), header("x-ms-client-request-id")), ("2026-04-06".into(), "mine".into()));
        assert!(header("date").ends_with(" GMT"));
        ids.push(header("x-ms-request-id"));
    }
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn a_refusal_has_its_code_in_header_and_body() {
    let account = Account::new().await;
    let refused = account.by_hand(Method::GET, "/a").send().await.unwrap();
    assert_eq!(refused.headers()["x-ms-error-code"], "BlobNotFound");
    assert_eq!(refused.headers()["content-type"], "application/xml");
    let body = refused.text().await.unwrap();
    assert!(body.starts_with("<?xml"), "{body}");
    assert!(body.contains("<Error><Code>BlobNotFound</Code><Message>The specified blob does not exist."), "{body}");
    let head = account.by_hand(Method::HEAD, "/a").send().await.unwrap();
    assert_eq!(head.headers()["x-ms-error-code"], "BlobNotFound");
    assert_eq!(head.text().await.unwrap(), "");
}

#[tokio::test]
async fn whoever_does_not_sign_is_refused_without_effect() {
    let account = Account::new().await;
    let url = account.storage.container_url(CONTAINER);
    let put = account.http.put(format!("{url}/a")).header("x-ms-blob-type", "BlockBlob").body("1");
    let refused = put.send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["x-ms-error-code"], "NoAuthenticationInformation");
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
    assert!(account.storage.names(CONTAINER).is_empty());
    assert_eq!(account.log(), [("put", "a".to_owned(), 401)]);
}

#[tokio::test]
async fn what_azure_requires_must_be_sent() {
    let account = Account::new().await;
    let put = account.by_hand(Method::PUT, "/a").body("1");
    assert_eq!(answer(put).await, code(400, "MissingRequiredHeader"), "the type of the blob");
    let lease = |action: &str| account.by_hand(Method::PUT, "/a?comp=lease").header("x-ms-lease-action", action);
    assert_eq!(answer(lease("acquire")).await, code(400, "MissingRequiredHeader"), "how long");
    assert_eq!(answer(lease("renew")).await, code(400, "MissingRequiredHeader"), "which");
    assert_eq!(answer(lease("steal")).await, code(400, "InvalidHeaderValue"));
    assert_eq!(answer(account.by_hand(Method::PUT, "/a?comp=block")).await, code(400, "MissingRequiredQueryParameter"));
}

#[tokio::test]
async fn what_is_not_simulated_is_a_violation() {
    let storage = Storage::start().await.unwrap();
    storage.write(CONTAINER, "a", "1");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = storage.container_url(CONTAINER);
    let ask = |method: Method, below: &str| {
        http.request(method, format!("{url}{below}")).header("authorization", "x").header("x-ms-blob-type", "BlockBlob")
    };
    let unknown = [
        ask(Method::PUT, "/a?comp=tags"),
        ask(Method::GET, "/a?snapshot=1"),
        ask(Method::DELETE, "?restype=container"),
        ask(Method::GET, "?restype=container&comp=list&delimiter=/"),
        ask(Method::GET, "/../other?comp=list"),
        ask(Method::PUT, "/a").header("x-ms-meta-key", "value"),
        ask(Method::PUT, "/a").header("if-unmodified-since", "Sun, 22 Nov 2026 10:00:00 GMT"),
        ask(Method::PUT, "/a").header("x-ms-tags", "a=b"),
        ask(Method::GET, "/a").header("range", "bytes=-5"),
        ask(Method::PUT, "/a?comp=lease").header("x-ms-lease-action", "break").header("if-match", "*"),
        http.put(format!("{url}/b")).header("authorization", "x").header("x-ms-blob-type", "PageBlob"),
        ask(Method::PUT, "/b?comp=blocklist").body("<BlockList><Committed>MQ==</Committed></BlockList>"),
    ];
    let count = unknown.len();
    for request in unknown {
        let shown = format!("{request:?}");
        assert_eq!(answer(request).await, code(501, "NotImplemented"), "{shown}");
    }
    assert_eq!(storage.violations().len(), count);
    assert_eq!(storage.read(CONTAINER, "a").unwrap(), b"1");
    assert!(storage.requests().is_empty());
}
