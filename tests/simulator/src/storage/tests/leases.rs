//! Leases, by the tables of "Lease Blob".

use super::{Account, CONTAINER, answer, code, refusal};
use azure_storage_blob::models::{
    BlobClientAcquireLeaseOptions, BlobClientAcquireLeaseResultHeaders, BlobClientBreakLeaseOptions,
    BlobClientDeleteOptions, BlobClientUploadOptions,
};
use reqwest::Method;

const ONE: &str = "11111111-1111-4111-8111-111111111111";
const TWO: &str = "22222222-2222-4222-8222-222222222222";

/// A blob `a`, and its lease.
struct Leased {
    account: Account,
}

impl Leased {
    async fn new() -> Self {
        let account = Account::new().await;
        account.upload("a", "1").await;
        Self { account }
    }

    async fn acquire(&self, id: &str) -> azure_core::Result<String> {
        self.acquire_for(60, id).await
    }

    async fn acquire_for(&self, seconds: i32, id: &str) -> azure_core::Result<String> {
        let options = BlobClientAcquireLeaseOptions { proposed_lease_id: Some(id.to_owned()), ..Default::default() };
        let answer = self.account.blob("a").acquire_lease(seconds, Some(options)).await?;
        Ok(answer.lease_id()?.expect("the id of the lease"))
    }

    async fn renew(&self, id: &str) -> azure_core::Result<()> {
        self.account.blob("a").renew_lease(id.to_owned(), None).await.map(|_| ())
    }

    async fn release(&self, id: &str) -> azure_core::Result<()> {
        self.account.blob("a").release_lease(id.to_owned(), None).await.map(|_| ())
    }

    async fn change(&self, id: &str, to: &str) -> azure_core::Result<()> {
        self.account.blob("a").change_lease(id.to_owned(), to.to_owned(), None).await.map(|_| ())
    }

    async fn break_off(&self, period: Option<i32>) -> azure_core::Result<String> {
        let options = BlobClientBreakLeaseOptions { break_period: period, ..Default::default() };
        let answer = self.account.blob("a").break_lease(Some(options)).await?;
        let seconds = answer.headers().get_str(&"x-ms-lease-time".into()).map(str::to_owned);
        Ok(seconds.expect("how long it still lasts"))
    }

    async fn write(&self, id: Option<&str>) -> azure_core::Result<()> {
        let options = BlobClientUploadOptions { lease_id: id.map(str::to_owned), ..Default::default() };
        self.account.upload_if("a", "2", options).await.map(|_| ())
    }

    async fn delete(&self, id: Option<&str>) -> azure_core::Result<()> {
        let options = BlobClientDeleteOptions { lease_id: id.map(str::to_owned), ..Default::default() };
        self.account.blob("a").delete(Some(options)).await.map(|_| ())
    }

    async fn state(&self) -> String {
        let head = self.account.by_hand(Method::HEAD, "/a").send().await.unwrap();
        let text = |name: &str| head.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        format!("{} {} {}", text("x-ms-lease-state"), text("x-ms-lease-status"), text("x-ms-lease-duration"))
    }
}

#[tokio::test]
async fn one_holds_a_lease_and_may_take_it_again() {
    let leased = Leased::new().await;
    assert_eq!(leased.state().await, "available unlocked ");
    assert_eq!(leased.acquire(ONE).await.unwrap(), ONE);
    assert_eq!(leased.state().await, "leased locked fixed");
    assert_eq!(leased.acquire(ONE).await.unwrap(), ONE, "whose first answer was lost finds its own lease");
    assert_eq!(refusal(leased.acquire(TWO).await), code(409, "LeaseAlreadyPresent"));
    assert_eq!(refusal(leased.account.blob("a").acquire_lease(60, None).await), code(409, "LeaseAlreadyPresent"));
    leased.renew(ONE).await.unwrap();
    leased.release(ONE).await.unwrap();
    assert_eq!(leased.acquire(TWO).await.unwrap(), TWO);
}

#[tokio::test]
async fn of_many_who_want_a_lease_one_gets_it() {
    let leased = Leased::new().await;
    let blob = leased.account.blob("a");
    let tries = (0..20).map(|_| async { blob.acquire_lease(60, None).await.is_ok() });
    let got = futures::future::join_all(tries).await;
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

#[tokio::test]
async fn a_lease_is_renewed_and_released_by_whoever_holds_it() {
    let leased = Leased::new().await;
    let mismatch = code(409, "LeaseIdMismatchWithLeaseOperation");
    assert_eq!(refusal(leased.renew(ONE).await), mismatch);
    assert_eq!(refusal(leased.release(ONE).await), mismatch);
    leased.acquire(ONE).await.unwrap();
    assert_eq!(refusal(leased.renew(TWO).await), mismatch);
    assert_eq!(refusal(leased.release(TWO).await), mismatch);
    leased.release(ONE).await.unwrap();
    assert_eq!(refusal(leased.renew(ONE).await), mismatch);
}

#[tokio::test]
async fn a_lease_that_ran_out_is_renewed_until_somebody_else_takes_it() {
    let leased = Leased::new().await;
    leased.acquire(ONE).await.unwrap();
    leased.account.storage.forget_leases();
    assert_eq!(leased.state().await, "expired unlocked ");
    leased.renew(ONE).await.unwrap();
    assert_eq!(refusal(leased.acquire(TWO).await), code(409, "LeaseAlreadyPresent"));
    leased.account.storage.forget_leases();
    leased.acquire(TWO).await.unwrap();
    assert_eq!(refusal(leased.renew(ONE).await), code(409, "LeaseIdMismatchWithLeaseOperation"));
    assert_eq!(refusal(leased.release(ONE).await), code(409, "LeaseIdMismatchWithLeaseOperation"));
    leased.account.storage.forget_leases();
    leased.release(TWO).await.unwrap();
}

#[tokio::test]
async fn a_lease_that_ran_out_is_not_renewed_when_the_blob_was_written_since() {
    let leased = Leased::new().await;
    leased.acquire(ONE).await.unwrap();
    leased.account.storage.forget_leases();
    leased.write(None).await.unwrap();
    assert_eq!(refusal(leased.renew(ONE).await), code(409, "LeaseIdMismatchWithLeaseOperation"));
}

#[tokio::test]
async fn a_leased_blob_is_changed_by_whoever_holds_the_lease() {
    let leased = Leased::new().await;
    leased.acquire(ONE).await.unwrap();
    assert_eq!(refusal(leased.write(None).await), code(412, "LeaseIdMissing"));
    assert_eq!(refusal(leased.write(Some(TWO)).await), code(412, "LeaseIdMismatchWithBlobOperation"));
    assert_eq!(refusal(leased.delete(None).await), code(412, "LeaseIdMissing"));
    leased.write(Some(ONE)).await.unwrap();
    assert_eq!(leased.state().await, "leased locked fixed", "writing keeps the lease");
    assert_eq!(leased.account.content("a").await.unwrap(), b"2", "everybody may read");
    leased.account.storage.forget_leases();
    assert_eq!(refusal(leased.write(Some(ONE)).await), code(412, "LeaseNotPresentWithBlobOperation"));
    assert_eq!(refusal(leased.delete(Some(ONE)).await), code(412, "LeaseNotPresentWithBlobOperation"));
    leased.delete(None).await.unwrap();
    assert_eq!(refusal(leased.acquire(ONE).await), code(404, "BlobNotFound"));
}

#[tokio::test]
async fn whoever_reads_by_a_lease_must_hold_it() {
    let leased = Leased::new().await;
    let get = |id: &str| leased.account.by_hand(Method::GET, "/a").header("x-ms-lease-id", id);
    assert_eq!(answer(get(ONE)).await, code(412, "LeaseNotPresentWithBlobOperation"));
    leased.acquire(ONE).await.unwrap();
    assert_eq!(answer(get(ONE)).await, code(200, ""));
    assert_eq!(answer(get(TWO)).await, code(412, "LeaseIdMismatchWithBlobOperation"));
}

#[tokio::test]
async fn a_lease_operation_is_no_new_version() {
    let leased = Leased::new().await;
    let etag = leased.account.upload("a", "1").await;
    leased.acquire(ONE).await.unwrap();
    leased.renew(ONE).await.unwrap();
    leased.release(ONE).await.unwrap();
    let now = leased.account.blob("a").download(None).await.unwrap().properties.etag;
    assert_eq!(now, Some(etag));
}

#[tokio::test]
async fn a_lease_lasts_15_to_60_seconds_or_for_ever() {
    let leased = Leased::new().await;
    for seconds in [0, 14, 61, -2] {
        assert_eq!(refusal(leased.acquire_for(seconds, ONE).await), code(400, "InvalidHeaderValue"), "{seconds}");
    }
    assert_eq!(refusal(leased.acquire("not-an-id").await), code(400, "InvalidHeaderValue"));
    for seconds in [15, 60, -1] {
        leased.acquire_for(seconds, ONE).await.unwrap();
    }
    assert_eq!(leased.state().await, "leased locked infinite");
    leased.account.storage.forget_leases();
    leased.acquire(TWO).await.unwrap();
}

#[tokio::test]
async fn a_lease_gets_another_id_once() {
    let leased = Leased::new().await;
    assert_eq!(refusal(leased.change(ONE, TWO).await), code(409, "LeaseNotPresentWithLeaseOperation"));
    leased.acquire(ONE).await.unwrap();
    leased.change(ONE, TWO).await.unwrap();
    leased.change(ONE, TWO).await.unwrap();
    assert_eq!(refusal(leased.renew(ONE).await), code(409, "LeaseIdMismatchWithLeaseOperation"));
    assert_eq!(refusal(leased.change(ONE, ONE).await), code(409, "LeaseIdMismatchWithLeaseOperation"));
    leased.renew(TWO).await.unwrap();
}

#[tokio::test]
async fn a_lease_is_broken_by_anybody() {
    let leased = Leased::new().await;
    assert_eq!(refusal(leased.break_off(None).await), code(409, "LeaseNotPresentWithLeaseOperation"));
    leased.acquire(ONE).await.unwrap();
    assert_eq!(leased.break_off(Some(30)).await.unwrap(), "30");
    assert_eq!(leased.state().await, "breaking locked ");
    assert_eq!(refusal(leased.acquire(TWO).await), code(409, "LeaseAlreadyPresent"));
    assert_eq!(refusal(leased.acquire(ONE).await), code(409, "LeaseIsBreakingAndCannotBeAcquired"));
    assert_eq!(refusal(leased.renew(ONE).await), code(409, "LeaseIsBrokenAndCannotBeRenewed"));
    assert_eq!(refusal(leased.change(ONE, TWO).await), code(409, "LeaseIsBreakingAndCannotBeChanged"));
    leased.write(Some(ONE)).await.unwrap();
    assert_eq!(leased.break_off(Some(0)).await.unwrap(), "0");
    assert_eq!(leased.state().await, "broken unlocked ");
    assert_eq!(refusal(leased.renew(ONE).await), code(409, "LeaseIsBrokenAndCannotBeRenewed"));
    leased.acquire(TWO).await.unwrap();
    assert_eq!(refusal(leased.break_off(Some(61)).await), code(400, "InvalidHeaderValue"));
    leased.acquire_for(-1, TWO).await.unwrap();
    assert_eq!(leased.break_off(None).await.unwrap(), "0", "what has no end ends at once");
}

#[tokio::test]
async fn a_lease_lies_on_a_blob_that_is_there() {
    let leased = Leased::new().await;
    leased.account.storage.remove(CONTAINER, "a");
    assert_eq!(refusal(leased.acquire(ONE).await), code(404, "BlobNotFound"));
    assert_eq!(refusal(leased.renew(ONE).await), code(404, "BlobNotFound"));
    assert_eq!(refusal(leased.write(Some(ONE)).await), code(412, "LeaseNotPresentWithBlobOperation"));
}
