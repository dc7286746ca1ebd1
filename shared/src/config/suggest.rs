//! What somebody probably meant.
//!
//! Responsible for: proposals for what is unknown. Not responsible for: deciding what is unknown.

use super::walk::{Expected, expected, join};
use serde_json::{Map, Value};

/// What to do about a key that is unknown in the section with these properties.
pub(super) fn advice_for_unknown(root: &Value, properties: &Map<String, Value>, name: &str) -> String {
    const SECRETS: [&str; 4] = ["webhook_url", "secret", "password", "token"];
    let lower = name.to_lowercase();
    if SECRETS.iter().any(|word| lower.contains(word)) {
        return "Secrets come from environment variables, such as TEAMS_WEBHOOK_URL, never from this file.".to_owned();
    }

    let mut homes = Vec::new();
    sections_with(root, "", name, &mut homes);
    if let Some(home) = homes.first() {
        return format!("It belongs in {home}.");
    }
    let keys = || properties.iter().filter(|(_, schema)| schema.get("not").is_none()).map(|(key, _)| key.as_str());
    match nearest(name, keys()) {
        Some(near) => format!("Did you mean {near}?"),
        None => format!("Known here: {}.", keys().collect::<Vec<_>>().join(", ")),
    }
}

/// The sections of the schema that have a key of that name.
fn sections_with(schema: &Value, path: &str, name: &str, found: &mut Vec<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = join(path, key);
        let (table, brackets) = match expected(property) {
            Expected::Table => (property, format!("[{path}]")),
            Expected::Tables => (&property["items"], format!("[[{path}]]")),
            _ => continue,
        };
        if table["properties"].get(name).is_some() {
            found.push(brackets);
        }
        sections_with(table, &path, name, found);
    }
}

/// What was probably meant.
pub(super) fn nearest<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Below this, words that merely share a few letters would be proposed.
    const LIKE_ENOUGH: f64 = 0.85;
    let text = text.to_lowercase().replace('_', "-");
    candidates
        .map(|candidate| (strsim::jaro_winkler(&text, &candidate.to_lowercase().replace('_', "-")), candidate))
        .filter(|(likeness, _)| *likeness >= LIKE_ENOUGH)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
