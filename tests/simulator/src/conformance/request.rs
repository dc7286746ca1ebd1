//! Holds the body of a request against what its path takes.
//!
//! Responsible for: which type a request has. Not responsible for: what stands in it, see [`body`](super::body).

use serde_json::{Map, Value};

use super::body::{At, Body, is_object, shown};
use super::model::{Operation, TypeRef};
use super::path::Target;

/// Checks what was sent, or that nothing was.
pub(super) fn check(body: &mut Body<'_, '_>, target: &Target<'_>, method: &str, sent: Option<&Value>) {
    let none = Map::new();
    let object = match sent {
        None if matches!(target, Target::Operation(_)) => &none,
        None => return,
        Some(sent) if matches!(method, "GET" | "DELETE") => {
            return body.add(At::Root, "no body with this method", shown(sent));
        }
        Some(Value::Object(object)) => object,
        Some(_) if matches!(target, Target::Value) => return,
        Some(sent) => return body.add(At::Root, "an object", shown(sent)),
    };
    match target {
        Target::Collection { ty, .. } | Target::Entity { ty, .. } => body.object(ty, object, At::Root),
        Target::Property(ty) if !ty.collection && is_object(body.model, &ty.name) => {
            body.object(&ty.name, object, At::Root);
        }
        Target::Property(ty) => wrapped(body, ty, object),
        Target::Operation(overloads) => parameters(body, overloads, object),
        Target::References(_) | Target::Reference { .. } => body.link(object, At::Root),
        Target::Count(_) | Target::Value | Target::Batch => {}
    }
}

/// `{"value": …}`, as a property that is no object is written.
fn wrapped(body: &mut Body<'_, '_>, ty: &TypeRef, object: &Map<String, Value>) {
    match object.get("value") {
        Some(value) => body.value(ty, true, value, At::Name(&At::Root, "value")),
        None => body.add(At::Root, format!("{ty} in `value`"), "none"),
    }
    for (name, value) in object.iter().filter(|(name, _)| *name != "value") {
        body.add(At::Name(&At::Root, name), "nothing beside `value`", shown(value));
    }
}

/// The parameters of an action; where there are several overloads, those of the one that fits best.
fn parameters(body: &mut Body<'_, '_>, overloads: &[&Operation], sent: &Map<String, Value>) {
    let unknown = |overload: &Operation| sent.keys().filter(|name| overload.parameter(name).is_none()).count();
    let actions = overloads.iter().filter(|overload| overload.action);
    let Some(action) = actions.min_by_key(|overload| unknown(overload)) else {
        return;
    };
    for parameter in &action.parameters {
        if !parameter.nullable && !sent.contains_key(&parameter.name) {
            body.add(At::Name(&At::Root, &parameter.name), "a parameter that must be given", "none");
        }
    }
    for (name, value) in sent {
        let at = At::Name(&At::Root, name);
        match action.parameter(name) {
            Some(parameter) => body.value(&parameter.ty, parameter.nullable, value, at),
            None => body.add(at, "the action has no such parameter", shown(value)),
        }
    }
}
