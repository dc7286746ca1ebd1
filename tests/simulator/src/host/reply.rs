//! What the handler answers, and what the host makes of it.
//!
//! Responsible for: which reply is a success, and turning outputs into queue messages and an HTTP answer, traps
//! included.
//!
//! Not responsible for: storing messages, recording invocations.

use super::http::HttpAnswer;
use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

/// .NET does not mind what the unused last bits are.
const DOT_NET_BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What a reply amounts to.
#[derive(Debug)]
pub(super) enum Reply {
    Completed(Answer),
    Failed(String),
    /// The host finds no result in it and waits on.
    Never,
}

/// The parts of a successful reply.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) outputs: Option<Map<String, Value>>,
    pub(super) logs: Vec<String>,
}

impl Reply {
    /// Judges a reply by its status, content type and body.
    pub(super) fn judge(status: u16, content_type: &str, body: &[u8]) -> Self {
        if !(200..300).contains(&status) {
            return Self::Failed(format!("the handler answered {status}"));
        }
        if body.is_empty() {
            return Self::Never;
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !["application/json", "text/json"].contains(&media_type.to_lowercase().as_str()) {
            return Self::Failed(format!("unsupported media type \"{content_type}\""));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Null) => Self::Never,
            Ok(Value::Object(members)) => match Answer::new(members) {
                Ok(answer) => Self::Completed(answer),
                Err(error) => Self::Failed(format!("{error:#}")),
            },
            Ok(_) => Self::Failed("the reply is not a JSON object".to_owned()),
            Err(error) => Self::Failed(format!("the reply is not JSON: {error}")),
        }
    }
}

impl Answer {
    fn new(members: Map<String, Value>) -> Result<Self> {
        let mut answer = Self::default();
        for (name, value) in members {
            match (name.to_lowercase().as_str(), value) {
                ("outputs" | "logs" | "returnvalue", Value::Null) => {}
                ("outputs", Value::Object(outputs)) => answer.outputs = Some(outputs),
                ("outputs", _) => bail!("Outputs is not an object"),
                ("logs", logs) => {
                    answer.logs = serde_json::from_value(logs).context("Logs is not a list of texts")?;
                }
                ("returnvalue", _) => bail!("a ReturnValue is not simulated"),
                _ => {}
            }
        }
        Ok(answer)
    }

    /// The messages of a queue output, none if it is missing or null.
    pub(super) fn messages(&self, binding: &str) -> Result<Vec<Vec<u8>>> {
        let value = self.outputs.as_ref().and_then(|o| o.get(binding));
        Ok(match value {
            None | Some(Value::Null) => Vec::new(),
            // Any text that happens to be valid base64 is decoded, "test" included.
            Some(Value::String(text)) => match from_base64(text) {
                Some(bytes) => vec![bytes],
                None if is_json(text) => elements(
                    &serde_json::from_str(text).with_context(|| format!("the output {binding} looks like JSON"))?,
                ),
                None => vec![text.clone().into_bytes()],
            },
            Some(value) => elements(value),
        })
    }

    /// The answer of an HTTP output.
    pub(super) fn http(&self, binding: &str) -> Result<HttpAnswer> {
        let Some(outputs) = &self.outputs else {
            return Ok(HttpAnswer::empty(200));
        };
        let response = match outputs.get(binding) {
            // The host then takes its own empty response object for the body.
            None => return Ok(HttpAnswer::text(200, "{}")),
            Some(Value::String(text)) => serde_json::from_str(text).ok(),
            Some(value) => Some(value.clone()),
        };
        let Some(Value::Object(response)) = response else {
            bail!("the output {binding} is not a response object");
        };
        let member = |name: &str| {
            let mut members = response.iter();
            members.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        // `status` is ignored: the host always finds its own, empty, StatusCode first.
        let status = match member("statusCode") {
            Some(Value::String(text)) => text.parse().unwrap_or(200),
            Some(Value::Number(number)) => number.as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(200),
            _ => 200,
        };
        let body = member("body").map(text).unwrap_or_default();
        let mut answer = HttpAnswer::text(status, &body);
        match member("headers") {
            None | Some(Value::Null) => {}
            Some(Value::Object(headers)) => {
                for (name, value) in headers {
                    if value.is_null() {
                        bail!("the header {name} is null");
                    }
                    answer.set_header(name, text(value));
                }
            }
            Some(_) => bail!("the headers of the output {binding} are not an object"),
        }
        Ok(answer)
    }
}

/// One message per element of an array, one for anything else.
fn elements(value: &Value) -> Vec<Vec<u8>> {
    match value {
        Value::Array(items) => items.iter().map(|item| text(item).into_bytes()).collect(),
        value => vec![text(value).into_bytes()],
    }
}

/// A value as .NET writes it: objects and arrays over several lines, texts as they are.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        value => format!("{value:#}"),
    }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    DOT_NET_BASE64.decode(text).ok()
}

/// The host's test for JSON looks at the brackets only.
fn is_json(text: &str) -> bool {
    let text = text.trim();
    (text.starts_with('{') && text.ends_with('}')) || (text.starts_with('[') && text.ends_with(']'))
}
