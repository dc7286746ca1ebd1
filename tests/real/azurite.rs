//! Azurite, as a child process.
//!
//! Responsible for: starting it on free ports of this machine, with nothing on disk, and ending it.
//!
//! Not responsible for: installing it; `npm ci` in this folder does.

use crate::certificates::for_this_machine;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;
use usher_simulator::host::QueueStorage;

/// The variable that names its executable.
const EXECUTABLE: &str = "AZURITE";
/// The flag that stands before each service's port and, with another ending, its address.
const SERVICES: [&str; 3] = ["blob", "queue", "table"];
/// Its own certificate and key, in its working directory.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Azurite, with an empty account. When it is dropped, the process ends and everything in it is gone.
pub(crate) struct Azurite {
    child: Child,
    ports: [u16; 3],
    scheme: &'static str,
    /// Its working directory, with what it printed.
    folder: TempDir,
}

impl Azurite {
    /// Starts one and returns when it listens.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(tempfile::tempdir()?, "http", &[]).await
    }

    /// Starts one that speaks https by a certificate of this file's authority, and takes tokens.
    pub(crate) async fn start_secure() -> Result<(Self, PathBuf)> {
        let folder = tempfile::tempdir()?;
        let authority = certificates(folder.path())?;
        let azurite =
            Self::start_with(folder, "https", &["--oauth", "basic", "--cert", CERTIFICATE, "--key", KEY]).await?;
        Ok((azurite, authority))
    }

    async fn start_with(folder: TempDir, scheme: &'static str, more: &[&str]) -> Result<Self> {
        let executable = std::env::var_os(EXECUTABLE).with_context(|| {
            format!(
                "{EXECUTABLE} is not set: it names azurite's executable, which `npm ci` in tests/real installs as \
                 tests/real/node_modules/.bin/azurite"
            )
        })?;
        let printed = File::create(folder.path().join("printed"))?;
        let ports = free_ports()?;
        let mut command = Command::new(&executable);
        command.args(["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]).args(more);
        for (service, port) in SERVICES.into_iter().zip(ports) {
            command.args([format!("--{service}Host"), Ipv4Addr::LOCALHOST.to_string()]);
            command.args([format!("--{service}Port"), port.to_string()]);
        }
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(printed);
        let child = command.spawn().with_context(|| format!("{EXECUTABLE}={}", executable.display()))?;
        let mut azurite = Self { child, ports, scheme, folder };
        azurite.listening().await?;
        Ok(azurite)
    }

    /// For the host stand-in: its queues.
    pub(crate) fn queues(&self) -> QueueStorage {
        let [_, queue, _] = self.ports;
        QueueStorage::Azurite { endpoint: self.account(queue) }
    }

    /// For `USHER_STATE`: a blob container.
    pub(crate) fn container(&self, name: &str) -> String {
        let [blob, ..] = self.ports;
        format!("{}/{name}", self.account(blob))
    }

    /// The development account at one of the services.
    fn account(&self, port: u16) -> String {
        format!("{}://{}:{port}/devstoreaccount1", self.scheme, Ipv4Addr::LOCALHOST)
    }

    async fn listening(&mut self) -> Result<()> {
        let started = Instant::now();
        for port in self.ports {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                if self.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                    let printed = std::fs::read_to_string(self.folder.path().join("printed"))?;
                    bail!("azurite does not listen; it printed: {printed}");
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Ok(())
    }
}

impl Drop for Azurite {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Puts a certificate for this machine into the folder, and its authority; the authority's file.
fn certificates(folder: &Path) -> Result<PathBuf> {
    let secure = for_this_machine()?;
    let file = folder.join("authority.pem");
    std::fs::write(&file, secure.authority.pem())?;
    std::fs::write(folder.join(CERTIFICATE), secure.certificate.pem())?;
    std::fs::write(folder.join(KEY), secure.key.serialize_pem())?;
    Ok(file)
}

/// Free now, and with near certainty still free when Azurite binds them.
fn free_ports() -> Result<[u16; 3]> {
    let listeners = [(); 3].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    let mut ports = [0; 3];
    for (port, listener) in ports.iter_mut().zip(&listeners) {
        let listener = listener.as_ref().ok().context("no free port")?;
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}
