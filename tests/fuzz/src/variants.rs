//! A corpus and variants of it, without guidance: the same ones each time.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::path::Path;

const VARIANTS: u32 = 1000;

/// One change of an input; what it does not fit, it leaves alone.
#[derive(Clone, Debug)]
enum Edit {
    Remove(Index, Index),
    Repeat(Index, Index),
    Put(Index, u8),
    /// The rest comes from another file of the corpus.
    Cross(Index, Index, Index),
}

pub(crate) fn run(corpus: &Path, target: fn(&[u8])) {
    let files = read(corpus);
    for (name, input) in &files {
        // Shown when it fails.
        println!("{name}");
        target(input);
    }
    let mut runner = TestRunner::new(Config {
        cases: VARIANTS,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(13),
        ..Config::default()
    });
    let plan = (any::<Index>(), proptest::collection::vec(edit(), 1..6));
    let outcome = runner.run(&plan, |(file, edits)| {
        target(&variant(&files, file, &edits));
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (file, edits))) => {
            panic!("{reason}\nwith the input: {}", variant(&files, file, &edits).escape_ascii())
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn read(corpus: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(corpus).unwrap_or_else(|error| panic!("{}: {error}", corpus.display()));
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a listed file").path())
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a readable file")))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", corpus.display());
    files
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    // What makes up JSON, TOML, numbers and URLs comes more often than other bytes.
    let byte = prop_oneof![proptest::sample::select(&b"\"\\{}[]:,.=#\n +-019eE@/?&%\0"[..]), any::<u8>()];
    prop_oneof![
        (place(), place()).prop_map(|(at, length)| Edit::Remove(at, length)),
        (place(), place()).prop_map(|(at, length)| Edit::Repeat(at, length)),
        (place(), byte).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (place(), place(), place()).prop_map(|(at, file, from)| Edit::Cross(at, file, from)),
    ]
}

fn variant(files: &[(String, Vec<u8>)], file: Index, edits: &[Edit]) -> Vec<u8> {
    let mut input = file.get(files).1.clone();
    for edit in edits {
        let end = input.len();
        let within = |place: &Index, length: usize| place.index(length + 1);
        match edit {
            Edit::Remove(at, length) => {
                let at = within(at, end);
                input.drain(at..at + within(length, (end - at).min(16)));
            }
            Edit::Repeat(at, length) => {
                let at = within(at, end);
                let again = input[at..at + within(length, (end - at).min(64))].to_vec();
                input.splice(at..at, again);
            }
            Edit::Put(at, byte) => {
                let at = within(at, end);
                input.splice(at..(at + 1).min(end), [*byte]);
            }
            Edit::Cross(at, file, from) => {
                let other = &file.get(files).1;
                input.truncate(within(at, end));
                input.extend_from_slice(&other[within(from, other.len())..]);
            }
        }
    }
    input
}
