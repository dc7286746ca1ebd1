//! As much of the expressions of Azure Logic Apps as the documentation uses.
//!
//! Responsible for: filling in a definition. Not responsible for: everything else that Logic Apps knows; what is not known here
//! is an error.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// What expressions can refer to, by function and name: `parameters`, `variables`, `outputs`, and `triggerBody` itself.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) trigger_body: Value,
    pub(super) parameters: Map<String, Value>,
    pub(super) variables: Map<String, Value>,
    /// What each action gave: `statusCode` and `body`.
    pub(super) outputs: Map<String, Value>,
}

impl Scope {
    /// A part of a definition with all its expressions filled in.
    pub(super) fn fill_in(&self, part: &Value) -> Result<Value> {
        Ok(match part {
            Value::String(text) => self.fill_in_text(text).with_context(|| text.clone())?,
            Value::Array(parts) => parts.iter().map(|part| self.fill_in(part)).collect::<Result<_>>()?,
            Value::Object(map) => Value::Object(
                map.iter().map(|(key, part)| Ok((key.clone(), self.fill_in(part)?))).collect::<Result<_>>()?,
            ),
            other => other.clone(),
        })
    }

    fn fill_in_text(&self, text: &str) -> Result<Value> {
        if let Some(expression) = text.strip_prefix('@').filter(|rest| !rest.starts_with('{')) {
            return self.evaluate(expression);
        }
        let mut parts = text.split("@{");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (expression, rest) = part.split_once('}').context("an end of the expression")?;
            filled += self.evaluate(expression)?.as_str().context("a text")?;
            filled += rest;
        }
        Ok(Value::String(filled))
    }

    fn evaluate(&self, expression: &str) -> Result<Value> {
        let mut parser = Parser { scope: self, rest: expression };
        let value = parser.value()?;
        ensure!(parser.rest.is_empty(), "not understood: {}", parser.rest);
        Ok(value)
    }

    fn call(&self, function: &str, arguments: &[Value]) -> Result<Value> {
        let named = |of: &Map<String, Value>, name: &Value| {
            let name = name.as_str().context("a name")?;
            of.get(name).cloned().with_context(|| format!("{function} knows no {name}"))
        };
        Ok(match (function, arguments) {
            ("triggerBody", []) => self.trigger_body.clone(),
            ("parameters", [name]) => named(&self.parameters, name)?,
            ("variables", [name]) => named(&self.variables, name)?,
            ("outputs", [name]) => named(&self.outputs, name)?,
            ("body", [name]) => named(&self.outputs, name)?["body"].clone(),
            ("equals", [one, other]) => (one == other).into(),
            ("not", [Value::Bool(one)]) => (!one).into(),
            ("and", [Value::Bool(one), Value::Bool(other)]) => (*one && *other).into(),
            ("or", [Value::Bool(one), Value::Bool(other)]) => (*one || *other).into(),
            ("if", [Value::Bool(condition), then, otherwise]) => if *condition { then } else { otherwise }.clone(),
            _ => bail!("{function} is not called in this way: {arguments:?}"),
        })
    }
}

/// Reads from the left, and evaluates while it reads.
struct Parser<'a> {
    scope: &'a Scope,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    /// A literal or a call, and what is taken out of it by `[…]` or `?[…]`; nothing is in nothing.
    fn value(&mut self) -> Result<Value> {
        let mut value = self.literal_or_call()?;
        while self.takes("?[") || self.takes("[") {
            let found = match self.value()? {
                Value::String(key) => value.get(key),
                Value::Number(place) => value.get(usize::try_from(place.as_u64().context("a place")?)?),
                other => bail!("nothing is found by {other}"),
            };
            value = found.cloned().unwrap_or_default();
            ensure!(self.takes("]"), "] is missing: {}", self.rest);
        }
        Ok(value)
    }

    fn literal_or_call(&mut self) -> Result<Value> {
        self.rest = self.rest.trim_start();
        if self.takes("'") {
            let (text, rest) = self.rest.split_once('\'').context("the text has no end")?;
            self.rest = rest;
            return Ok(text.into());
        }
        let word = self.word();
        if !self.takes("(") {
            return serde_json::from_str(word).with_context(|| format!("{word} is no literal"));
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(self.value()?);
            self.takes(",");
            ensure!(!self.rest.is_empty(), ") is missing");
        }
        self.scope.call(word, &arguments)
    }

    fn word(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
