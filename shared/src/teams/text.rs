//! Text on a card, which stays text whatever is in it.
//!
//! Responsible for: that a display name is neither Markdown nor a function of Adaptive Cards, that it turns nothing around
//! it, and that it is no longer than its place. Not responsible for: what may be shown of a person.
//!
//! All text of a card is runs (`TextRun`), our own included: clients read Markdown in other elements, and there is nothing
//! to escape where nothing is read.

use super::elements::{RunSize, RunWeight, TextRun};
use std::fmt;

/// Text of more runs ends early: each costs as much as a long word.
const MOST_RUNS: usize = 8;
const CUT: &str = "…";
/// Shown where nothing visible is left.
const NOTHING: &str = "—";
/// What is between these has a direction of its own and lends it to nothing around it.
const ISOLATE: char = '\u{2068}';
const END_OF_ISOLATE: char = '\u{2069}';

/// How a run looks. No meaning rests on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Strong,
    Subtle,
}

/// Text of some runs. `Debug` is redacted: it may name people.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Vec<(Style, String)>);

impl Text {
    /// One run of ordinary text.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![(Style::Plain, text.into())])
    }

    /// One run of bold text.
    pub fn strong(text: impl Into<String>) -> Self {
        Self(vec![(Style::Strong, text.into())])
    }

    /// One run of text that stands back.
    pub fn subtle(text: impl Into<String>) -> Self {
        Self(vec![(Style::Subtle, text.into())])
    }

    /// This, and more after it. What comes from the directory is best a run of its own: it then turns nothing else.
    #[must_use]
    pub fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// The runs for a card, of at most so many characters in all.
    pub(super) fn runs(&self, limit: usize) -> Vec<TextRun> {
        let mut left = limit;
        let mut runs = Vec::new();
        for (style, text) in &self.0 {
            let shown: String = inert(text).take(left + 1).collect();
            let length = shown.chars().count();
            if length > left || (length > 0 && runs.len() == MOST_RUNS) {
                let kept = if runs.len() == MOST_RUNS { 0 } else { left.saturating_sub(1) };
                let cut = shown.chars().take(kept).collect::<String>() + CUT;
                runs.push(style.run(isolated(cut)));
                break;
            }
            if length > 0 {
                runs.push(style.run(isolated(shown)));
                left -= length;
            }
        }
        if runs.iter().all(|run| run.text.trim().is_empty()) {
            runs = vec![Style::Subtle.run(NOTHING.to_owned())];
        }
        runs
    }
}

impl Style {
    fn run(self, text: String) -> TextRun {
        TextRun {
            text,
            size: RunSize::Default,
            weight: if self == Self::Strong { RunWeight::Bolder } else { RunWeight::Default },
            is_subtle: self == Self::Subtle,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

/// The text without what is not seen or steers how it is seen: every blank and control character is a space, and format
/// characters are gone. Clients put times in the place of `{{DATE(…)}}` and take no blank between its braces, so it gets
/// one.
fn inert(text: &str) -> impl Iterator<Item = char> {
    let mut after_brace = false;
    text.chars().filter(|c| !is_format(*c)).flat_map(move |c| {
        let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
        let gap = (c == '{' && after_brace).then_some(' ');
        after_brace = c == '{';
        gap.into_iter().chain([c])
    })
}

/// Unicode's format characters (Cf): directions, invisible marks, tags. Those that join letters stay; Persian and emoji are
/// wrong without them.
const fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Text with letters that run from right to left, kept from turning what follows.
fn isolated(text: String) -> String {
    if text.chars().any(is_right_to_left) { format!("{ISOLATE}{text}{END_OF_ISOLATE}") } else { text }
}

/// The blocks of Unicode whose letters run from right to left.
const fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: impl Into<Text>, limit: usize) -> Vec<String> {
        text.into().runs(limit).into_iter().map(|run| run.text).collect()
    }

    #[test]
    fn what_would_steer_a_client_is_shown_or_gone() {
        for (text, expected) in [
            ("[click](https://evil.example) **x** <at>All</at>", "[click](https://evil.example) **x** <at>All</at>"),
            ("one\r\n\ttwo\u{2028}three\u{0}", "one   two three "),
            ("{{DATE(2026-01-01T00:00:00Z)}} {{{", "{ {DATE(2026-01-01T00:00:00Z)}} { { {"),
            ("{\u{200b}{TIME(", "{ {TIME("),
            ("exe.\u{202e}fdp\u{2066}.\u{e0041}\u{feff}", "exe.fdp."),
            ("می\u{200c}خواهم", "\u{2068}می\u{200c}خواهم\u{2069}"),
            ("\u{200b}\u{202e}", NOTHING),
            ("", NOTHING),
            (" \n ", NOTHING),
        ] {
            assert_eq!(shown(text, 100), [expected], "{text:?}");
        }
    }

    #[test]
    fn text_ends_where_its_place_does_and_says_so() {
        assert_eq!(shown("abcdef", 6), ["abcdef"]);
        assert_eq!(shown("abcdefg", 6), ["abcde…"]);
        assert_eq!(shown("äöü🎈é", 3), ["äö…"]);
        assert_eq!(shown(Text::strong("abc").then("def"), 6), ["abc", "def"]);
        assert_eq!(shown(Text::strong("abc").then("defg"), 6), ["abc", "de…"]);
        assert_eq!(shown(Text::strong("abc").then("defg"), 3), ["abc", "…"]);
        let many = (0..20).fold(Text::plain("x"), |text, _| text.then("x"));
        assert_eq!(shown(many, 100), ["x", "x", "x", "x", "x", "x", "x", "x", "…"]);
    }

    #[test]
    fn text_names_nobody_in_a_log() {
        assert_eq!(format!("{:?}", Text::plain("Adele Vance")), "Text(…)");
    }
}
