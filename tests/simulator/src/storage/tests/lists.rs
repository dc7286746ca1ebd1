//! Lists of blobs.

use super::{Account, CONTAINER, answer, code, refusal};
use azure_storage_blob::models::BlobContainerClientListBlobsOptions;
use futures::TryStreamExt;
use reqwest::Method;

async fn names(account: &Account, prefix: Option<&str>) -> azure_core::Result<Vec<String>> {
    let options = BlobContainerClientListBlobsOptions { prefix: prefix.map(str::to_owned), ..Default::default() };
    let blobs: Vec<_> = account.container.list_blobs(Some(options))?.try_collect().await?;
    Ok(blobs.into_iter().filter_map(|blob| blob.name).collect())
}

#[tokio::test]
async fn a_list_has_every_blob_once_by_name_over_pages() {
    let account = Account::new().await;
    assert!(names(&account, None).await.unwrap().is_empty());
    let mut written: Vec<String> = (0..25).map(|number| format!("runs/{number}")).collect();
    written.extend(["a".to_owned(), "z".to_owned()]);
    for name in &written {
        account.storage.write(CONTAINER, name, "");
    }
    written.sort();
    for page_size in [1, 5, 7, 27, 1000] {
        account.storage.limit_pages(page_size);
        let before = account.storage.requests().len();
        assert_eq!(names(&account, None).await.unwrap(), written);
        let pages = account.storage.requests().len() - before;
        assert_eq!(pages, written.len().div_ceil(page_size), "no page is left out, and none is empty");
    }
    account.storage.limit_pages(10);
    assert_eq!(names(&account, Some("runs/1")).await.unwrap().len(), 11);
    assert_eq!(names(&account, Some("runs/")).await.unwrap(), &written[1..26]);
    assert!(names(&account, Some("s")).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_arrive_as_they_were_written() {
    let account = Account::new().await;
    let written = ["&amp;", "<Name>", "a b/c", "é \"'"];
    for name in written {
        account.upload(name, "").await;
    }
    assert_eq!(names(&account, None).await.unwrap(), written);
    assert_eq!(names(&account, Some("<")).await.unwrap(), ["<Name>"]);
}

#[tokio::test]
async fn a_listed_blob_has_its_properties() {
    let account = Account::new().await;
    let etag = account.upload("a", "0123456789").await.to_string();
    let blobs: Vec<_> = account.container.list_blobs(None).unwrap().try_collect().await.unwrap();
    let properties = blobs[0].properties.clone().unwrap();
    assert_eq!(properties.content_length, Some(10));
    assert_eq!(properties.etag.unwrap().to_string(), etag.trim_matches('"'), "in a list it has no quotes");
    assert!(properties.last_modified.is_some());
}

#[tokio::test]
async fn a_page_is_no_longer_than_asked_for() {
    let account = Account::new().await;
    for name in ["a", "b", "c"] {
        account.storage.write(CONTAINER, name, "");
    }
    let list = |query: &str| account.by_hand(Method::GET, &format!("?restype=container&comp=list&{query}"));
    let page = list("maxresults=2").send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("<Blob>").count(), 2);
    assert!(page.contains("<MaxResults>2</MaxResults>"), "{page}");
    assert_eq!(answer(list("maxresults=0")).await, code(400, "OutOfRangeQueryParameterValue"));
    assert_eq!(answer(list("maxresults=x")).await, code(400, "InvalidQueryParameterValue"));
    assert_eq!(answer(list("marker=x")).await, code(400, "InvalidQueryParameterValue"));
}

#[tokio::test]
async fn a_list_of_a_container_that_is_not_there_is_refused() {
    let account = Account::without_container().await;
    assert_eq!(refusal(names(&account, None).await), code(404, "ContainerNotFound"));
}
