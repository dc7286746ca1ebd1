//! A trace from one process to the next: the W3C header `traceparent`, as the host sends it and as a message carries it.
//!
//! Responsible for: reading and writing it. Whatever does not read as one is none. Not responsible for: where it travels.

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{FutureExt, SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::HashMap;

const HEADER: &str = "traceparent";

/// The context that a header names.
pub(super) fn read(header: &str) -> Option<SpanContext> {
    let carrier = HashMap::from([(HEADER.to_owned(), header.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

/// The header for whoever goes on with the present span; `None` while nothing is traced.
pub fn current() -> Option<String> {
    let context = Context::current();
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(HEADER)
}

/// Work that goes on by itself, as part of the present span.
pub fn follow<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_context(Context::current())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_traceparent_is_none() {
        let header = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00";
        assert_eq!(read(header).unwrap().trace_id().to_string(), "0123456789abcdef0123456789abcdef");
        for nonsense in ["", "00", "person@fabrikam.us", "00-00000000000000000000000000000000-0123456789abcdef-01"] {
            assert!(read(nonsense).is_none(), "{nonsense}");
        }
    }

    #[test]
    fn where_nothing_is_traced_nothing_is_carried_on() {
        assert_eq!(current(), None);
    }
}
