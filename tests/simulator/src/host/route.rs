//! Route templates of HTTP functions.
//!
//! Responsible for: literals, `{name}`, an optional last `{name?}` and a catch-all last `{*name}`, and which of several
//! matching templates wins.
//!
//! Not responsible for: constraints such as `{id:int}`, which are refused; methods and keys.

use anyhow::{Result, ensure};
use std::collections::BTreeMap;

/// One parsed template, without the app's prefix.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Segment>);

// The order is that of precedence: a literal wins over a parameter, a parameter over a catch-all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Optional(String),
    CatchAll(String),
}

/// The values of a template's parameters; `None` for an optional one that the path left out.
pub(super) type Parameters = BTreeMap<String, Option<String>>;

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let first = text.split('/').next().unwrap_or_default();
        for reserved in ["admin", "runtime"] {
            ensure!(!first.eq_ignore_ascii_case(reserved), "the route {text} begins with the reserved {reserved}");
        }
        let segments: Vec<Segment> =
            text.split('/').filter(|part| !part.is_empty()).map(Segment::parse).collect::<Result<_>>()?;
        let before_last = segments.len().saturating_sub(1);
        ensure!(
            !segments[..before_last]
                .iter()
                .any(|segment| matches!(segment, Segment::Optional(_) | Segment::CatchAll(_))),
            "in the route {text} only the last segment may be optional or a catch-all"
        );
        Ok(Self(segments))
    }

    /// The parameters if the decoded segments of a path match.
    pub(super) fn matches(&self, path: &[String]) -> Option<Parameters> {
        let mut parameters = Parameters::new();
        let mut rest = path.iter();
        for segment in &self.0 {
            match segment {
                Segment::Literal(literal) => {
                    if !rest.next()?.eq_ignore_ascii_case(literal) {
                        return None;
                    }
                }
                Segment::Parameter(name) => {
                    parameters.insert(name.clone(), Some(rest.next()?.clone()));
                }
                Segment::Optional(name) => {
                    parameters.insert(name.clone(), rest.next().cloned());
                }
                Segment::CatchAll(name) => {
                    let all: Vec<&str> = rest.by_ref().map(String::as_str).collect();
                    let value = (!all.is_empty()).then(|| all.join("/"));
                    parameters.insert(name.clone(), value);
                }
            }
        }
        rest.next().is_none().then_some(parameters)
    }

    /// What sorts the templates that match one path: the smallest wins.
    pub(super) fn precedence(&self) -> impl Ord + '_ {
        &self.0
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self> {
        let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            ensure!(
                !text.contains(['{', '}']),
                "the route segment {text} mixes literal and parameter, which is not simulated"
            );
            return Ok(Self::Literal(text.to_owned()));
        };
        let (name, segment): (&str, fn(String) -> Self) = match inner.strip_prefix('*') {
            Some(name) => (name, Self::CatchAll),
            None => match inner.strip_suffix('?') {
                Some(name) => (name, Self::Optional),
                None => (inner, Self::Parameter),
            },
        };
        ensure!(
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "the route segment {text} is not a plain parameter; constraints are not simulated"
        );
        Ok(segment(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(template: &str, path: &str) -> Option<Vec<(String, Option<String>)>> {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        let parameters = Template::parse(template).unwrap().matches(&path)?;
        Some(parameters.into_iter().collect())
    }

    fn one(name: &str, value: Option<&str>) -> Option<Vec<(String, Option<String>)>> {
        Some(vec![(name.to_owned(), value.map(str::to_owned))])
    }

    #[test]
    fn literals_match_in_any_case_and_whole_paths_only() {
        assert_eq!(matches("status", "STATUS"), Some(vec![]));
        assert_eq!(matches("status", "status/more"), None);
        assert_eq!(matches("plans/{id}/approve", "plans/7"), None);
    }

    #[test]
    fn parameters_take_one_segment_an_optional_one_may_be_absent_and_a_catch_all_takes_the_rest() {
        assert_eq!(matches("plans/{id}", "plans/7"), one("id", Some("7")));
        assert_eq!(matches("plans/{id?}", "plans/7"), one("id", Some("7")));
        assert_eq!(matches("plans/{id?}", "plans"), one("id", None));
        assert_eq!(matches("f/{*path}", "f/a/b"), one("path", Some("a/b")));
        assert_eq!(matches("f/{*path}", "f"), one("path", None));
    }

    #[test]
    fn a_literal_wins_over_a_parameter() {
        let literal = Template::parse("plans/next").unwrap();
        let parameter = Template::parse("plans/{id}").unwrap();
        assert!(literal.precedence() < parameter.precedence());
    }

    #[test]
    fn what_is_reserved_or_not_simulated_is_refused() {
        for template in ["admin/x", "Runtime", "a/{id:int}", "a/{id?}/b", "a/x{id}"] {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
