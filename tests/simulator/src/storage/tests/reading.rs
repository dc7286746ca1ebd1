//! What is read, whole and in parts.

use super::{Account, CONTAINER, answer, code, refusal};
use azure_core::http::Etag;
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders, HttpRange, LeaseState, LeaseStatus,
};
use reqwest::Method;
use std::num::NonZero;

#[tokio::test]
async fn a_blob_comes_with_its_version() {
    let account = Account::new().await;
    let etag = account.upload("a", "0123456789").await;
    let answer = account.blob("a").download(None).await.unwrap();
    let properties = answer.properties;
    assert_eq!(properties.etag, Some(etag.clone()));
    assert_eq!(properties.content_length, Some(10));
    assert_eq!(properties.content_type.as_deref(), Some("application/octet-stream"));
    assert_eq!(properties.lease_state, Some(LeaseState::Available));
    assert_eq!(properties.lease_status, Some(LeaseStatus::Unlocked));
    assert!(properties.last_modified.is_some() && properties.created_on.is_some());
    let properties = account.blob("a").get_properties(None).await.unwrap();
    assert_eq!(properties.etag().unwrap(), Some(etag));
    assert_eq!(properties.content_length().unwrap(), Some(10));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let account = Account::new().await;
    assert_eq!(refusal(account.content("a").await), code(404, "BlobNotFound"));
    assert_eq!(refusal(account.blob("a").get_properties(None).await), code(404, "BlobNotFound"));
    assert!(!account.blob("a").exists().await.unwrap());
}

#[tokio::test]
async fn a_large_blob_is_read_in_parts_of_the_same_version() {
    let account = Account::new().await;
    let content = "0123456789".repeat(100);
    account.upload("a", &content).await;
    let in_parts = BlobClientDownloadOptions { partition_size: NonZero::new(300), ..Default::default() };
    let answer = account.blob("a").download(Some(in_parts)).await.unwrap();
    assert_eq!(answer.body.collect().await.unwrap(), content.as_bytes());
    let gets = account.log().into_iter().filter(|(operation, ..)| *operation == "get");
    assert_eq!(gets.map(|(.., status)| status).collect::<Vec<_>>(), [206; 4]);
}

#[tokio::test]
async fn a_part_ends_where_the_blob_ends() {
    let account = Account::new().await;
    account.upload("a", "0123456789").await;
    let part = |range: HttpRange| {
        let blob = account.blob("a");
        async move {
            let options = BlobClientDownloadOptions { range: Some(range), ..Default::default() };
            Ok(blob.download(Some(options)).await?.body.collect().await?.to_vec())
        }
    };
    assert_eq!(part(HttpRange::new(2, 3)).await.unwrap(), b"234");
    assert_eq!(part(HttpRange::from_offset(8)).await.unwrap(), b"89");
    assert_eq!(part(HttpRange::new(8, 100)).await.unwrap(), b"89");
    assert_eq!(refusal(part(HttpRange::from_offset(10)).await), code(416, "InvalidRange"));

    let get = account.by_hand(Method::GET, "/a").header("range", "bytes=0-0").header("x-ms-range", "bytes=8-9");
    let answer = get.send().await.unwrap();
    assert_eq!(answer.headers()["content-range"], "bytes 8-9/10");
    assert_eq!(answer.text().await.unwrap(), "89", "Azure's own header comes first");
}

#[tokio::test]
async fn an_empty_blob_has_no_part_and_is_read_as_a_whole() {
    let account = Account::new().await;
    account.upload("a", "").await;
    let range = account.by_hand(Method::GET, "/a").header("range", "bytes=0-10").send().await.unwrap();
    assert_eq!((range.status().as_u16(), range.headers()["content-range"].to_str().unwrap()), (416, "bytes */0"));
    assert_eq!(account.content("a").await.unwrap(), b"");
    let statuses: Vec<_> = account.log().into_iter().map(|(.., status)| status).collect();
    assert_eq!(statuses, [201, 416, 416, 200], "the SDK asks for a part first");
}

#[tokio::test]
async fn reading_has_conditions_too() {
    let account = Account::new().await;
    let etag = account.upload("a", "1").await.to_string();
    let get = |name: &str, value: &str| account.by_hand(Method::GET, "/a").header(name, value);
    assert_eq!(answer(get("if-match", &etag)).await, code(200, ""));
    assert_eq!(answer(get("if-match", "\"0x0\"")).await, code(412, "ConditionNotMet"));
    assert_eq!(answer(get("if-none-match", &etag)).await, code(304, "ConditionNotMet"));
    assert_eq!(answer(get("if-none-match", "\"0x0\"")).await, code(200, ""));
    assert_eq!(answer(get("if-none-match", "*")).await, code(400, "UnsatisfiableCondition"));
}

#[tokio::test]
async fn a_blob_that_changes_while_it_is_read_in_parts_is_not_mixed() {
    let account = Account::new().await;
    account.upload("a", &"1".repeat(1000)).await;
    let storage = account.storage.clone();
    account.storage.on_step(move |step| {
        if step.stage == crate::steps::Stage::Done {
            storage.write(CONTAINER, "a", "2".repeat(1000));
        }
        crate::steps::Then::GoOn
    });
    let in_parts = BlobClientDownloadOptions { partition_size: NonZero::new(300), ..Default::default() };
    let answer = account.blob("a").download(Some(in_parts)).await.unwrap();
    assert_ne!(answer.properties.etag, None::<Etag>);
    assert_eq!(refusal(answer.body.collect().await), code(412, "ConditionNotMet"));
}
