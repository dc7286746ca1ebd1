//! Cards: how they look on the wire, how large they get, and that nothing in them is more than text.

use crate::teams::{Card, Priority, Section, Text, Tone};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

const LARGEST: usize = 20_000;

fn parsed(card: &Card) -> Value {
    let message = card.message();
    assert!(message.len() <= LARGEST, "{} bytes", message.len());
    // What Teams makes of it: a text in another text, at worst in ASCII.
    let wrapped: usize = message
        .chars()
        .map(|c| if c.is_ascii() { 1 + usize::from(matches!(c, '"' | '\\')) } else { 6 * c.len_utf16() })
        .sum();
    assert!(wrapped <= 28_672, "{wrapped} bytes once wrapped");
    serde_json::from_str(&message).unwrap()
}

/// Every text run, in order.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "TextRun") => {
            vec![fields["text"].as_str().unwrap().to_owned()]
        }
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a card, which is rendered once.
fn shown(card: &Card) -> Vec<String> {
    texts(&parsed(card))
}

fn shows(texts: &[String], text: &str) -> bool {
    texts.iter().any(|one| one == text)
}

fn count(texts: &[String], beginning: &str) -> usize {
    texts.iter().filter(|text| text.starts_with(beginning)).count()
}

#[test]
fn a_card_is_in_the_message_that_workflows_take() {
    let card = Card::new(Tone::Bad, "usher: 1 needs you")
        .subtitle("contoso")
        .section(Section::new(Priority::Normal, "fabrikam").fact("Invited", "12").cells(["Pending", "3"]))
        .section(Section::new(Priority::Urgent, "Errors").item("Vance", Text::subtle("twin")).more(5))
        .link("Open Entra", "https://entra.microsoft.com/");
    let run = |text: &str, with: Value| {
        let mut run = json!({"type": "TextRun", "text": text});
        run.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        run
    };
    let block = |run: Value, with: Value| {
        let mut block = json!({"type": "RichTextBlock", "inlines": [run]});
        block.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        block
    };
    let line = |text: &str| block(run(text, json!({})), json!({}));
    let subtle = |text: &str| run(text, json!({"isSubtle": true}));
    let title =
        |text: &str| block(run(text, json!({"weight": "Bolder"})), json!({"spacing": "Medium", "separator": true}));
    let close = json!({"spacing": "None"});
    let column = |width: u8, item: Value| json!({"type": "Column", "width": width, "items": [item]});
    let columns = |columns: [Value; 2]| json!({"type": "ColumnSet", "spacing": "Small", "columns": columns});
    let heading = run("usher: 1 needs you", json!({"size": "Large", "weight": "Bolder"}));
    let body = json!([
        {
            "type": "Container",
            "style": "attention",
            "bleed": true,
            "items": [block(heading, json!({})), block(run("contoso", json!({})), close.clone())],
        },
        title("fabrikam"),
        columns([column(2, block(subtle("Invited"), json!({}))), column(3, line("12"))]),
        columns([
            column(3, line("Pending")),
            column(2, block(run("3", json!({})), json!({"horizontalAlignment": "Right"}))),
        ]),
        title("Errors"),
        line("Vance"),
        block(subtle("twin"), close.clone()),
        block(subtle("… and 5 more"), close),
    ]);
    let content = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "fallbackText": "usher has a report that this version of Teams cannot show.",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Open Entra", "url": "https://entra.microsoft.com/"}],
    });
    let content_type = "application/vnd.microsoft.card.adaptive";
    let attachment = json!({"contentType": content_type, "contentUrl": null, "content": content});
    assert_eq!(parsed(&card), json!({"type": "message", "attachments": [attachment]}));
}

#[test]
fn a_card_that_says_nothing_is_one_line() {
    let card = Card::new(Tone::Good, "usher: nothing to do");
    assert_eq!(shown(&card), ["usher: nothing to do"]);
    assert!(card.message().len() < 600, "{}", card.message());
}

#[test]
fn a_button_opens_https_alone_and_there_are_four() {
    let insecure = ["http://contoso.com", "javascript:alert(1)", "//contoso.com", ""];
    let card = insecure.into_iter().fold(Card::new(Tone::Good, "x"), |card, url| card.link("Go", url));
    assert_eq!(parsed(&card)["attachments"][0]["content"].get("actions"), None);
    let card = (0..9).fold(card, |card, _| card.link("Go", "https://contoso.com"));
    assert_eq!(parsed(&card)["attachments"][0]["content"]["actions"].as_array().map(Vec::len), Some(4));
}

#[test]
fn the_least_important_rows_go_first_and_it_is_said_how_many() {
    let rows = |section: Section, name: &str, rows: usize| {
        (0..rows).fold(section, |section, row| section.item(format!("{name} {row}"), "x".repeat(80)))
    };
    let card = Card::new(Tone::Bad, "heading")
        .section(rows(Section::new(Priority::Detail, "detail"), "detail", 100))
        .section(rows(Section::new(Priority::Urgent, "worst"), "worst", 40))
        .section(rows(Section::new(Priority::Normal, "normal"), "normal", 20).more(7));
    let shown = shown(&card);
    for kept in ["heading", "worst 39", "normal 19", "… and 7 more", "detail 2"] {
        assert!(shows(&shown, kept), "{kept}");
    }
    let detail = count(&shown, "detail ");
    assert!((3..100).contains(&detail) && shows(&shown, &format!("… and {} more", 100 - detail)), "{detail}");
}

#[test]
fn a_day_of_five_thousand_errors_keeps_the_numbers_and_the_worst() {
    let errors = (0..5000).fold(Section::new(Priority::Urgent, "Errors"), |section, error| {
        section.item(format!("error {error}"), "Graph refuses it. Correct what it objects to.")
    });
    let numbers = (0..12).fold(Section::new(Priority::Normal, "fabrikam").keep(12), |section, number| {
        section.fact(format!("number {number}"), "5000")
    });
    let card = Card::new(Tone::Bad, "heading").section(numbers).section(errors);
    let message = card.message();
    assert!((LARGEST - 500..=LARGEST).contains(&message.len()), "the room is used: {}", message.len());
    let shown = texts(&serde_json::from_str(&message).unwrap());
    let errors = count(&shown, "error ");
    assert!(errors > 40 && shows(&shown, &format!("… and {} more", 5000 - errors)), "{errors}");
    assert!(shows(&shown, "heading") && shows(&shown, "error 0") && shows(&shown, "number 11"));
}

#[test]
fn sections_go_when_there_are_too_many_and_the_most_important_never() {
    let card = (0..500).fold(Card::new(Tone::Bad, "heading"), |card, number| {
        let priority = if number == 250 { Priority::Urgent } else { Priority::Normal };
        card.section(Section::new(priority, format!("section {number}")).line(format!("row {number}")))
    });
    let shown = shown(&card);
    assert!(shows(&shown, "heading") && shows(&shown, "section 250") && shows(&shown, "row 250"));
    let sections = count(&shown, "section ");
    assert!(shows(&shown, &format!("… and {} more sections", 500 - sections)), "{sections}");
}

#[test]
fn the_longest_texts_there_can_be_fit_with_the_worst_of_all() {
    let long = |seed: &str| (0..20).fold(Text::strong("x"), |text, _| text.then(Text::subtle(seed.repeat(3000))));
    for seed in ["x", "\"", "\\", "ä", "字", "🎈", "ש", "{{"] {
        let mut card = Card::new(Tone::Bad, long(seed)).subtitle(long(seed));
        for _ in 0..4 {
            card = card.link("A button with a title that is quite long", "https://contoso.com/a/page/with/a/long/path");
        }
        for priority in [Priority::Urgent, Priority::Normal, Priority::Urgent] {
            let section = Section::new(priority, long(seed)).item(long(seed), long(seed)).fact(long(seed), long(seed));
            card = card.section(section.cells([long(seed), long(seed), long(seed), long(seed)]).line(long(seed)));
        }
        let message = parsed(&card);
        let body = message["attachments"][0]["content"]["body"].as_array().unwrap();
        assert!(body.len() >= 4, "{seed}: heading, title and the two lines of the first row: {}", body.len());
    }
}

/// Text as it may come from a directory, with what is most likely to do harm.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?s).{0,60}",
        "[\\p{Cf}\\p{Cc}\\p{Zl}\\p{Zp}a{}]{0,40}",
        "[אבגدهو \u{202e}\u{2067}]{1,30}",
        Just("[click](https://evil.example)".to_owned()),
        Just("**x** _y_ <at>All</at> {{DATE(2026-01-01T00:00:00Z,SHORT)}}\r- item".to_owned()),
        "[\"\\\\字🎈]{1,500}",
    ]
}

fn priority() -> impl Strategy<Value = Priority> {
    prop_oneof![Just(Priority::Detail), Just(Priority::Normal), Just(Priority::Urgent)]
}

/// Sections of so many rows with their priority and the rows to be kept.
fn sections() -> impl Strategy<Value = Vec<(Priority, usize, usize)>> {
    prop::collection::vec((priority(), 0..60_usize, 0..6_usize), 0..20)
}

fn card_of(names: &[String], sections: &[(Priority, usize, usize)]) -> Card {
    let mut names = names.iter().cycle().cloned();
    let mut name = || names.next().unwrap_or_default();
    let mut card = Card::new(Tone::Warning, name()).subtitle(name());
    for (place, (priority, rows, keep)) in sections.iter().enumerate() {
        let mut section = Section::new(*priority, Text::plain(format!("S{place} ")).then(name())).keep(*keep);
        for row in 0..*rows {
            let subject = Text::plain(format!("R{place} ")).then(name());
            section = match row % 4 {
                0 => section.item(subject, name()),
                1 => section.fact(subject, name()),
                2 => section.line(subject),
                _ => section.cells([subject, name().into(), name().into()]),
            };
        }
        card = card.section(section);
    }
    card
}

/// Every text in the JSON that is not the text of a run, with its key.
fn steering<'a>(key: &'a str, value: &'a Value, found: &mut Vec<(&'a str, &'a str)>) {
    match value {
        Value::Object(fields) => {
            let is_run = fields.get("type").is_some_and(|kind| kind == "TextRun");
            let others = fields.iter().filter(|(key, _)| !(is_run && *key == "text"));
            others.for_each(|(key, value)| steering(key, value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| steering(key, item, found)),
        Value::String(text) => found.push((key, text)),
        _ => {}
    }
}

fn assert_inert(message: &Value) {
    let mut found = Vec::new();
    steering("", message, &mut found);
    for (key, text) in found {
        let known: &[&str] = match key {
            "type" => &["message", "AdaptiveCard", "Container", "RichTextBlock", "TextRun", "ColumnSet", "Column"],
            "contentType" => &["application/vnd.microsoft.card.adaptive"],
            "$schema" => &["http://adaptivecards.io/schemas/adaptive-card.json"],
            "version" => &["1.5"],
            "fallbackText" => &["usher has a report that this version of Teams cannot show."],
            "style" => &["warning"],
            "spacing" => &["None", "Small", "Medium"],
            "horizontalAlignment" => &["Right"],
            "size" => &["Large"],
            "weight" => &["Bolder"],
            "width" => &["Full"],
            _ => &[],
        };
        assert!(known.contains(&text), "{key}: {text:?}");
    }
    for text in texts(message) {
        let inside = text.strip_prefix('\u{2068}').map_or(text.as_str(), |rest| rest.strip_suffix('\u{2069}').unwrap());
        assert!(!inside.contains("{{") && !inside.contains(char::is_control), "{text:?}");
        assert!(!inside.contains(['\u{200b}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']), "{text:?}");
    }
}

/// The number in a note, if the text is one.
fn number(text: &str, before: &str, after: &str) -> Option<usize> {
    text.strip_prefix(before)?.strip_suffix(after)?.parse().ok()
}

/// Every row is shown or counted, unless its whole section is counted.
fn assert_nothing_is_missing(message: &Value, sections: &[(Priority, usize, usize)]) {
    let texts = texts(message);
    let mut shown_sections = 0;
    for (place, (_, rows, _)) in sections.iter().enumerate() {
        let Some(start) = texts.iter().position(|text| *text == format!("S{place} ")) else { continue };
        shown_sections += 1;
        let section: Vec<_> = texts[start + 1..].iter().take_while(|text| !is_title(text)).collect();
        let shown = section.iter().filter(|text| ***text == format!("R{place} ")).count();
        let hidden = section
            .iter()
            .find_map(|text| number(text, "… and ", " more").or_else(|| number(text, "", ", not shown here")));
        assert_eq!(shown + hidden.unwrap_or(0), *rows);
    }
    let hidden = texts
        .last()
        .and_then(|text| number(text, "… and ", " more section").or_else(|| number(text, "… and ", " more sections")));
    assert_eq!(shown_sections + hidden.unwrap_or(0), sections.len());
}

fn is_title(text: &str) -> bool {
    text.strip_prefix('S').and_then(|rest| rest.strip_suffix(' ')).is_some_and(|place| place.parse::<usize>().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: RngSeed::Fixed(20_261_122),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_card_is_too_large_or_more_than_text_or_silent_about_what_it_leaves_out(
        names in prop::collection::vec(hostile(), 1..8),
        sections in sections(),
    ) {
        let message = parsed(&card_of(&names, &sections));
        assert_inert(&message);
        assert_nothing_is_missing(&message, &sections);
    }

    #[test]
    fn no_format_character_is_left_but_those_that_join(text in "[\\p{Cf}&&[^\\x{200c}\\x{200d}]]{1,30}") {
        let card = Card::new(Tone::Good, text);
        assert_eq!(shown(&card), ["—"]);
    }
}
