//! `…/jobs/{job}/schema`: reading and replacing it, the operators of its filters, and trying expressions.

use super::expression::Expression;
use super::jobs::require;
use super::schema;
use super::scope::{Arity, OPERATORS};
use crate::tenant::error::GraphError;
use crate::tenant::query::{Query, context_url};
use crate::tenant::request::{Answer, GraphResult, Request};
use crate::tenant::state::State;
use serde_json::{Value, json};
use uuid::Uuid;

/// `GET …/jobs/{job}/schema`
pub(super) fn get(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let mut schema = require(state, principal, key)?.schema.clone();
    let set = format!("servicePrincipals('{principal}')/synchronization/jobs('{key}')/schema/$entity");
    schema["@odata.context"] = context_url(state, &set).into();
    Ok(Answer::ok(schema))
}

/// `PUT …/jobs/{job}/schema`: what is not sent is gone. The next cycle looks at everybody.
pub(super) fn replace(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let mut wanted = Value::Object(request.object()?.clone());
    let job = require(state, principal, key)?;
    schema::check(&wanted).map_err(|message| GraphError::new(400, "schemaInvalid", message))?;
    if let Some(wanted) = wanted.as_object_mut() {
        wanted.retain(|name, _| !name.starts_with('@'));
        wanted.insert("id".into(), job.schema["id"].clone());
        wanted.entry("directories").or_insert_with(|| json!([]));
        wanted.entry("version").or_insert_with(|| job.schema["version"].clone());
    }
    job.schema = wanted;
    job.full = true;
    Ok(Answer::empty(204))
}

/// `GET …/jobs/{job}/schema/filterOperators`
pub(super) fn operators(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    require(state, principal, key)?;
    let shown = OPERATORS.iter().map(|(name, arity)| {
        json!({
            "id": name,
            "arity": if *arity == Arity::Unary { "Unary" } else { "Binary" },
            "multivaluedComparisonType": "All",
            "supportedAttributeTypes": if name.ends_with("TRUE") || name.ends_with("FALSE") { ["Boolean"] } else { ["String"] },
        })
    });
    let shown: Vec<Value> = shown.collect();
    let context = context_url(state, "Collection(microsoft.graph.filterOperatorSchema)");
    Ok(Answer::ok(json!({"@odata.context": context, "value": shown})))
}

/// `POST …/jobs/{job}/schema/parseExpression`
pub(super) fn parse(state: &mut State, request: &Request, principal: Uuid, key: &str) -> GraphResult {
    Query::parse(request, &[])?;
    let body = request.object()?;
    require(state, principal, key)?;
    let text = body.get("expression").and_then(Value::as_str).unwrap_or_default();
    let input = body.get("testInputObject");
    let properties = input.and_then(|input| input["properties"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let value_of = |name: &str| {
        let property = properties.iter().find(|property| property["key"] == name)?;
        property["value"].as_str().map(str::to_owned)
    };
    let (parsed, result, error) = match Expression::parse(text) {
        Ok(expression) => {
            let result: Vec<String> = expression.evaluate(&value_of).into_iter().collect();
            (expression.source(), result, Value::Null)
        }
        Err(message) => {
            let error =
                json!({"code": "ParsingFailed", "message": message, "target": null, "details": [], "innerError": null});
            (Value::Null, Vec::new(), error)
        }
    };
    Ok(Answer::ok(json!({
        "@odata.context": context_url(state, "microsoft.graph.parseExpressionResponse"),
        "error": error,
        "evaluationResult": result,
        "evaluationSucceeded": input.is_some_and(|input| !input.is_null()) && !parsed.is_null(),
        "parsedExpression": parsed,
        "parsingSucceeded": !parsed.is_null(),
    })))
}
