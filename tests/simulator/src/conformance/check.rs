//! Holds one exchange against the model.
//!
//! Responsible for: the order of things, and methods. Not responsible for: paths, queries and bodies, which have their
//! own modules.

use super::body::{Body, is_object};
use super::difference::{Difference, Part};
use super::model::{Model, TypeRef};
use super::path::{self, Target, Via};
use super::query::{self, Scope};
use super::sink::Sink;
use super::{request, response};
use crate::exchange::Exchange;
use serde_json::Value;

/// All differences of one exchange.
pub(super) fn check(model: &Model, exchange: &Exchange) -> Vec<Difference> {
    differences(model, exchange, exchange.response.as_ref())
}

/// The differences of what was asked, whatever came of it.
pub(super) fn check_request(model: &Model, exchange: &Exchange) -> Vec<Difference> {
    differences(model, exchange, None)
}

fn differences(model: &Model, exchange: &Exchange, answer: Option<&Value>) -> Vec<Difference> {
    let resource = match path::resolve(model, &exchange.path) {
        Ok(resource) => resource,
        Err(unresolved) => {
            let mut sink = Sink::new(&exchange.method, &unresolved.template);
            sink.add(Part::Path, "", unresolved.says, unresolved.found);
            return sink.into_differences();
        }
    };
    let target = &resource.target;
    let mut sink = Sink::new(&exchange.method, &resource.template);
    if let Err(says) = method_fits(target, &exchange.method) {
        sink.add(Part::Path, "", says, &exchange.method);
        return sink.into_differences();
    }
    // What is inside a batch comes as exchanges of their own.
    if !matches!(target, Target::Batch) {
        let scope = scope(model, target);
        let selected = query::check(model, &scope, &exchange.query, &mut sink);
        let mut body = Body { model, sink: &mut sink, part: Part::Request, delta: false };
        request::check(&mut body, target, &exchange.method, exchange.request.as_ref());
        if let Some(answer) = answer {
            let mut body = Body { model, sink: &mut sink, part: Part::Response, delta: scope.delta };
            match exchange.status {
                400.. => response::check_error(&mut body, answer),
                200..300 => response::check(&mut body, target, &exchange.method, selected.as_ref(), answer),
                _ => {}
            }
        }
    }
    sink.into_differences()
}

/// Whether the method makes sense there; an error is what the schema says.
fn method_fits(target: &Target<'_>, method: &str) -> Result<(), String> {
    let allowed: &[&str] = match target {
        Target::Batch => &["POST"],
        Target::Collection { via: Via::Referenced, .. } | Target::Count(_) => &["GET"],
        Target::Collection { .. } | Target::References(_) => &["GET", "POST"],
        // Through a link the entity itself would be changed or deleted, where the link was meant.
        Target::Entity { via: Via::Referenced, .. } => &["GET"],
        Target::Entity { via: Via::Root, keyed: false, .. } => &["GET", "PATCH"],
        Target::Entity { keyed: true, .. } => &["GET", "PATCH", "DELETE"],
        Target::Entity { keyed: false, .. } | Target::Property(_) => &["GET", "PATCH", "PUT", "DELETE"],
        Target::Operation(overloads) if overloads.iter().all(|overload| overload.action) => &["POST"],
        Target::Operation(_) => &["GET"],
        Target::Reference { keyed: true } => &["DELETE"],
        Target::Reference { keyed: false } => &["GET", "PUT", "DELETE"],
        Target::Value => &["GET", "PUT"],
    };
    if allowed.contains(&method) { Ok(()) } else { Err(format!("only {} fits this path", allowed.join(", "))) }
}

/// What query options apply to.
fn scope(model: &Model, target: &Target<'_>) -> Scope {
    let mut delta = false;
    let ty = match target {
        Target::Collection { ty, .. } | Target::Count(ty) | Target::References(ty) => Some(TypeRef::collection(ty)),
        Target::Entity { ty, .. } => Some(TypeRef::single(ty)),
        Target::Property(ty) => Some(ty.clone()),
        Target::Operation(overloads) => {
            delta = overloads.iter().any(|overload| overload.is_delta());
            overloads.iter().find_map(|overload| overload.returns.clone())
        }
        Target::Reference { .. } | Target::Value | Target::Batch => None,
    };
    let ty = ty.filter(|ty| is_object(model, &ty.name));
    Scope { collection: ty.as_ref().is_some_and(|ty| ty.collection), ty: ty.map(|ty| ty.name), delta }
}
