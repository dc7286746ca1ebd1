//! What a workflow made from Microsoft's template can post.
//!
//! Responsible for: the message that its trigger takes, and what of a card Teams refuses. Not responsible for: single
//! properties of elements; clients ignore those they do not know.

use serde_json::Value;

const CONTENT_TYPE: &str = "application/vnd.microsoft.card.adaptive";
/// The newest version that Teams shows.
const NEWEST: (u32, u32) = (1, 5);
/// The elements, inlines and parts of version 1.5.
const ELEMENTS: [&str; 19] = [
    "ActionSet",
    "Column",
    "ColumnSet",
    "Container",
    "FactSet",
    "Image",
    "ImageSet",
    "Input.ChoiceSet",
    "Input.Date",
    "Input.Number",
    "Input.Text",
    "Input.Time",
    "Input.Toggle",
    "Media",
    "RichTextBlock",
    "Table",
    "TableCell",
    "TableRow",
    "TextBlock",
];
/// Actions that work without a bot. What a person enters or executes would lead nowhere.
const ACTIONS: [&str; 3] = ["Action.OpenUrl", "Action.ShowCard", "Action.ToggleVisibility"];

/// Whether the trigger takes it: a message with a list of attachments.
pub(super) fn is_message(body: &Value) -> bool {
    let attachments = body["attachments"].as_array();
    body["type"] == "message" && attachments.is_some_and(|list| list.iter().all(|one| one["content"].is_object()))
}

/// Why the workflow cannot post what it took.
pub(super) fn problems(message: &Value) -> Vec<String> {
    let attachments = message["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut problems = Vec::new();
    if attachments.is_empty() {
        problems.push("there is no attachment to post".to_owned());
    }
    for attachment in attachments {
        let content = &attachment["content"];
        if attachment["contentType"] != CONTENT_TYPE {
            problems.push(format!("contentType is {}", attachment["contentType"]));
        }
        if content["type"] != "AdaptiveCard" {
            problems.push("Property 'type' must be 'AdaptiveCard'".to_owned());
        }
        if version(content).is_none_or(|version| version > NEWEST) {
            problems.push(format!("version is {}", content["version"]));
        }
        for (list, known) in [("body", ELEMENTS.as_slice()), ("actions", ACTIONS.as_slice())] {
            for element in content[list].as_array().into_iter().flatten() {
                check(element, known, &mut problems);
            }
        }
    }
    problems
}

fn version(card: &Value) -> Option<(u32, u32)> {
    let (major, minor) = card["version"].as_str()?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether an element, and all that is in it, is known.
fn check(element: &Value, known: &[&str], problems: &mut Vec<String>) {
    let kind = element["type"].as_str().unwrap_or_default();
    if !known.contains(&kind) {
        problems.push(format!("{} is not known here", element["type"]));
    }
    if kind == "Action.OpenUrl" && !element["url"].as_str().is_some_and(|url| url.starts_with("https://")) {
        problems.push("an action opens no https address".to_owned());
    }
    for inline in element["inlines"].as_array().into_iter().flatten() {
        if !inline.is_string() && (inline["type"] != "TextRun" || !inline["text"].is_string()) {
            problems.push("an inline is no TextRun".to_owned());
        }
    }
    for list in ["items", "columns", "rows", "cells"] {
        element[list].as_array().into_iter().flatten().for_each(|inner| check(inner, &ELEMENTS, problems));
    }
    element["actions"].as_array().into_iter().flatten().for_each(|inner| check(inner, &ACTIONS, problems));
}
