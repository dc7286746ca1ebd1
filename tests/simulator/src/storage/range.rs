//! The part of a blob that a request wants: `Range` and `x-ms-range`.

use super::error::Refusal;
use std::ops::Range;

/// First and last byte; the last may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    first: usize,
    last: Option<usize>,
}

impl Wanted {
    /// `bytes=2-5` or `bytes=2-`; `None` for anything else, which Azure does not document.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
        Some(Self { first: first.parse().ok()?, last })
            .filter(|wanted| wanted.last.is_none_or(|last| last >= wanted.first))
    }

    /// The part of a blob that is so long. A blob without content has none.
    pub(super) fn of(self, whole: usize) -> Result<Range<usize>, Refusal> {
        if self.first >= whole {
            return Err(Refusal { whole: Some(whole), ..Refusal::new(416, "InvalidRange") });
        }
        Ok(self.first..self.last.map_or(whole, |last| last.saturating_add(1).min(whole)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_where_the_blob_ends() {
        let of = |text: &str, whole| Wanted::read(text).unwrap().of(whole).ok();
        assert_eq!(of("bytes=2-5", 10), Some(2..6));
        assert_eq!(of("bytes=2-18446744073709551615", 10), Some(2..10));
        assert_eq!(of("bytes=9-", 10), Some(9..10));
        assert_eq!(of("bytes=10-", 10), None);
        assert_eq!(of("bytes=0-4194303", 0), None);
    }

    #[test]
    fn what_azure_does_not_document_is_no_range() {
        for text in ["bytes=-5", "bytes=5-2", "bytes=1-2,4-5", "items=1-2", "bytes=a-b"] {
            assert_eq!(Wanted::read(text), None, "{text}");
        }
    }
}
