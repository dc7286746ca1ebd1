//! Where the state is kept, as `USHER_STATE` says it.
//!
//! Responsible for: which settings name a store, and that a token for Azure Storage goes to Azure Storage alone. Not
//! responsible for: which of them a function app may use; see [`crate::environment`].

use super::blob::BlobStore;
use super::file::FileStore;
use super::memory::MemoryStore;
use super::{StateError, Store};
use crate::graph::credential::Identity;
use crate::loopback::is_loopback;
use std::path::PathBuf;
use std::sync::Arc;
use url::{Host, Url};

/// Where Azure's clouds have blobs: the first three of public, US Government and China, the last of accounts with a DNS
/// zone of their own.
const AZURE: [&str; 4] = [
    ".blob.core.windows.net",
    ".blob.core.usgovcloudapi.net",
    ".blob.core.chinacloudapi.cn",
    ".blob.storage.azure.net",
];

/// Where the state is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A blob container in Azure, reached by https and a token.
    Azure(Url),
    /// A blob container of Azurite on this machine, reached by the emulator's published key.
    Azurite(Url),
    /// `file:///dir`.
    File(PathBuf),
    /// `memory:`.
    Memory,
}

impl Location {
    /// Parses `USHER_STATE`.
    ///
    /// # Errors
    /// When it names no store that usher knows.
    pub fn parse(setting: &str) -> Result<Self, StateError> {
        let wrong = || {
            StateError::Setting(
                "this names no store; use https://<account>.blob.core.windows.net/<container> (or the same of another \
                 cloud), http://127.0.0.1:<port>/devstoreaccount1/<container> (Azurite), file:///an/absolute/folder \
                 (local use) or memory: (tests)"
                    .to_owned(),
            )
        };
        if setting == "memory:" {
            return Ok(Self::Memory);
        }
        let url = Url::parse(setting).map_err(|_| wrong())?;
        let has_more = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
        let path: Vec<_> = url.path_segments().map(|parts| parts.collect()).unwrap_or_default();
        match (url.scheme(), url.host()) {
            ("file", None) if setting.starts_with("file:///") => {
                url.to_file_path().map(Self::File).map_err(|()| wrong())
            }
            ("https", Some(_)) if has_more => Err(StateError::Setting(
                "the address of the container carries no signature and no key: usher signs in by its own identity"
                    .to_owned(),
            )),
            ("https", Some(Host::Domain(host)))
                if is_azure(host) && matches!(path[..], [name] if is_container(name)) =>
            {
                Ok(Self::Azure(url))
            }
            // The emulator with a certificate of its own, which takes tokens as Azure does.
            ("https", Some(host)) if is_loopback(&host) && matches!(path[..], [_, name] if is_container(name)) => {
                Ok(Self::Azure(url))
            }
            ("http", Some(host)) if is_loopback(&host) => match path[..] {
                ["devstoreaccount1", name] if is_container(name) && !has_more => Ok(Self::Azurite(url)),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }

    /// Whether all instances of a function app can share it: nothing in this process, or in a folder of this machine.
    pub const fn is_shared(&self) -> bool {
        match self {
            Self::Azure(_) | Self::Azurite(_) => true,
            Self::File(_) | Self::Memory => false,
        }
    }

    /// Whether it is an emulator on this machine that is given a token, which only tests want.
    pub fn takes_tokens_on_this_machine(&self) -> bool {
        matches!(self, Self::Azure(url) if url.host().is_some_and(|host| is_loopback(&host)))
    }

    /// The store there. Nothing is connected before it is used. `identity` is asked for tokens where some are needed.
    pub fn open(&self, identity: &Identity) -> Arc<dyn Store> {
        match self {
            Self::Azure(container) => Arc::new(BlobStore::in_azure(container.clone(), identity.clone())),
            Self::Azurite(container) => Arc::new(BlobStore::in_azurite(container.clone())),
            Self::File(folder) => Arc::new(FileStore::new(folder)),
            Self::Memory => Arc::new(MemoryStore::default()),
        }
    }
}

fn is_azure(host: &str) -> bool {
    AZURE.iter().any(|suffix| host.strip_suffix(suffix).is_some_and(|account| !account.is_empty()))
}

/// Azure's rule for names of containers: 3 to 63 lower-case letters, digits and single hyphens inside.
fn is_container(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .split('-')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_names_no_store_is_refused_with_the_remedy() {
        for setting in [
            "",
            "nonsense",
            "file:state",
            "file:/state",
            "file://host/dir",
            "ftp://x/y",
            "memory",
            "https://example.com/container",
            "https://blob.core.windows.net/container",
            "https://x.blob.core.windows.net.evil.example/container",
            "https://x.blob.core.windows.net/",
            "https://x.blob.core.windows.net/a/b",
            "https://x.blob.core.windows.net/Upper",
            "https://x.blob.core.windows.net/-x-",
            "http://x.blob.core.windows.net/container",
            "http://127.0.0.1:10000/container",
            "http://127.0.0.1:10000/someaccount/container",
            "http://10.0.0.1:10000/devstoreaccount1/container",
        ] {
            let error = Location::parse(setting).unwrap_err().to_string();
            assert!(error.starts_with("USHER_STATE: ") && error.contains("file:///"), "{setting}: {error}");
        }
        let signed = Location::parse("https://x.blob.core.windows.net/usher?sv=1&sig=secret").unwrap_err().to_string();
        assert!(signed.contains("own identity") && !signed.contains("secret"), "{signed}");
    }

    #[test]
    fn every_cloud_and_the_emulator_have_their_stores() {
        assert_eq!(Location::parse("file:///var/usher").unwrap(), Location::File("/var/usher".into()));
        for host in [
            "blob.core.windows.net",
            "blob.core.usgovcloudapi.net",
            "blob.core.chinacloudapi.cn",
            "z42.blob.storage.azure.net",
        ] {
            let location = Location::parse(&format!("https://contoso.{host}/usher-state")).unwrap();
            assert!(matches!(location, Location::Azure(_)) && location.is_shared(), "{host}");
        }
        let secure = Location::parse("https://127.0.0.1:10000/devstoreaccount1/usher").unwrap();
        assert!(secure.takes_tokens_on_this_machine());
        let azurite = Location::parse("http://127.0.0.1:10000/devstoreaccount1/usher").unwrap();
        assert!(matches!(azurite, Location::Azurite(_)));
    }
}
