//! The zip that the platform unpacks.
//!
//! Responsible for: what is in it, where, with which rights, and that the same input gives the same bytes. Not
//! responsible for: whether program and configuration are any good.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file of the package.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) executable: bool,
}

impl File {
    fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes, executable: false }
    }
}

/// Everything that the Functions host looks for: `host.json`, the program that it names, a folder for each function; and
/// `usher.toml`, which the program looks for.
///
/// # Errors
/// When one of the sources cannot be read.
pub(crate) fn contents(sources: &Path, program: Vec<u8>, config: Vec<u8>) -> Result<Vec<File>> {
    let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
    let mut files = vec![
        File::new("host.json", read(&sources.join("host.json"))?),
        File::new("usher.toml", config),
        File { name: "usher".to_owned(), bytes: program, executable: true },
    ];
    let functions = sources.join("functions");
    for entry in fs::read_dir(&functions).with_context(|| functions.display().to_string())? {
        let entry = entry?;
        let binding = entry.path().join("function.json");
        if binding.is_file() {
            let name = entry.file_name().into_string().ok().context("a folder's name is not Unicode")?;
            files.push(File::new(format!("{name}/function.json"), read(&binding)?));
        }
    }
    ensure!(files.len() > 3, "{}: there is no function", functions.display());
    Ok(files)
}

/// The zip. Order, times and rights do not depend on the machine.
///
/// # Errors
/// When the files do not fit into a zip.
pub(crate) fn zip(files: &[File]) -> Result<Vec<u8>> {
    let mut files: Vec<&File> = files.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(if file.executable { 0o755 } else { 0o644 });
        zip.start_file(file.name.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::io::Read;

    fn files() -> Vec<File> {
        contents(&crate::sources(), b"program".to_vec(), b"config".to_vec()).unwrap()
    }

    #[test]
    fn the_package_holds_what_the_host_looks_for_and_only_the_program_is_executable() {
        let bytes = zip(&files()).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut found = BTreeMap::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).unwrap();
            let name = file.name().unwrap().into_owned();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            found.insert(name, (file.unix_mode().unwrap() & 0o777, content));
        }
        assert_eq!(found["usher"], (0o755, b"program".to_vec()));
        assert_eq!(found["usher.toml"], (0o644, b"config".to_vec()));
        assert_eq!(found["host.json"].1, fs::read(crate::sources().join("host.json")).unwrap());
        for function in ["invite", "reconcile", "summary", "work", "failed", "provision", "run", "status"] {
            assert_eq!(found[&format!("{function}/function.json")].0, 0o644);
        }
        let executable = found.values().filter(|(mode, _)| mode & 0o111 != 0).count();
        assert_eq!(executable, 1);
        assert!(found.keys().all(|name| name.ends_with(".json") || ["usher", "usher.toml"].contains(&name.as_str())));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_in_whatever_order_it_is_found() {
        let mut backwards = files();
        backwards.reverse();
        assert_eq!(zip(&files()).unwrap(), zip(&backwards).unwrap());
    }
}
