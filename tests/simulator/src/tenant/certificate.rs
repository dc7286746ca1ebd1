//! Certificates of applications, and the signed assertions that prove that an application has one.
//!
//! Signatures are verified. Whether a certificate has expired or who issued it is not looked at.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

const SEQUENCE: u8 = 0x30;
/// The version of a certificate, which may be left out.
const VERSION: u8 = 0xa0;

/// Microsoft's library for Python pads what the standard leaves unpadded, and is let in.
const PADDED_OR_NOT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A certificate that is registered.
#[derive(Debug)]
pub(super) struct Certificate {
    /// `x5t`
    sha1: String,
    /// `x5t#S256`
    sha256: String,
    /// The subject's public key, algorithm included.
    public_key: Vec<u8>,
}

impl Certificate {
    /// Reads what is needed of an X.509 certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (tag, certificate, []) = element(der)? else {
            return None;
        };
        let (_, mut rest, _) = element(certificate).filter(|_| tag == SEQUENCE)?;
        if rest.first() == Some(&VERSION) {
            (_, _, rest) = element(rest)?;
        }
        // Serial number, algorithm, issuer, validity, subject.
        for _ in 0..5 {
            (_, _, rest) = element(rest)?;
        }
        let (tag, _, after) = element(rest)?;
        let public_key = rest.get(..rest.len() - after.len()).filter(|_| tag == SEQUENCE)?.to_vec();
        let encode = |algorithm| BASE64_URL_SAFE_NO_PAD.encode(digest(algorithm, der));
        Some(Self { sha1: encode(&SHA1_FOR_LEGACY_USE_ONLY), sha256: encode(&SHA256), public_key })
    }

    /// Whether the header of an assertion names this certificate.
    pub(super) fn is_named_by(&self, header: &Value) -> bool {
        let names = |name: &str, own: &str| header[name].as_str().is_some_and(|text| text.trim_end_matches('=') == own);
        names("x5t#S256", &self.sha256) || names("x5t", &self.sha1)
    }

    /// Whether the assertion was signed with this certificate's key.
    pub(super) fn has_signed(&self, assertion: &Assertion<'_>) -> bool {
        let key = match assertion.header["alg"].as_str() {
            Some("PS256") => UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.public_key),
            Some("RS256") => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_key),
            _ => return false,
        };
        key.verify(assertion.signed.as_bytes(), &assertion.signature).is_ok()
    }
}

/// A JWT that an application signed.
pub(super) struct Assertion<'a> {
    pub(super) header: Value,
    pub(super) claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    /// Reads a JWT, whoever signed it.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| PADDED_OR_NOT.decode(part).ok();
        let object = |part: &str| serde_json::from_slice(&decode(part)?).ok();
        Some(Self { header: object(header)?, claims: object(claims)?, signed, signature: decode(signature)? })
    }
}

/// The first element of DER: its tag, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f)).filter(|(bytes, _)| bytes.len() <= 4)?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((tag, inside, after))
}
