//! Expressions of attribute mappings: how they are written, what they are worth, and how a schema holds them.
//!
//! Responsible for: a handful of the product's functions. Another one is an error here, although it may be one there.

use serde_json::{Value, json};

/// The longest that is taken.
const LONGEST: usize = 10_000;

/// Functions with the names of their parameters; the last may come several times.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("AltSecIdFromNetId", &["netId"]),
    ("Append", &["source", "suffix"]),
    ("Coalesce", &["source", "defaultValue"]),
    ("Join", &["separator", "source"]),
    ("Not", &["source"]),
    ("ToLower", &["source"]),
    ("ToUpper", &["source"]),
    ("Trim", &["source"]),
];

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Attribute(String),
    Constant(String),
    Call(String, Vec<Expression>),
}

impl Expression {
    /// Reads what is written: `[mail]`, `"Member"`, `Not([IsSoftDeleted])`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("The expression is longer than {LONGEST} characters."));
        }
        let (expression, rest) = read(text)?;
        if rest.trim().is_empty() {
            Ok(expression)
        } else {
            Err(format!("Unexpected text after the expression: {rest}"))
        }
    }

    /// Reads an `attributeMappingSource`.
    pub(super) fn of_source(source: &Value) -> Option<Self> {
        let name = source["name"].as_str()?;
        match source["type"].as_str()? {
            "Attribute" => Some(Self::Attribute(name.to_owned())),
            "Constant" => Some(Self::Constant(name.to_owned())),
            "Function" => {
                let parameters = source["parameters"].as_array()?;
                let arguments: Option<Vec<Self>> =
                    parameters.iter().map(|parameter| Self::of_source(&parameter["value"])).collect();
                Some(Self::Call(name.to_owned(), arguments?))
            }
            _ => None,
        }
    }

    /// As an `attributeMappingSource`.
    pub(super) fn source(&self) -> Value {
        let (kind, name, parameters) = match self {
            Self::Attribute(name) => ("Attribute", name, Vec::new()),
            Self::Constant(value) => ("Constant", value, Vec::new()),
            Self::Call(name, arguments) => {
                let names = parameters(name).unwrap_or_default();
                let value = |(at, argument): (usize, &Self)| json!({"key": names.get(at).or(names.last()), "value": argument.source()});
                ("Function", name, arguments.iter().enumerate().map(value).collect())
            }
        };
        json!({"expression": self.text(), "name": name, "type": kind, "parameters": parameters})
    }

    /// As it is written.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Attribute(name) => format!("[{name}]"),
            Self::Constant(value) => format!("\"{value}\""),
            Self::Call(name, arguments) => {
                format!("{name}({})", arguments.iter().map(Self::text).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// What it is worth where attributes have these values; nothing comes of nothing.
    pub(super) fn evaluate(&self, value_of: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        match self {
            Self::Attribute(name) => value_of(name),
            Self::Constant(value) => Some(value.clone()),
            Self::Call(name, arguments) => {
                let mut values = arguments.iter().map(|argument| argument.evaluate(value_of));
                match name.as_str() {
                    "Coalesce" => values.flatten().next(),
                    "Join" => {
                        let separator = values.next().flatten()?;
                        Some(values.flatten().collect::<Vec<_>>().join(&separator))
                    }
                    _ => {
                        let first = values.next().flatten()?;
                        Some(match name.as_str() {
                            "Append" => first + &values.next().flatten().unwrap_or_default(),
                            "Not" => if first.eq_ignore_ascii_case("true") { "False" } else { "True" }.to_owned(),
                            "ToLower" => first.to_lowercase(),
                            "ToUpper" => first.to_uppercase(),
                            "Trim" => first.trim().to_owned(),
                            _ => first,
                        })
                    }
                }
            }
        }
    }
}

fn parameters(function: &str) -> Option<&'static [&'static str]> {
    FUNCTIONS.iter().find(|(name, _)| *name == function).map(|(_, parameters)| *parameters)
}

/// One expression, and what follows it.
fn read(text: &str) -> Result<(Expression, &str), String> {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('[') {
        let (name, rest) = inside.split_once(']').ok_or("An attribute is not closed.")?;
        return Ok((Expression::Attribute(name.to_owned()), rest));
    }
    if let Some(inside) = text.strip_prefix('"') {
        let (value, rest) = inside.split_once('"').ok_or("A text is not closed.")?;
        return Ok((Expression::Constant(value.to_owned()), rest));
    }
    let (name, mut rest) = text.split_once('(').ok_or_else(|| format!("No attribute, text or function: {text}"))?;
    let known = parameters(name.trim()).ok_or_else(|| format!("There is no function {}.", name.trim()))?;
    let mut arguments = Vec::new();
    loop {
        let (argument, after) = read(rest)?;
        arguments.push(argument);
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix(',') {
            rest = after;
        } else {
            rest = after.strip_prefix(')').ok_or("A function is not closed.")?;
            break;
        }
    }
    let repeats = name.trim() == "Join" || name.trim() == "Coalesce";
    if arguments.len() < known.len() || arguments.len() > known.len() && !repeats {
        return Err(format!("{} takes {} parameters.", name.trim(), known.len()));
    }
    Ok((Expression::Call(name.trim().to_owned(), arguments), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_held_alike() {
        for text in ["[mail]", "\"Member\"", "Join(\" \", [givenName], [surname])", "Not([IsSoftDeleted])"] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(expression.text(), text);
            assert_eq!(Expression::of_source(&expression.source()), Some(expression));
        }
        for text in ["[mail", "\"x", "Nothing([x])", "Not([x]", "Not([x], [y])", "[x] [y]", "", &"x".repeat(10_001)] {
            Expression::parse(text).unwrap_err();
        }
    }

    #[test]
    fn functions_are_worth_what_their_names_say() {
        let value_of = |name: &str| (name == "name").then(|| " Ada ".to_owned());
        let worth = |text: &str| Expression::parse(text).unwrap().evaluate(&value_of);
        let cases = [
            ("Trim([name])", Some("Ada")),
            ("ToUpper(Trim([name]))", Some("ADA")),
            ("ToLower(\"X\")", Some("x")),
            ("Append(\"a\", \"b\")", Some("ab")),
            ("Join(\"-\", \"a\", [none], \"b\")", Some("a-b")),
            ("Coalesce([none], \"b\")", Some("b")),
            ("Not(\"True\")", Some("False")),
            ("ToUpper([none])", None),
        ];
        for (text, expected) in cases {
            assert_eq!(worth(text).as_deref(), expected, "{text}");
        }
    }
}
