//! Certificates for what speaks https on this machine, and for who signs in with one.

use anyhow::Result;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};
use std::net::Ipv4Addr;

/// A certificate for this machine, and the authority that vouches for it and for nothing else.
pub(crate) struct Secure {
    pub(crate) authority: Certificate,
    pub(crate) certificate: Certificate,
    pub(crate) key: KeyPair,
}

/// Makes both. They are as strict clients want them, such as Python's from 3.13 on: what has its issuer's name counts as
/// signed by itself.
pub(crate) fn for_this_machine() -> Result<Secure> {
    let mut authority = CertificateParams::new([])?;
    authority.distinguished_name.push(DnType::CommonName, "authority of the tests");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let signed = authority.self_signed(&authority_key)?;
    let mut own = CertificateParams::new([Ipv4Addr::LOCALHOST.to_string()])?;
    own.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = own.signed_by(&key, &Issuer::new(authority, authority_key))?;
    Ok(Secure { authority: signed, certificate, key })
}

/// An application's own certificate and its key: RSA, as the sign-in takes them.
pub(crate) fn of_an_application() -> Result<(Certificate, KeyPair)> {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256)?;
    Ok((CertificateParams::new([])?.self_signed(&key)?, key))
}
