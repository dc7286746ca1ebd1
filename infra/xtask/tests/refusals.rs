//! What no package is made of, by the real `xtask`. That a good one is made is seen in `tests/real`, as it takes a compiler.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CONFIG: &str = r#"
[tenant]
id = "2f1e40cc-6e5c-4f2e-9a57-6c1d8a3a1a01"

[[partner]]
name = "fabrikam-gov"
tenant_id = "2f1e40cc-6e5c-4f2e-9a57-6c1d8a3a1a02"
cloud = "us-gov"

[partner.scope]
domains = ["fabrikam.us"]
"#;

struct Bench {
    folder: TempDir,
    config: PathBuf,
}

impl Bench {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let config = folder.path().join("usher.toml");
        Ok(Self { folder, config })
    }

    /// Asks for a package of that program; it must be refused with these words, and none may be there.
    fn refuses(&self, program: &Path, expected: &str) -> Result<()> {
        let out = self.folder.path().join("usher.zip");
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["package", "--config"]).arg(&self.config).arg("--out").arg(&out).arg("--program").arg(program);
        let output = command.output().context("xtask does not start")?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(1) && said.contains(expected), "{said}");
        ensure!(!out.exists());
        Ok(())
    }
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_before_the_program_is_looked_at() -> Result<()> {
    let bench = Bench::new()?;
    let nowhere = Path::new("nowhere");
    bench.refuses(nowhere, "Make it from usher.example.toml")?;
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../usher.example.toml"), &bench.config)?;
    bench.refuses(nowhere, "tenant.id")?;
    fs::write(&bench.config, "[tenant]\nmod = \"plan\"\n")?;
    bench.refuses(nowhere, "mod")?;
    fs::write(&bench.config, CONFIG)?;
    bench.refuses(nowhere, "nowhere")
}

#[test]
fn a_program_that_could_not_start_in_a_function_app_is_refused() -> Result<()> {
    let bench = Bench::new()?;
    fs::write(&bench.config, CONFIG)?;
    let program = bench.folder.path().join("program");
    fs::write(&program, "#!/bin/sh\n")?;
    bench.refuses(&program, "no 64-bit ELF program")
}
