//! What the handler prints.
//!
//! Responsible for: taking in stdout and stderr line by line, each line at the level that the real host gives it.
//!
//! Not responsible for: the `Logs` of a reply, which belong to an invocation.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::sync::watch;

/// One line that the handler printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// The level at which the host logs it.
    pub level: ConsoleLevel,
    /// Without the line end.
    pub text: String,
}

/// The level of a console line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsoleLevel {
    /// Everything on stdout.
    Information,
    /// A line on stderr with "warn" in it, in any case.
    Warning,
    /// Every other line on stderr.
    Error,
}

/// All lines of all processes of one host, in the order of their arrival.
#[derive(Clone, Debug, Default)]
pub(super) struct Console(watch::Sender<Vec<ConsoleLine>>);

impl Console {
    /// Reads stdout to its end.
    pub(super) async fn read_stdout(self, pipe: impl AsyncRead + Unpin) {
        self.read(pipe, |_| ConsoleLevel::Information).await;
    }

    /// Reads stderr to its end.
    pub(super) async fn read_stderr(self, pipe: impl AsyncRead + Unpin) {
        self.read(
            pipe,
            |text| {
                if text.to_lowercase().contains("warn") { ConsoleLevel::Warning } else { ConsoleLevel::Error }
            },
        )
        .await;
    }

    pub(super) fn lines(&self) -> Vec<ConsoleLine> {
        self.0.borrow().clone()
    }

    /// The first line that contains `part`, once there is one.
    pub(super) async fn line(&self, part: &str) -> Option<ConsoleLine> {
        let find = |lines: &Vec<ConsoleLine>| {
            let line = lines.iter().find(|line| line.text.contains(part));
            line.cloned()
        };
        let mut lines = self.0.subscribe();
        let lines = lines.wait_for(|lines| find(lines).is_some()).await.ok()?;
        find(&lines)
    }

    async fn read(self, pipe: impl AsyncRead + Unpin, level: impl Fn(&str) -> ConsoleLevel) {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let level = level(&text);
            self.0.send_modify(|lines| lines.push(ConsoleLine { level, text }));
            line.clear();
        }
    }
}
