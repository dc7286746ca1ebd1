//! The JSON schema of `usher.toml`.
//!
//! Responsible for: generating it from the types. Not responsible for: judging a file by it (`walk` does).

use super::settings::Config;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

/// The schema that is published as `usher.schema.json`.
pub fn json_schema() -> Value {
    // Inlined, so that whoever reads it, an editor or this crate, needs no references.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>();
    // The line breaks of comments in the source are none of the texts.
    let mut one_line = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = description.replace('\n', " ");
        }
    });
    one_line.transform(&mut schema);
    schema.insert("title".to_owned(), "usher.toml".into());
    schema.to_value()
}
