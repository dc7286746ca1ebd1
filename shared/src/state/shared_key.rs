//! Signing requests with a storage account's key, for the emulator on this machine.
//!
//! Responsible for: the scheme `SharedKey` of Azure Storage. The SDK does not have it, and signs in by a token over https
//! alone, which the emulator takes only with a certificate. The key is the emulator's published one; usher has no other, and
//! no way to be given one.

use async_trait::async_trait;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use url::Url;

/// The emulator's account.
const ACCOUNT: &str = "devstoreaccount1";
/// The emulator's key, which is public: Azurite's documentation prints it.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// Headers that are signed by their values alone, in this order.
const STANDARD_HEADERS: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Signs every try of a request, for the emulator.
#[derive(Debug)]
pub struct EmulatorKey;

#[async_trait]
impl Policy for EmulatorKey {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        // The emulator compares this with its own time, so it is the real one, whatever clock the run goes by.
        let date = now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        request.insert_header("x-ms-date", date);
        let text = string_to_sign(request.method().as_ref(), request.url(), request.headers());
        request.insert_header("authorization", format!("SharedKey {ACCOUNT}:{}", signature(&text)));
        match next.split_first() {
            Some((first, rest)) => first.send(context, request, rest).await,
            None => Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                "there is nothing behind the signature that sends",
            )),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the signature carries the real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn signature(text: &str) -> String {
    let key = BASE64_STANDARD.decode(KEY).unwrap_or_default();
    let mut hmac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("HMAC takes a key of any length");
    hmac.update(text.as_bytes());
    BASE64_STANDARD.encode(hmac.finalize().into_bytes())
}

/// What is signed: method, headers and resource in their canonical form ("Authorize with Shared Key").
fn string_to_sign(method: &str, url: &Url, headers: &Headers) -> String {
    let value = |name: &str| headers.get_optional_str(&HeaderName::from(name.to_owned())).unwrap_or_default();
    let mut text = format!("{method}\n");
    for name in STANDARD_HEADERS {
        let value = value(name);
        // An empty body is signed as no length.
        let value = if name == "content-length" && value == "0" { "" } else { value };
        text.push_str(value);
        text.push('\n');
    }
    let ours = headers.iter().map(|(name, value)| (name.as_str(), value.as_str().trim()));
    for (name, value) in ours.filter(|(name, _)| name.starts_with("x-ms-")).collect::<BTreeMap<_, _>>() {
        let _ = writeln!(text, "{name}:{value}");
    }
    let _ = write!(text, "/{ACCOUNT}{}", url.path());
    let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url.query_pairs() {
        query.entry(name.to_lowercase()).or_default().push(value.into_owned());
    }
    for (name, mut values) in query {
        values.sort_unstable();
        let _ = write!(text, "\n{name}:{}", values.join(","));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_to_sign_is_the_documented_one() {
        let url =
            Url::parse("http://127.0.0.1:1/devstoreaccount1/usher?restype=container&comp=list&prefix=a%2Fb").unwrap();
        let mut headers = Headers::new();
        for (name, value) in
            [("x-ms-version", "2026-01-01"), ("content-length", "0"), ("if-none-match", "*"), ("x-ms-date", "D")]
        {
            headers.insert(name, value);
        }
        assert_eq!(
            string_to_sign("GET", &url, &headers),
            "GET\n\n\n\n\n\n\n\n\n*\n\n\nx-ms-date:D\nx-ms-version:2026-01-01\n\
             /devstoreaccount1/devstoreaccount1/usher\ncomp:list\nprefix:a/b\nrestype:container"
        );
    }
}
