//! `$filter` and `$count`.

use super::{Client, code};
use serde_json::{Value, json};

/// Percent-encodes what must be in a query.
fn encode(filter: &str) -> String {
    url::form_urlencoded::byte_serialize(filter.as_bytes()).collect()
}

fn mails(body: &Value) -> Vec<&str> {
    let mut mails: Vec<&str> =
        body["value"].as_array().unwrap().iter().map(|user| user["mail"].as_str().unwrap()).collect();
    mails.sort_unstable();
    mails
}

const ONE: &str = "person-0001@fabrikam.us";
const TWO: &str = "person-0002@fabrikam.us";
const THREE: &str = "person-0003@fabrikam.us";

/// Two synced people and a guest.
async fn population() -> Client {
    let client = Client::new().await;
    client.sync(2);
    assert_eq!(client.invite(THREE, json!({})).await.0, 201);
    client
}

#[tokio::test]
async fn plain_filters_find_whom_they_name() {
    let client = population().await;
    for (filter, expected) in [
        ("userType eq 'Guest'", vec![THREE]),
        ("externalUserState eq 'PendingAcceptance'", vec![THREE]),
        ("creationType eq 'Invitation'", vec![THREE]),
        ("mail eq 'PERSON-0001@fabrikam.us'", vec![ONE]),
        ("mail in ('person-0001@fabrikam.us', 'person-0002@fabrikam.us')", vec![ONE, TWO]),
        ("startsWith(mail,'person-')", vec![ONE, TWO, THREE]),
        ("startswith(mail,'person-') and userType eq 'Member' and accountEnabled eq true", vec![ONE, TWO]),
        ("userType eq 'Guest' or mail eq 'person-0002@fabrikam.us'", vec![TWO, THREE]),
        ("mail eq 'person-0001@fabrikam.us' or otherMails/any(o:o eq 'person-0003@fabrikam.us')", vec![ONE, THREE]),
        ("otherMails/any(o:o eq 'person-0003@fabrikam.us') and accountEnabled eq false", vec![]),
        ("proxyAddresses/any(p:p eq 'SMTP:person-0002@fabrikam.us')", vec![TWO]),
        ("proxyAddresses/any(p:startsWith(p,'smtp:person-0001'))", vec![ONE]),
        ("onPremisesSyncEnabled eq true", vec![ONE, TWO]),
        ("createdDateTime ge 2026-11-22T10:00:00Z", vec![ONE, TWO, THREE]),
        ("createdDateTime le 2026-11-22T09:59:59Z", vec![]),
        ("userPrincipalName eq 'person-0003_fabrikam.us#EXT#@contoso.onmicrosoft.com'", vec![THREE]),
        (
            "identities/any(i:i/issuerAssignedId eq 'person-0001@contoso.onmicrosoft.com' \
             and i/issuer eq 'contoso.onmicrosoft.com')",
            vec![ONE],
        ),
        ("mail eq 'o''hara@fabrikam.us'", vec![]),
    ] {
        let (status, body) = client.get(&format!("/users?$select=mail&$filter={}", encode(filter))).await;
        assert_eq!(status, 200, "{filter}: {body}");
        assert_eq!(mails(&body), expected, "{filter}");
    }
}

#[tokio::test]
async fn advanced_filters_need_header_and_count_together() {
    let client = population().await;
    for (filter, expected) in [
        ("userType ne 'Guest'", vec![ONE, TWO]),
        ("not(userType eq 'Guest')", vec![ONE, TWO]),
        ("not userType eq 'Guest'", vec![ONE, TWO]),
        ("endsWith(mail,'@fabrikam.us')", vec![ONE, TWO, THREE]),
        ("otherMails/any(o:endsWith(o,'@fabrikam.us'))", vec![THREE]),
        ("otherMails/$count eq 0", vec![ONE, TWO]),
        ("endsWith(userPrincipalName,'#EXT#@contoso.onmicrosoft.com')", vec![THREE]),
        ("externalUserState ne 'Accepted'", vec![ONE, TWO, THREE]),
        ("companyName eq null", vec![ONE, TWO, THREE]),
        ("onPremisesExtensionAttributes/extensionAttribute1 eq 'x'", vec![]),
    ] {
        let path = format!("/users?$select=mail&$filter={}", encode(filter));
        let counted = format!("{path}&$count=true");
        for (status, body) in [client.get(&path).await, client.get(&counted).await, client.get_advanced(&path).await] {
            assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"), "{filter}");
        }
        let (status, body) = client.get_advanced(&counted).await;
        assert_eq!(status, 200, "{filter}: {body}");
        assert_eq!(mails(&body), expected, "{filter}");
        assert_eq!(body["@odata.count"], expected.len(), "{filter}");
    }
}

#[tokio::test]
async fn some_filters_do_not_exist_at_all() {
    let client = population().await;
    for filter in [
        "externalUserStateChangeDateTime le 2026-11-22T10:00:00Z",
        "identities/any(i:i/issuerAssignedId eq 'x')",
        "createdDateTime gt 2026-11-22T10:00:00Z",
        "startsWith(userType,'G')",
        "mail in ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16')",
    ] {
        let path = format!("/users?$count=true&$filter={}", encode(filter));
        let (status, body) = client.get_advanced(&path).await;
        assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"), "{filter}");
    }
    for filter in [
        "nickname eq 'x'",
        "mail eq",
        "mail eq 'x",
        "(mail eq 'x'",
        "mail eq 'x' mail eq 'y'",
        "accountEnabled eq 'true'",
    ] {
        let (status, body) = client.get(&format!("/users?$filter={}", encode(filter))).await;
        assert_eq!((status, code(&body)), (400, "BadRequest"), "{filter}");
    }
}

#[tokio::test]
async fn a_bare_count_is_ignored_and_a_real_one_is_on_the_first_page_only() {
    let client = population().await;
    let (_, body) = client.get("/users?$count=true").await;
    assert_eq!(body.get("@odata.count"), None);
    let (_, body) = client.get_advanced("/users?$count=true&$top=2").await;
    assert_eq!(body["@odata.count"], 3);
    let next = body["@odata.nextLink"].as_str().unwrap().split_once("/v1.0").unwrap().1.to_owned();
    let (_, body) = client.get_advanced(&next).await;
    assert_eq!(body["value"].as_array().unwrap().len(), 1);
    assert_eq!(body.get("@odata.count"), None);
}

#[tokio::test]
async fn an_indexed_filter_pages_as_any_other() {
    let client = population().await;
    let filter = encode("mail in ('person-0001@fabrikam.us','person-0002@fabrikam.us')");
    let pages = client.pages(&format!("/users?$top=1&$select=mail&$filter={filter}")).await;
    assert_eq!(pages.len(), 2);
    assert!(client.tenant.exchanges().last().unwrap().query.contains("$skiptoken="));
}
