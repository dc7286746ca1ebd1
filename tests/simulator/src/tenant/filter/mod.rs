//! `$filter`: what it means, and which objects it can be answered from without looking at all of them.
//!
//! `parse` reads the text, `rules` says what the directory supports of it.

mod parse;
mod rules;

use super::error::GraphError;
use super::model::Directory;
use super::property::{Property, Resource};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(super) use rules::{AUDIT_RULES, GROUP_RULES, ROLE_RULES, Rules, USER_RULES};

/// A filter that the type supports.
#[derive(Debug)]
pub(super) struct Filter {
    expression: Expression,
    /// Whether the case of letters counts.
    exact: bool,
}

#[derive(Debug)]
enum Expression {
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Compare {
        path: Vec<String>,
        operator: Operator,
        literal: Literal,
    },
    /// How many items a collection has.
    Count {
        path: Vec<String>,
        operator: Operator,
        number: usize,
    },
    In {
        path: Vec<String>,
        literals: Vec<Literal>,
    },
    Affix {
        path: Vec<String>,
        affix: Affix,
        literal: String,
        /// The value is compared in lower case.
        lower: bool,
    },
    /// Some item of a collection; in `condition` an empty path is the item.
    Any {
        path: Vec<String>,
        condition: Option<Box<Expression>>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Eq,
    Ne,
    Ge,
    Le,
    Gt,
    Lt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Affix {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Null,
    Text(String),
    Bool(bool),
    Time(Timestamp),
    Number(usize),
}

impl Filter {
    /// Reads a filter on objects of type `R`, and refuses what the directory does not support.
    pub(super) fn parse<R: Resource>(text: &str, rules: Rules, advanced: bool) -> Result<Self, GraphError> {
        let expression = parse::expression(text)?;
        rules::check::<R>(&expression, rules, advanced)?;
        Ok(Self { expression, exact: false })
    }

    /// The same where the case of letters counts.
    pub(super) fn parse_exact<R: Resource>(text: &str, rules: Rules) -> Result<Self, GraphError> {
        Ok(Self { exact: true, ..Self::parse::<R>(text, rules, false)? })
    }

    /// Whether the filter asks about the property.
    pub(super) fn uses(&self, property: &str) -> bool {
        self.expression.uses(property)
    }

    /// Whether the object is one of those asked for.
    pub(super) fn matches<R: Resource>(&self, resource: &R) -> Result<bool, GraphError> {
        let value_of = |path: &[String]| match path.split_first() {
            Some((name, rest)) => resource.property(name).descend(rest),
            None => Property::Null,
        };
        self.expression.matches(&value_of, self.exact)
    }

    /// The ids of all objects that could match, if an index tells: those with an address or an id that is asked for.
    pub(super) fn candidates(&self, directory: &Directory) -> Option<BTreeSet<Uuid>> {
        self.expression.candidates(directory)
    }
}

impl Expression {
    fn uses(&self, property: &str) -> bool {
        match self {
            Self::And(left, right) | Self::Or(left, right) => left.uses(property) || right.uses(property),
            Self::Not(inner) => inner.uses(property),
            Self::Compare { path, .. }
            | Self::Count { path, .. }
            | Self::In { path, .. }
            | Self::Affix { path, .. }
            | Self::Any { path, .. } => path.first().is_some_and(|name| name == property),
        }
    }

    fn matches<'a>(&self, value_of: &dyn Fn(&[String]) -> Property<'a>, exact: bool) -> Result<bool, GraphError> {
        Ok(match self {
            Self::And(left, right) => left.matches(value_of, exact)? && right.matches(value_of, exact)?,
            Self::Or(left, right) => left.matches(value_of, exact)? || right.matches(value_of, exact)?,
            Self::Not(inner) => !inner.matches(value_of, exact)?,
            Self::Compare { path, operator, literal } => literal.compare(&value_of(path), *operator, path, exact)?,
            Self::Count { path, operator, number } => match value_of(path) {
                Property::List(items) => operator.holds(items.len().cmp(number)),
                _ => return Err(mismatch(path)),
            },
            Self::In { path, literals } => {
                let value = value_of(path);
                let mut found = false;
                for literal in literals {
                    found |= literal.compare(&value, Operator::Eq, path, exact)?;
                }
                found
            }
            Self::Affix { path, affix, literal, lower } => match value_of(path) {
                Property::Text(text) => {
                    let text = if *lower { text.to_lowercase() } else { text.into_owned() };
                    let (text, literal) = (cased(&text, exact), cased(literal, exact));
                    match affix {
                        Affix::StartsWith => text.starts_with(&*literal),
                        Affix::EndsWith => text.ends_with(&*literal),
                        Affix::Contains => text.contains(&*literal),
                    }
                }
                Property::Null => false,
                _ => return Err(mismatch(path)),
            },
            Self::Any { path, condition } => {
                let Property::List(items) = value_of(path) else {
                    return Err(mismatch(path));
                };
                let Some(condition) = condition else {
                    return Ok(!items.is_empty());
                };
                for item in items {
                    if condition.matches(&|path| item.clone().descend(path), exact)? {
                        return Ok(true);
                    }
                }
                false
            }
        })
    }

    fn candidates(&self, directory: &Directory) -> Option<BTreeSet<Uuid>> {
        match self {
            Self::And(left, right) => left.candidates(directory).or_else(|| right.candidates(directory)),
            Self::Or(left, right) => {
                let mut ids = left.candidates(directory)?;
                ids.extend(right.candidates(directory)?);
                Some(ids)
            }
            Self::Compare { path, operator: Operator::Eq, literal } => indexed(directory, path, literal),
            Self::In { path, literals } => {
                let found: Option<Vec<_>> = literals.iter().map(|literal| indexed(directory, path, literal)).collect();
                Some(found?.into_iter().flatten().collect())
            }
            Self::Any { path, condition: Some(condition) } => condition.item_candidates(directory, path),
            _ => None,
        }
    }

    /// The same for a condition on the items of a collection.
    fn item_candidates(&self, directory: &Directory, collection: &[String]) -> Option<BTreeSet<Uuid>> {
        match self {
            Self::And(left, right) => {
                left.item_candidates(directory, collection).or_else(|| right.item_candidates(directory, collection))
            }
            Self::Compare { path, operator: Operator::Eq, literal } => {
                indexed(directory, &[collection, path].concat(), literal)
            }
            _ => None,
        }
    }
}

/// The objects with this value, if the property is one that the indexes cover.
fn indexed(directory: &Directory, path: &[String], literal: &Literal) -> Option<BTreeSet<Uuid>> {
    let Literal::Text(value) = literal else {
        return None;
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["id"] => Some(value.parse().into_iter().collect()),
        ["mail" | "userPrincipalName" | "otherMails" | "proxyAddresses"] | ["identities", "issuerAssignedId"] => {
            Some(directory.shown_holders(value))
        }
        _ => None,
    }
}

impl Literal {
    /// Compares as Graph does: text without regard to case, unless it is `exact`, and null equal to nothing but null.
    fn compare(
        &self,
        value: &Property<'_>,
        operator: Operator,
        path: &[String],
        exact: bool,
    ) -> Result<bool, GraphError> {
        let order = match (value, self) {
            (Property::Null, Self::Null) => std::cmp::Ordering::Equal,
            (Property::Null, _) | (_, Self::Null) => return Ok(operator == Operator::Ne),
            (Property::Text(value), Self::Text(wanted)) => cased(value, exact).cmp(&cased(wanted, exact)),
            (Property::Bool(value), Self::Bool(wanted)) => value.cmp(wanted),
            (Property::Time(value), Self::Time(wanted)) => value.cmp(wanted),
            _ => return Err(mismatch(path)),
        };
        Ok(operator.holds(order))
    }
}

impl Operator {
    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Ge => order.is_ge(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Lt => order.is_lt(),
        }
    }
}

/// The text as it is compared.
fn cased(text: &str, exact: bool) -> Cow<'_, str> {
    if exact { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

fn mismatch(path: &[String]) -> GraphError {
    GraphError::bad_request(format!("Invalid filter clause: '{}' cannot be compared like that.", path.join("/")))
}
