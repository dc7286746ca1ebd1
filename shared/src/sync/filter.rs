//! The scoping filter as people write it: `department EQUALS "Sales" AND country EQUALS "DE" OR city IS NOT NULL`.
//!
//! Responsible for: reading it. `AND` binds closer than `OR`, values are in quotes, operators are the synchronization's own
//! words, which its schema lists. Not responsible for: which attributes and operators there are; the service refuses others.

use serde_json::{Value, json};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    source: String,
    operator: String,
    values: Vec<String>,
}

/// A filter that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {text}")]
pub struct FilterError {
    what: &'static str,
    text: String,
}

/// Alternatives, each of conditions that must all hold. An empty text has none.
///
/// # Errors
/// When a condition cannot be read; the error shows it.
pub fn parse(text: &str) -> Result<Vec<Vec<Clause>>, FilterError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let words = words(text)?;
    let alternatives = words.split(|word| *word == Word::Bare("OR".to_owned()));
    alternatives
        .map(|alternative| alternative.split(|word| *word == Word::Bare("AND".to_owned())).map(clause).collect())
        .collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Bare(String),
    Quoted(String),
}

fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some((value, after)) = quoted.split_once('"') else {
                return Err(FilterError { what: "a quote is not closed", text: rest.to_owned() });
            };
            words.push(Word::Quoted(value.to_owned()));
            rest = after;
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == '"' || c == ',').unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if !word.is_empty() {
                words.push(Word::Bare(word.to_owned()));
            }
            rest = after;
        }
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    Ok(words)
}

fn clause(words: &[Word]) -> Result<Clause, FilterError> {
    let told = || {
        let word = |word: &Word| match word {
            Word::Bare(text) => text.clone(),
            Word::Quoted(text) => format!("\"{text}\""),
        };
        words.iter().map(word).collect::<Vec<_>>().join(" ")
    };
    let failed = |what| FilterError { what, text: told() };
    let bare = words.iter().take_while(|word| matches!(word, Word::Bare(_))).count();
    let (head, values) = words.split_at(bare);
    let values: Option<Vec<String>> = values
        .iter()
        .map(|word| match word {
            Word::Quoted(text) => Some(text.clone()),
            Word::Bare(_) => None,
        })
        .collect();
    let values = values.ok_or_else(|| failed("a condition is an attribute, an operator and then values in quotes"))?;
    match head {
        [Word::Bare(source), operator @ ..] if !operator.is_empty() => {
            let operator: Vec<_> = operator
                .iter()
                .filter_map(|word| match word {
                    Word::Bare(text) => Some(text.as_str()),
                    Word::Quoted(_) => None,
                })
                .collect();
            Ok(Clause { source: source.clone(), operator: operator.join(" "), values })
        }
        _ => Err(failed("a condition is an attribute, an operator and then values in quotes")),
    }
}

impl Clause {
    /// In Graph's form.
    pub fn wire(&self) -> Value {
        json!({
            "sourceOperandName": self.source,
            "operatorName": self.operator,
            "targetOperand": { "values": self.values },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn and_binds_closer_than_or_and_values_may_hold_anything() {
        let filter =
            parse(r#"department EQUALS "R AND D" AND country NOT EQUALS "DE", "AT" OR city IS NOT NULL"#).unwrap();
        let shape: Vec<Vec<_>> = filter
            .iter()
            .map(|group| {
                group.iter().map(|one| (one.source.as_str(), one.operator.as_str(), one.values.join("|"))).collect()
            })
            .collect();
        assert_eq!(
            shape,
            [
                vec![("department", "EQUALS", "R AND D".to_owned()), ("country", "NOT EQUALS", "DE|AT".to_owned())],
                vec![("city", "IS NOT NULL", String::new())],
            ]
        );
        assert_eq!(parse("  "), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_condition_is_told() {
        for text in [r#"department "Sales""#, "department", "a EQUALS \"b", "a EQUALS \"b\" c", "a EQUALS \"b\" AND"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
