//! The summary's card as a page to look at.
//!
//! Responsible for: one file that needs nothing else, in which the renderer that Microsoft publishes for Adaptive Cards (npm
//! `adaptivecards` 3.0.6, MIT) shows the card as Teams would, wide and narrow, light and dark.

use serde_json::Value;

const PAGE: &str = include_str!("preview/page.html");
const RENDERER: &str = include_str!("preview/adaptivecards.min.js");

/// The page that shows a message as it goes to the webhook.
pub(super) fn page(message: &str) -> serde_json::Result<String> {
    let mut message: Value = serde_json::from_str(message)?;
    let card = message["attachments"][0]["content"].take();
    // Nothing in the card may end the element that it is in.
    let card = card.to_string().replace('<', "\\u003c");
    Ok(PAGE.replacen("/*RENDERER*/", RENDERER, 1).replacen("/*CARD*/", &card, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_end_the_script_stays_in_the_card() {
        let message = r#"{"attachments":[{"content":{"text":"</script><script>alert(1)</script>/*CARD*/"}}]}"#;
        let page = page(message).unwrap();
        assert!(!page.contains("alert(1)</script>"), "it is escaped");
        assert!(page.contains("alert(1)\\u003c/script>/*CARD*/"));
    }
}
