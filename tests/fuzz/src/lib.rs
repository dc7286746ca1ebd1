//! What runs usher's fuzz targets.
//!
//! A target is a test in the crate whose private parts it reaches; it stands in `tests/fuzz/targets` and says which properties
//! hold for whatever bytes come. Responsible for: running it. As a plain test it gets every file of its corpus and variants of
//! them, the same each time; with the feature `libfuzzer` it gets what libFuzzer makes of them, led by what they reach. Not
//! responsible for: any property.

#[cfg(feature = "libfuzzer")]
mod libfuzzer;
#[cfg(not(feature = "libfuzzer"))]
mod variants;

use std::path::PathBuf;

/// Runs a target on its corpus and on what is made of it.
///
/// # Panics
/// When the target does, or has no corpus.
pub fn check(name: &str, target: fn(&[u8])) {
    let corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")).join(name);
    #[cfg(feature = "libfuzzer")]
    libfuzzer::run(&corpus, target);
    #[cfg(not(feature = "libfuzzer"))]
    variants::run(&corpus, target);
}
