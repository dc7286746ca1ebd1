//! The host's envelope: `{"Data": {binding: value}, "Metadata": {…}}`.
//!
//! Responsible for: taking every shape in which hosts were seen to encode a value: strings encoded once or twice, numbers
//! as numbers or as text, objects as objects or as text, keys that nobody knows. Not responsible for: what the values mean.

use super::reply::Failure;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One envelope.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Envelope {
    /// The trigger's data by binding name.
    #[serde(rename = "Data", default)]
    data: Option<Map<String, Value>>,
    /// What the host knows about the trigger. Producers of messages can add to it, so nothing here is trusted.
    #[serde(rename = "Metadata", default)]
    metadata: Option<Map<String, Value>>,
}

impl Envelope {
    /// Reads an envelope.
    ///
    /// # Errors
    /// When it is none. Only the place is told: the parser's own words may repeat what stands there.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(bytes).map_err(|error| {
            Failure::new(format!("no envelope can be read at line {} column {}", error.line(), error.column()))
        })
    }

    /// The data of a binding.
    pub(crate) fn data(&self, binding: &str) -> Option<&Value> {
        self.data.as_ref()?.get(binding)
    }

    /// A number in the metadata.
    pub(crate) fn metadata_number(&self, key: &str) -> Option<u64> {
        let value = self.metadata.as_ref()?.get(key)?;
        value.as_u64().or_else(|| text(value)?.trim().parse().ok())
    }
}

/// A value that is a string, encoded once or twice, as the string that it stands for.
pub(crate) fn text(value: &Value) -> Option<String> {
    let once = value.as_str()?;
    Some(serde_json::from_str::<String>(once).unwrap_or_else(|_| once.to_owned()))
}

/// A value that is an object, or a string (encoded once or twice) that holds one.
pub(crate) fn object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::String(_) => serde_json::from_str(&text(value)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_string_is_the_same_encoded_once_or_twice() {
        assert_eq!(text(&json!("plain")).as_deref(), Some("plain"));
        assert_eq!(text(&json!("\"plain\"")).as_deref(), Some("plain"));
        assert_eq!(text(&json!("\"{\\\"a\\\":1}\"")).as_deref(), Some("{\"a\":1}"));
        assert_eq!(text(&json!("12")).as_deref(), Some("12"), "a text that looks like a number stays a text");
        assert_eq!(text(&json!(12)), None);
    }

    #[test]
    fn an_object_is_the_same_as_such_or_as_text() {
        for value in [json!({"a": 1}), json!("{\"a\":1}"), json!("\"{\\\"a\\\":1}\"")] {
            assert_eq!(object(&value).unwrap()["a"], 1, "{value}");
        }
        for value in [json!("no"), json!(null), json!([]), json!("[]")] {
            assert!(object(&value).is_none(), "{value}");
        }
    }

    #[test]
    fn numbers_are_read_from_numbers_and_from_text() {
        for value in [json!(3), json!("3"), json!("\"3\"")] {
            let envelope: Envelope = serde_json::from_value(json!({"Metadata": {"DequeueCount": value}})).unwrap();
            assert_eq!(envelope.metadata_number("DequeueCount"), Some(3));
        }
    }

    #[test]
    fn what_is_no_envelope_is_told_by_its_place_only() {
        let failure = Envelope::read(br#"{"Data":"person-0001@fabrikam.us"}"#).unwrap_err();
        assert_eq!(failure.to_string(), "no envelope can be read at line 1 column 33");
    }

    #[test]
    fn missing_and_unknown_keys_are_no_errors() {
        let envelope: Envelope = serde_json::from_value(json!({"New": true, "Data": null})).unwrap();
        assert!(envelope.data("timer").is_none() && envelope.metadata_number("DequeueCount").is_none());
    }
}
