//! Applications sign in with a certificate.

use super::Client;
use super::sign_in::operators_tool;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine;
use base64::engine::GeneralPurpose;
use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const PERMISSIONS: &[&str] = &["AuditLog.Read.All", "Directory.Read.All", "Policy.ReadWrite.CrossTenantAccess"];
const DEFAULT: &str = "https://graph.microsoft.com/.default";

/// An application with a certificate, and what it would sign now.
struct Application {
    client: Client,
    key: KeyPair,
    header: Value,
    claims: Value,
}

impl Application {
    async fn new() -> Self {
        let client = Client::new().await;
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let certificate = certificate(public.as_ref());
        let (tenant, now) = client.tenant.with_directory(|directory| {
            directory.register_certificate_client(operators_tool(), &certificate, PERMISSIONS).unwrap();
            (directory.tenant_id(), directory.now().as_second())
        });
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", client.tenant.login_root());
        let id = operators_tool();
        let claims = json!({"aud": audience, "iss": id, "sub": id, "jti": "1", "nbf": now, "exp": now + 600});
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate));
        Self { client, key, header: json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}), claims }
    }

    async fn sign_in(&self) -> (u16, Value) {
        self.sign_in_encoded(&BASE64_URL_SAFE_NO_PAD).await
    }

    /// The same with a JWT in an encoding of its own.
    async fn sign_in_encoded(&self, encoding: &GeneralPurpose) -> (u16, Value) {
        let encode = |value: &Value| encoding.encode(value.to_string());
        let signed = format!("{}.{}", encode(&self.header), encode(&self.claims));
        let padding: &dyn RsaEncoding = if self.header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        let assertion = format!("{signed}.{}", encoding.encode(signature));
        self.ask(&[("scope", DEFAULT), ("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion)]).await
    }

    async fn ask(&self, more: &[(&str, &str)]) -> (u16, Value) {
        let id = operators_tool().to_string();
        let mut form = vec![("grant_type", "client_credentials"), ("client_id", &id)];
        form.extend_from_slice(more);
        self.client.sign_in_form("token", &form).await
    }
}

/// As much of a certificate as matters, around a public key.
fn certificate(public_key: &[u8]) -> Vec<u8> {
    let element = |tag: u8, inside: &[u8]| {
        let length = u16::try_from(inside.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], length.as_slice(), inside].concat()
    };
    let empty = element(0x30, &[]);
    let version = element(0xa0, &[2, 1, 2]);
    let rest = [[2, 1, 1].as_slice(), &empty, &empty, &empty, &empty, public_key].concat();
    let inside = element(0x30, &[version, rest].concat());
    element(0x30, &[inside, empty.clone(), vec![3, 1, 0]].concat())
}

#[tokio::test]
async fn an_application_proves_itself_by_its_certificate_and_needs_no_directory_role() {
    let mut application = Application::new().await;
    for algorithm in ["PS256", "RS256"] {
        application.header["alg"] = json!(algorithm);
        let (status, body) = application.sign_in().await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["token_type"], "Bearer");
        body["access_token"].as_str().unwrap().clone_into(&mut application.client.token);
        let path = "/policies/crossTenantAccessPolicy/default";
        let change = json!({"inboundTrust": {"isMfaAccepted": true}});
        assert_eq!(application.client.change_settings(path, change).await.0, 204);
        assert_eq!(application.client.get("/subscribedSkus").await.0, 200);
        assert_eq!(application.client.get("/policies/authorizationPolicy").await.0, 403, "what was not granted");
        let (_, log) = application.client.get("/auditLogs/directoryAudits?$top=1").await;
        assert_eq!(log["value"][0]["initiatedBy"]["app"]["appId"], json!(operators_tool()));
    }
}

#[tokio::test]
async fn an_assertion_may_be_padded_as_microsofts_library_for_python_writes_it() {
    let mut application = Application::new().await;
    let thumbprint = application.header["x5t#S256"].as_str().unwrap();
    application.header["x5t#S256"] = json!(format!("{thumbprint}="));
    let (status, body) = application.sign_in_encoded(&BASE64_URL_SAFE).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn an_assertion_that_is_not_right_is_refused() {
    for (part, name, value, number) in [
        ("header", "x5t#S256", json!("another"), 700_027),
        ("header", "alg", json!("none"), 700_027),
        ("claims", "aud", json!("https://login.microsoftonline.com/token"), 700_023),
        ("claims", "iss", json!("somebody"), 700_021),
        ("claims", "exp", json!(1_000_000), 700_024),
    ] {
        let mut application = Application::new().await;
        let changed = if part == "header" { &mut application.header } else { &mut application.claims };
        changed[name] = value;
        let (status, body) = application.sign_in().await;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{name}");
        assert_eq!(body["error_codes"], json!([number]), "{name}");
    }
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let mut application = Application::new().await;
    application.key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    assert_eq!(application.sign_in().await.1["error_codes"], json!([700_027]));
}

#[tokio::test]
async fn an_application_asks_for_all_that_was_granted_and_for_no_person() {
    let application = Application::new().await;
    let single = [("scope", "https://graph.microsoft.com/Policy.Read.All")];
    assert_eq!(application.ask(&single).await.1["error"], "invalid_scope");
    let (status, body) = application.ask(&[("scope", DEFAULT)]).await;
    assert_eq!((status, &body["error_codes"]), (401, &json!([7_000_218])), "no assertion");
    let unreadable = [("scope", DEFAULT), ("client_assertion_type", JWT_BEARER), ("client_assertion", "a.b")];
    assert_eq!(application.ask(&unreadable).await.1["error_codes"], json!([50027]));
    let id = operators_tool().to_string();
    let code = [("grant_type", "device_code"), ("client_id", id.as_str()), ("device_code", "x")];
    assert_eq!(application.client.sign_in_form("token", &code).await.1["error"], "invalid_client");
}

#[tokio::test]
async fn what_is_no_certificate_cannot_be_registered() {
    let client = Client::new().await;
    client.tenant.with_directory(|directory| {
        for bytes in [b"".as_slice(), b"\x30\x00", b"\x30\x84\xff", b"\x30\x82\x00\x04\x30\x82\x00\x00"] {
            assert!(directory.register_certificate_client(operators_tool(), bytes, &[]).is_err());
        }
    });
}
