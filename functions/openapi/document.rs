//! The document.
//!
//! Responsible for: writing the operations down as OpenAPI 3.1, with schemas generated from the types that are read and
//! written. Not responsible for: what the operations are; the functions describe themselves.

use super::operation::{Answer, Content, Operation};
use crate::functions;
use crate::handler::Problem;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Where schemas of answers are kept.
const SCHEMAS: &str = "/components/schemas";
/// What App Service Authentication does.
const SIGN_IN: &str = "A token of a person of this tenant with the app role of `access.approver_role`, which App Service \
    Authentication takes; so does its cookie.";

/// The whole document, of every operation.
pub(super) fn document() -> Value {
    // What is read and what is written may differ for one type; only answers share schemas by name.
    let mut read = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let mut written = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
    });
    written.meta_schema = None;
    let mut written = written.into_generator();
    let mut paths = Map::new();
    for operation in functions::operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = describe(&operation, &mut read, &mut written);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "usher",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What usher, an Azure Functions app, answers over HTTP. Refusals are problem details (RFC 9457).",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": written.take_definitions(true),
            "securitySchemes": {
                "functionKey": { "type": "apiKey", "in": "header", "name": "x-functions-key" },
                "functionKeyInQuery": { "type": "apiKey", "in": "query", "name": "code" },
                "signIn": { "type": "http", "scheme": "bearer", "description": SIGN_IN },
            },
        },
    })
}

fn describe(operation: &Operation, read: &mut SchemaGenerator, written: &mut SchemaGenerator) -> Value {
    let mut described = json!({ "operationId": operation.id, "summary": operation.summary });
    let places = [("path", true, &operation.parameters), ("header", false, &operation.headers)];
    let mut parameters = Vec::new();
    for (place, required, of_place) in places {
        parameters.extend(of_place.iter().map(|(name, description, schema)| {
            json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema(read) })
        }));
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if let Some(body) = operation.body {
        described["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body(read) } } });
    }
    let keys = ["functionKey", "functionKeyInQuery"];
    described["security"] = keys
        .map(|key| if operation.needs_sign_in { json!({ key: [], "signIn": [] }) } else { json!({ key: [] }) })
        .into();
    let answers = operation.answers.iter();
    let answers = answers.map(|(status, answer)| (status.to_string(), answered(*status, answer, written)));
    described["responses"] = answers.collect::<Map<_, _>>().into();
    described
}

fn answered(status: u16, answer: &Answer, written: &mut SchemaGenerator) -> Value {
    let mut answered = json!({ "description": answer.description });
    if answer.says_when {
        let description = "In how many seconds to come again.";
        answered["headers"] =
            json!({ "Retry-After": { "description": description, "schema": { "type": "integer", "minimum": 1 } } });
    }
    if answer.says_where {
        let description = "Where the answer will be.";
        answered["headers"]["Location"] =
            json!({ "description": description, "schema": { "type": "string", "format": "uri-reference" } });
    }
    match &answer.content {
        Content::Nothing => {}
        Content::Json(schema) => answered["content"] = json!({ "application/json": { "schema": schema(written) } }),
        Content::Problem(titles) => {
            let mut schema = written.subschema_for::<Problem>().to_value();
            schema["properties"] = json!({ "status": { "const": status }, "title": { "enum": titles } });
            answered["content"] = json!({ "application/problem+json": { "schema": schema } });
        }
    }
    answered
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_openapi_document_in_the_repository_is_the_generated_one() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let document = document();
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(&path, serde_json::to_string_pretty(&document).unwrap() + "\n").unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let published: Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(
            published == document,
            "docs/openapi.json is not what the code says. Write it anew: UPDATE_OPENAPI=1 cargo test -p usher openapi"
        );
    }
}
