//! Tenants that know each other, and the one port for all of them.

use super::{Client, answer, code};
use crate::cloud::Cloud;
use crate::tenant::{Front, Site, TenantOptions};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Method};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use uuid::Uuid;

const HOME: Uuid = Uuid::from_u128(0x10);

impl Client {
    /// Two tenants of a site, the second of them Fabrikam's; both in the cloud.
    pub(super) async fn neighbours(cloud: Cloud) -> (Site, Self, Self) {
        let site = Site::default();
        let here = Self::in_site(&site, |options| options.cloud = cloud).await;
        let clock = here.tenant.with_directory(|directory| directory.clock().clone());
        let there = Self::in_site(&site, |options| {
            *options = TenantOptions { id: HOME, cloud, clock, ..options.clone() };
            options.display_name = "Fabrikam".into();
            options.initial_domain = "fabrikam.onmicrosoft.com".into();
            options.verified_domains = vec!["fabrikam.com".into()];
        })
        .await;
        (site, here, there)
    }

    /// A request through the front.
    async fn through(&self, front: &Front, path: &str) -> (u16, serde_json::Value) {
        let url = format!("{}/v1.0{path}", front.graph_root());
        answer(self.http.request(Method::GET, url).bearer_auth(&self.token)).await
    }
}

#[tokio::test]
async fn one_port_serves_each_tenant_by_its_token() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::China] {
        let (site, here, there) = Client::neighbours(cloud).await;
        let front = site.front().await.unwrap();
        for (client, name) in [(&here, "Contoso"), (&there, "Fabrikam")] {
            let (status, body) = client.through(&front, "/organization?$select=displayName").await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body["value"][0]["displayName"], name);
        }
        assert!(front.strays().is_empty());
    }
}

#[tokio::test]
async fn links_lead_back_the_way_the_request_came() {
    let (site, here, _there) = Client::neighbours(Cloud::Global).await;
    let front = site.front().await.unwrap();
    here.sync(3);
    let (_, body) = here.through(&front, "/users?$top=1").await;
    assert!(body["@odata.nextLink"].as_str().unwrap().starts_with(front.graph_root()));
    let (_, body) = here.get("/users?$top=1").await;
    assert!(body["@odata.nextLink"].as_str().unwrap().starts_with(here.tenant.graph_root()));
}

#[tokio::test]
async fn a_front_with_a_certificate_speaks_https_and_its_links_lead_back_by_it() {
    let (site, mut here, _there) = Client::neighbours(Cloud::Global).await;
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let front = site.secure_front(cert.der(), &signing_key.serialize_der()).await.unwrap();
    assert!(front.graph_root().starts_with("https://"));
    here.sync(3);
    let url = format!("{}/v1.0/users", front.graph_root());
    assert!(here.http.get(&url).send().await.is_err(), "nobody trusts the certificate");
    let trusted = Certificate::from_der(cert.der()).unwrap();
    here.http = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let (_, body) = here.through(&front, "/users?$top=1").await;
    assert!(body["@odata.nextLink"].as_str().unwrap().starts_with(front.graph_root()), "{body}");
}

#[tokio::test]
async fn whoever_speaks_no_tls_keeps_nobody_else_waiting() {
    let (site, _here, _there) = Client::neighbours(Cloud::Global).await;
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let front = site.secure_front(cert.der(), &signing_key.serialize_der()).await.unwrap();
    let address = front.graph_root().strip_prefix("https://").unwrap();
    let patient = TcpStream::connect(address).await.unwrap();
    let mut stranger = TcpStream::connect(address).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    // When the stranger is refused, both were accepted.
    stranger.read_to_end(&mut Vec::new()).await.ok();
    let mut trusted = RootCertStore::empty();
    trusted.add(cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let agreed = TlsConnector::from(Arc::new(config)).connect("127.0.0.1".try_into().unwrap(), patient);
    timeout(Duration::from_secs(30), agreed).await.expect("it is attended to").unwrap();
}

#[tokio::test]
async fn who_names_no_tenant_is_refused_and_remembered() {
    let (site, here, _there) = Client::neighbours(Cloud::Global).await;
    let front = site.front().await.unwrap();
    let url = format!("{}/v1.0/users", front.graph_root());
    let (status, body) = answer(here.http.get(&url)).await;
    assert_eq!((status, code(&body)), (401, "InvalidAuthenticationToken"));
    let stranger = Client::with(|options| options.id = Uuid::from_u128(0x99)).await;
    let (status, _) = answer(here.http.get(&url).bearer_auth(&stranger.token)).await;
    assert_eq!(status, 401);
    let login = format!("{}/{}/oauth2/v2.0/token", front.login_root(), Uuid::nil());
    assert_eq!(answer(here.http.post(login)).await.0, 404);
    assert_eq!(front.strays().len(), 3);
}

#[tokio::test]
async fn the_path_of_a_sign_in_names_the_tenant() {
    let (site, _here, there) = Client::neighbours(Cloud::Global).await;
    let front = site.front().await.unwrap();
    let path = format!("{}/{HOME}/anything", front.login_root());
    let response = there.http.get(path).send().await.unwrap();
    assert_eq!(response.status(), 501);
    assert_eq!(there.tenant.violations().len(), 1);
}

#[tokio::test]
async fn a_site_has_each_tenant_once() {
    let (site, here, _there) = Client::neighbours(Cloud::Global).await;
    let options = here.tenant.with_directory(|directory| directory.options.clone());
    assert!(site.start(options).await.is_err());
}
