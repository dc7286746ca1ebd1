//! libFuzzer, called from a test.
//!
//! Found inputs go to the folder that `FUZZ_FOUND` names; what else libFuzzer is to do stands in `FUZZ_OPTIONS`.

use std::ffi::{CString, c_char, c_int};
use std::path::Path;
use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(input);
    }
});

type OneInput = unsafe extern "C" fn(*const u8, usize) -> c_int;

#[expect(unsafe_code, reason = "libFuzzer is C++")]
unsafe extern "C" {
    fn LLVMFuzzerRunDriver(count: *mut c_int, arguments: *mut *mut *mut c_char, one_input: OneInput) -> c_int;
    /// What the macro above makes of the target.
    fn LLVMFuzzerTestOneInput(input: *const u8, length: usize) -> c_int;
}

/// Runs until an input fails or the options say that it is enough; the process ends with it.
pub(crate) fn run(corpus: &Path, target: fn(&[u8])) {
    TARGET.set(target).expect("one target in a process: name it with --exact");
    let found = std::env::var("FUZZ_FOUND").expect("FUZZ_FOUND names a folder");
    let options = std::env::var("FUZZ_OPTIONS").unwrap_or_default();
    let words = ["fuzz", &found, &corpus.display().to_string(), &format!("-artifact_prefix={found}/failed-")];
    let mut arguments: Vec<_> = words
        .into_iter()
        .chain(options.split_whitespace())
        .map(|word| CString::new(word).expect("no zero in it").into_raw())
        .collect();
    let mut count = c_int::try_from(arguments.len()).expect("few arguments");
    arguments.push(std::ptr::null_mut());
    let mut arguments = arguments.as_mut_ptr();
    // SAFETY: both outlive the call, the strings too, and the list ends with null as that of `main` does.
    #[expect(unsafe_code, reason = "libFuzzer is C++")]
    let code = unsafe { LLVMFuzzerRunDriver(&raw mut count, &raw mut arguments, LLVMFuzzerTestOneInput) };
    std::process::exit(code);
}
