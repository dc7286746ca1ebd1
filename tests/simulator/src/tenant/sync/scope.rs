//! Scoping filters: who is meant of those who are assigned.

use super::schema::MATCHING;
use super::subject::Subject;
use serde_json::Value;

/// Operators with how many operands they take; the names are those that the product shows. Those with patterns, numbers
/// and bits are not simulated: a schema with one is refused.
pub(super) const OPERATORS: &[(&str, Arity)] = &[
    ("EQUALS", Arity::Binary),
    ("NOT EQUALS", Arity::Binary),
    ("IS TRUE", Arity::Unary),
    ("IS FALSE", Arity::Unary),
    ("IS NULL", Arity::Unary),
    ("IS NOT NULL", Arity::Unary),
    ("ENDS_WITH", Arity::Binary),
    ("Includes", Arity::Binary),
];

/// How many operands an operator takes, the attribute included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    Unary,
    Binary,
}

/// Whether a clause can be judged.
pub(super) fn is_operator(name: &str) -> bool {
    OPERATORS.iter().any(|(known, _)| *known == name)
}

/// What the filters say of somebody.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scope {
    In,
    /// Only by the built-in filter: they sign in with a phone number, or are external themselves.
    External,
    /// The clause that is not met.
    Out(String),
}

/// Whether the mapping's filters let somebody through. Groups are alternatives, the clauses of one must all be met;
/// `inputFilterGroups` and `categoryFilterGroups` must be met beside `groups`.
pub(super) fn of(mapping: &Value, subject: &Subject<'_>) -> Scope {
    let mut outcome = Scope::In;
    for place in ["inputFilterGroups", "groups", "categoryFilterGroups"] {
        let groups = mapping["scope"][place].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut failed: Option<Vec<&Value>> = None;
        for group in groups {
            let clauses = group["clauses"].as_array().map(Vec::as_slice).unwrap_or_default();
            let unmet: Vec<&Value> = clauses.iter().filter(|clause| !is_met(clause, subject)).collect();
            if unmet.is_empty() {
                failed = None;
                break;
            }
            failed.get_or_insert(unmet);
        }
        let Some(unmet) = failed else {
            continue;
        };
        match unmet.iter().find(|clause| clause["sourceOperandName"] != MATCHING) {
            Some(clause) => return Scope::Out(text(clause)),
            None => outcome = Scope::External,
        }
    }
    outcome
}

/// A clause as the log writes it.
fn text(clause: &Value) -> String {
    let word = |name: &str| clause[name].as_str().unwrap_or_default();
    let values = clause["targetOperand"]["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    format!("{} {} {:?}", word("sourceOperandName"), word("operatorName"), values.join(","))
}

/// Texts are compared with their case, and what is null meets nothing but `IS NULL`.
fn is_met(clause: &Value, subject: &Subject<'_>) -> bool {
    let value = subject.value(clause["sourceOperandName"].as_str().unwrap_or_default());
    let operator = clause["operatorName"].as_str().unwrap_or_default();
    let Some(value) = value else {
        return operator == "IS NULL";
    };
    let wanted = clause["targetOperand"]["values"].as_array().map(Vec::as_slice).unwrap_or_default();
    let any = |fits: &dyn Fn(&str) -> bool| wanted.iter().filter_map(Value::as_str).any(fits);
    match operator {
        "EQUALS" => any(&|wanted| value == wanted),
        "NOT EQUALS" => !any(&|wanted| value == wanted),
        "IS TRUE" => value == "True",
        "IS FALSE" => value == "False",
        "IS NOT NULL" => true,
        "ENDS_WITH" => any(&|wanted| value.ends_with(wanted)),
        "Includes" => any(&|wanted| value.contains(wanted)),
        _ => false,
    }
}
