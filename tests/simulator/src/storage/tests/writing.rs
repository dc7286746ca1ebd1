//! What is written, and under which conditions.

use super::{Account, CONTAINER, absent, answer, code, refusal, unchanged};
use azure_core::http::Etag;
use azure_storage_blob::models::{BlobClientDeleteOptions, BlobClientUploadOptions};
use reqwest::Method;
use std::num::NonZero;

#[tokio::test]
async fn what_is_written_is_read_whatever_its_name() {
    let account = Account::new().await;
    for name in ["a", "runs/2026/11/22.json", ".leases/a b", "é&<>\"'+%#?"] {
        account.upload(name, name).await;
        assert_eq!(account.content(name).await.unwrap(), name.as_bytes());
        assert_eq!(account.storage.read(CONTAINER, name).as_deref(), Some(name.as_bytes()));
    }
    assert_eq!(account.storage.read(CONTAINER, "b"), None);
    assert_eq!(account.storage.read("elsewhere", "a"), None);
}

#[tokio::test]
async fn a_blob_is_created_once() {
    let account = Account::new().await;
    account.upload_if("a", "first", absent()).await.unwrap();
    assert_eq!(refusal(account.upload_if("a", "second", absent()).await), code(409, "BlobAlreadyExists"));
    assert_eq!(account.content("a").await.unwrap(), b"first");
    account.blob("a").delete(None).await.unwrap();
    account.upload_if("a", "third", absent()).await.unwrap();
    assert_eq!(account.content("a").await.unwrap(), b"third");
}

#[tokio::test]
async fn of_many_who_create_the_same_blob_one_succeeds() {
    let account = Account::new().await;
    let uploads = (0..20).map(|number| {
        let account = &account;
        async move { account.upload_if("a", &number.to_string(), absent()).await.is_ok() }
    });
    let created = futures::future::join_all(uploads).await;
    assert_eq!(created.iter().filter(|created| **created).count(), 1);
}

#[tokio::test]
async fn a_blob_is_replaced_only_as_it_was_read() {
    let account = Account::new().await;
    let first = account.upload("a", "1").await;
    let second = account.upload_if("a", "2", unchanged(&first)).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(refusal(account.upload_if("a", "3", unchanged(&first)).await), code(412, "ConditionNotMet"));
    assert_eq!(refusal(account.upload_if("b", "1", unchanged(&first)).await), code(412, "ConditionNotMet"));
    assert_eq!(account.content("a").await.unwrap(), b"2");
    assert_eq!(account.storage.names(CONTAINER), ["a"]);
    let same = account.upload("a", "2").await;
    assert_ne!(second, same, "the same content is another version");
}

#[tokio::test]
async fn the_quotes_of_an_etag_may_be_left_out() {
    let account = Account::new().await;
    let etag = account.upload("a", "1").await.to_string();
    assert!(etag.starts_with("\"0x") && etag.ends_with('"'), "{etag}");
    assert_eq!(answer(account.put("a").header("if-match", etag.trim_matches('"'))).await, code(201, ""));
    assert_eq!(answer(account.put("a").header("if-match", "*")).await, code(201, ""));
    assert_eq!(answer(account.put("b").header("if-match", "*")).await, code(412, "ConditionNotMet"));
}

#[tokio::test]
async fn a_blob_is_deleted_only_as_it_was_read() {
    let account = Account::new().await;
    let read = account.upload("a", "1").await;
    let delete = |etag: &Etag| {
        let options = BlobClientDeleteOptions { if_match: Some(etag.clone()), ..Default::default() };
        let blob = account.blob("a");
        async move { blob.delete(Some(options)).await }
    };
    let now = account.upload("a", "2").await;
    assert_eq!(refusal(delete(&read).await), code(412, "ConditionNotMet"));
    delete(&now).await.unwrap();
    assert_eq!(refusal(delete(&now).await), code(412, "ConditionNotMet"));
    assert_eq!(refusal(account.blob("a").delete(None).await), code(404, "BlobNotFound"));
}

#[tokio::test]
async fn a_large_blob_comes_in_blocks_and_is_there_only_when_all_are() {
    let account = Account::new().await;
    let content: String = (0..1000).map(|number| format!("{number},")).collect();
    let in_blocks = || BlobClientUploadOptions { partition_size: NonZero::new(1000), ..absent() };
    account.upload_if("a", &content, in_blocks()).await.unwrap();
    assert_eq!(account.storage.read(CONTAINER, "a").as_deref(), Some(content.as_bytes()));
    let log = account.log();
    let blocks = log.iter().filter(|(operation, ..)| *operation == "put-block").count();
    assert_eq!((blocks, log.len()), (4, 5));
    assert_eq!(refusal(account.upload_if("a", &content, in_blocks()).await), code(409, "BlobAlreadyExists"));

    let staged = account.by_hand(Method::PUT, "/b?comp=block&blockid=MQ%3D%3D").body("1");
    assert_eq!(answer(staged).await, code(201, ""));
    assert_eq!(refusal(account.content("b").await), code(404, "BlobNotFound"));
    let commit = |id: &str| {
        let list = format!("<?xml version=\"1.0\"?><BlockList><Latest>{id}</Latest></BlockList>");
        account.by_hand(Method::PUT, "/b?comp=blocklist").body(list)
    };
    assert_eq!(answer(commit("Mg==")).await, code(400, "InvalidBlockList"));
    assert_eq!(answer(commit("MQ==")).await, code(201, ""));
    assert_eq!(account.content("b").await.unwrap(), b"1");
    assert_eq!(answer(commit("MQ==")).await, code(400, "InvalidBlockList"), "blocks are used once");
}

#[tokio::test]
async fn a_container_must_be_there_and_is_made_once() {
    let account = Account::without_container().await;
    let not_found = code(404, "ContainerNotFound");
    assert_eq!(refusal(account.upload_if("a", "", absent()).await), not_found);
    assert_eq!(refusal(account.content("a").await), not_found);
    assert_eq!(refusal(account.blob("a").delete(None).await), not_found);
    assert_eq!(refusal(account.blob("a").acquire_lease(60, None).await), not_found);
    account.container.create(None).await.unwrap();
    assert_eq!(refusal(account.container.create(None).await), code(409, "ContainerAlreadyExists"));
    account.upload("a", "").await;
    let elsewhere = account.storage.container_url("Not_A_Name");
    let create = account.http.put(elsewhere + "?restype=container").header("authorization", "x");
    assert_eq!(answer(create).await, code(400, "InvalidResourceName"));
}

#[tokio::test]
async fn a_test_writes_and_removes_behind_everybodys_back() {
    let account = Account::without_container().await;
    account.storage.write(CONTAINER, "a", "tampered");
    assert_eq!(account.content("a").await.unwrap(), b"tampered");
    let read = account.upload("a", "1").await;
    account.storage.write(CONTAINER, "a", "1");
    assert_eq!(refusal(account.upload_if("a", "2", unchanged(&read)).await), code(412, "ConditionNotMet"));
    account.storage.remove(CONTAINER, "a");
    assert_eq!(refusal(account.content("a").await), code(404, "BlobNotFound"));
    account.storage.create_container("another");
    assert!(account.storage.names("another").is_empty());
}
