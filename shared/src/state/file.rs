//! The state in a folder of this machine, for local use.
//!
//! Every document is a file of its name. A change is written beside it, synced and put in place in one step, so a crash
//! leaves the old document or the new one. What compare-and-swap needs between processes is an operating system's lock on
//! one file, which goes with its holder.

use super::{Document, ETag, Lease, StateError, Store, check_name};
use async_trait::async_trait;
use sha2::{Digest, Sha256};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is no document begins with it: locks and half-written files.
const HIDDEN: &str = ".";

/// Documents as files.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// A store in that folder, which is made with the first document: looking leaves nothing behind.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Runs a blocking step off the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Self) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let store = self.clone();
        tokio::task::spawn_blocking(move || step(&store))
            .await
            .map_err(|error| StateError::Unavailable(error.to_string()))?
    }

    fn read(&self, name: &str) -> Result<Option<Document>, StateError> {
        match std::fs::read(self.folder.join(name)) {
            Ok(bytes) => Ok(Some(Document { etag: etag_of(&bytes), bytes })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::io(name, &error)),
        }
    }

    /// Replaces, creates or (without `bytes`) removes a document, while no other process changes anything.
    fn change(&self, name: &str, expected: Option<&ETag>, bytes: Option<&[u8]>) -> Result<ETag, StateError> {
        let _alone = self.lock_file("change")?;
        let present = self.read(name)?;
        match (expected, &present) {
            (_, Some(document)) if bytes.is_some_and(|bytes| document.bytes == bytes) => {
                return Ok(document.etag.clone());
            }
            (None, Some(_)) => return Err(StateError::Exists(name.to_owned())),
            (Some(read), found) if found.as_ref().is_none_or(|document| document.etag != *read) => {
                return Err(StateError::Changed(name.to_owned()));
            }
            _ => {}
        }
        let path = self.folder.join(name);
        let Some(bytes) = bytes else {
            std::fs::remove_file(&path).map_err(|error| StateError::io(name, &error))?;
            return Ok(ETag(String::new()));
        };
        let io = |error| StateError::io(name, &error);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        let half = self.folder.join(format!("{HIDDEN}half-written"));
        let mut file = File::create(&half).map_err(io)?;
        file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io)?;
        std::fs::rename(&half, &path).map_err(io)?;
        // The folder is synced too: else a document could be gone after a power failure although it was written.
        File::open(path.parent().unwrap_or(&self.folder)).and_then(|folder| folder.sync_all()).map_err(io)?;
        Ok(etag_of(bytes))
    }

    /// The opened lock file, held exclusively until it is dropped.
    fn lock_file(&self, name: &str) -> Result<File, StateError> {
        let file = self.open_lock(name)?;
        file.lock().map_err(|error| StateError::io("cannot lock the state's folder", &error))?;
        Ok(file)
    }

    fn open_lock(&self, name: &str) -> Result<File, StateError> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|error| StateError::io(&format!("cannot make {}", self.folder.display()), &error))?;
        File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(format!("{HIDDEN}{name}.lock")))
            .map_err(|error| StateError::io("cannot open a lock in the state's folder", &error))
    }

    fn names(&self, below: &Path, found: &mut Vec<String>) -> Result<(), StateError> {
        let io = |error| StateError::io("cannot list the state's folder", &error);
        if !below.exists() {
            return Ok(());
        }
        for entry in std::fs::read_dir(below).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.is_dir() {
                self.names(&path, found)?;
            } else if let Ok(name) = path.strip_prefix(&self.folder)
                && let Some(name) = name.to_str()
                && !name.starts_with(HIDDEN)
            {
                found.push(name.to_owned());
            }
        }
        Ok(())
    }
}

fn etag_of(bytes: &[u8]) -> ETag {
    ETag(hex::encode(Sha256::digest(bytes)))
}

#[async_trait]
impl Store for FileStore {
    async fn get(&self, name: &str) -> Result<Option<Document>, StateError> {
        check_name(name)?;
        let name = name.to_owned();
        self.blocking(move |store| store.read(&name)).await
    }

    async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<ETag, StateError> {
        check_name(name)?;
        let name = name.to_owned();
        self.blocking(move |store| store.change(&name, None, Some(&bytes))).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, read: &ETag) -> Result<ETag, StateError> {
        check_name(name)?;
        let (name, read) = (name.to_owned(), read.clone());
        self.blocking(move |store| store.change(&name, Some(&read), Some(&bytes))).await
    }

    async fn remove(&self, name: &str, read: &ETag) -> Result<(), StateError> {
        check_name(name)?;
        let (name, read) = (name.to_owned(), read.clone());
        self.blocking(move |store| store.change(&name, Some(&read), None).map(|_| ())).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StateError> {
        let prefix = prefix.to_owned();
        self.blocking(move |store| {
            let mut names = Vec::new();
            store.names(&store.folder, &mut names)?;
            names.retain(|name| name.starts_with(&prefix));
            names.sort_unstable();
            Ok(names)
        })
        .await
    }

    async fn try_lease(&self, name: &str) -> Result<Option<Box<dyn Lease>>, StateError> {
        check_name(name)?;
        let name = name.to_owned();
        self.blocking(move |store| {
            let file = store.open_lock(&name)?;
            match file.try_lock() {
                Ok(()) => Ok(Some(Box::new(FileLease { _file: file }) as Box<dyn Lease>)),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(StateError::io("cannot lock the state's folder", &error)),
            }
        })
        .await
    }
}

/// The operating system lets go of it when the file is closed, by dropping it or by the end of the process; until then
/// nobody else can have it.
struct FileLease {
    _file: File,
}

#[async_trait]
impl Lease for FileLease {
    fn certain_for(&self) -> Duration {
        Duration::MAX
    }

    async fn release(self: Box<Self>) {}
}
