//! What a program has to be to start in a function app on Linux.
//!
//! Responsible for: x86-64, and no library but a glibc that is old enough. Not responsible for: whether it is usher.

use anyhow::{Context, Result, bail, ensure};
use object::elf::{EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, elf};
use std::fmt;

/// The newest glibc that may be needed. Which one a plan's image has is not published; this one is older than any that
/// Functions 4 has run on.
pub(crate) const NEWEST_GLIBC: Version = Version(2, 28);

/// The libraries of glibc, its loader, and the one of GCC that the .NET runtime of the Functions host needs as well.
const LIBRARIES: [&str; 8] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libresolv.so.2",
    "ld-linux-x86-64.so.2",
    "libgcc_s.so.1",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a program needs of the machine it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing: it is static.
    Nothing,
    /// glibc of this version or newer.
    Glibc(Version),
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("static"),
            Self::Glibc(version) => write!(f, "needs glibc {version}"),
        }
    }
}

/// What the program needs.
///
/// # Errors
/// When it could not start in a function app.
pub(crate) fn check(bytes: &[u8]) -> Result<Needs> {
    let header = FileHeader64::<Endianness>::parse(bytes).ok();
    let header = header.filter(|header| header.is_supported() && header.is_class_64());
    let header = header.context("it is no 64-bit ELF program; a function app on Linux can start nothing else")?;
    let endian = header.endian()?;
    ensure!(
        header.is_little_endian() && header.e_machine(endian) == EM_X86_64,
        "it is for another processor; custom handlers run on x86-64 only"
    );
    ensure!(matches!(header.e_type(endian), ET_EXEC | ET_DYN), "it is an object file and no program");
    let segments = header.program_headers(endian, bytes)?;
    if !segments.iter().any(|segment| segment.p_type(endian) == PT_INTERP) {
        return Ok(Needs::Nothing);
    }

    let sections = header.sections(endian, bytes)?;
    let mut libraries = Vec::new();
    if let Some((entries, strings)) = sections.dynamic(endian, bytes)? {
        let strings = sections.strings(endian, bytes, strings)?;
        for entry in entries.iter().filter(|entry| entry.d_tag.get(endian) == elf::DT_NEEDED) {
            let name = strings.get(u32::try_from(entry.d_val.get(endian))?).ok().context("a library has no name")?;
            libraries.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    if let Some(library) = libraries.iter().find(|library| !LIBRARIES.contains(&library.as_str())) {
        bail!("it needs {library}, which a function app need not have; link it statically");
    }

    let mut newest = Version(2, 0);
    if let Some((mut files, strings)) = sections.gnu_verneed(endian, bytes)? {
        let strings = sections.strings(endian, bytes, strings)?;
        while let Some((_, mut versions)) = files.next()? {
            while let Some(version) = versions.next()? {
                if let Some(version) = glibc(version.name(endian, strings)?) {
                    newest = newest.max(version);
                }
            }
        }
    }
    ensure!(
        newest <= NEWEST_GLIBC,
        "it needs glibc {newest}, and a function app may have one as old as {NEWEST_GLIBC}; leave --program out, and it \
         is compiled for that"
    );
    Ok(Needs::Glibc(newest))
}

/// `GLIBC_2.28` and `GLIBC_2.2.5`.
fn glibc(name: &[u8]) -> Option<Version> {
    let name = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?;
    let mut parts = name.split('.');
    Some(Version(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: usize = 64;
    const SEGMENT: usize = 56;
    const SECTION: usize = 64;

    /// A program that needs these libraries, and of the first of them these versions.
    fn program(libraries: &[&str], versions: &[&str]) -> Vec<u8> {
        let mut strings = vec![0];
        let mut string = |text: &str| {
            let at = u32::try_from(strings.len()).unwrap();
            strings.extend(text.bytes().chain([0]));
            at
        };
        let mut dynamic = Vec::new();
        for library in libraries {
            dynamic.extend(1u64.to_le_bytes());
            dynamic.extend(u64::from(string(library)).to_le_bytes());
        }
        dynamic.extend([0; 16]);
        let mut needed = Vec::new();
        if !versions.is_empty() {
            needed.extend(1u16.to_le_bytes());
            needed.extend(u16::try_from(versions.len()).unwrap().to_le_bytes());
            needed.extend([string(libraries[0]), 16, 0].map(u32::to_le_bytes).concat());
        }
        for (index, version) in versions.iter().enumerate() {
            let next = if index + 1 == versions.len() { 0 } else { 16 };
            needed.extend([0, 0, string(version), next].map(u32::to_le_bytes).concat());
        }

        let mut bytes = vec![0; HEADER];
        let mut segment = [0; SEGMENT];
        segment[0] = 3;
        bytes.extend(segment);
        let mut sections = vec![0; SECTION];
        for (kind, content, entries) in
            [(3u32, strings, 0u32), (6, dynamic, 0), (0x6fff_fffe, needed, u32::from(!versions.is_empty()))]
        {
            let mut section = [0; SECTION];
            section[4..8].copy_from_slice(&kind.to_le_bytes());
            section[24..32].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
            section[32..40].copy_from_slice(&(content.len() as u64).to_le_bytes());
            section[40] = 1;
            section[44..48].copy_from_slice(&entries.to_le_bytes());
            sections.extend(section);
            bytes.extend(content);
        }
        bytes[..8].copy_from_slice(b"\x7fELF\x02\x01\x01\0");
        for (at, value) in [(16, 3u16), (18, 62), (20, 1), (52, 64), (54, 56), (56, 1), (58, 64), (60, 4), (62, 1)] {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        bytes[32] = 64;
        let at = bytes.len() as u64;
        bytes[40..48].copy_from_slice(&at.to_le_bytes());
        bytes.extend(sections);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        check(bytes).unwrap_err().to_string()
    }

    #[test]
    fn a_program_that_needs_an_old_glibc_passes_and_tells_the_newest_version_that_it_needs() {
        let libraries = ["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"];
        let needs = check(&program(&libraries, &["GLIBC_2.2.5", "GLIBC_2.28", "GLIBC_2.9"])).unwrap();
        assert_eq!(needs, Needs::Glibc(Version(2, 28)));
    }

    #[test]
    fn a_static_program_passes() {
        let mut bytes = program(&[], &[]);
        bytes[HEADER] = 1;
        assert_eq!(check(&bytes).unwrap(), Needs::Nothing);
    }

    #[test]
    fn a_program_that_needs_a_newer_glibc_is_refused_by_version_and_not_by_text() {
        assert!(refusal(&program(&["libc.so.6"], &["GLIBC_2.2.5", "GLIBC_2.34"])).contains("glibc 2.34"));
        assert!(refusal(&program(&["libc.so.6"], &["GLIBC_2.100"])).contains("glibc 2.100"));
    }

    #[test]
    fn a_library_that_a_function_app_need_not_have_is_refused_by_name() {
        assert!(refusal(&program(&["libc.so.6", "libssl.so.3"], &["GLIBC_2.28"])).contains("libssl.so.3"));
    }

    #[test]
    fn what_is_no_program_for_x86_64_is_refused() {
        let good = program(&["libc.so.6"], &["GLIBC_2.28"]);
        let with = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            bytes
        };
        assert!(refusal(&with(18, 183)).contains("another processor"), "64-bit Arm");
        assert!(refusal(&with(4, 1)).contains("64-bit"), "32 bits");
        assert!(refusal(&with(16, 1)).contains("object file"));
        for bytes in [&b""[..], b"MZ\x90\0", b"#!/bin/sh\n", &good[..32]] {
            assert!(refusal(bytes).contains("no 64-bit ELF"));
        }
        // Cut short anywhere, it is refused, and never a panic.
        for length in 0..good.len() {
            assert!(check(&good[..length]).is_err(), "{length}");
        }
    }
}
