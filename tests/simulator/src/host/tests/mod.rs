//! The stand-in held against what is known of the real host.
//!
//! `support` has an app folder and a handler inside the test that answers from a script; `life` has a handler process,
//! which is this test binary again, so that nothing but Rust is needed.

mod http;
mod indexing;
mod life;
mod protocol;
mod queues;
mod support;
mod timers;
