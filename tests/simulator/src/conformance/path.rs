//! Resolves the path of a request: entity sets, singletons, keys, properties, casts, operations, `$count`, `$ref`
//! and `$value`.
//!
//! Responsible for: what a path addresses. Not responsible for: which methods fit it, see [`check`](super::check).

use super::model::{Kind, Lookup, Model, Operation, TypeRef};
use super::text::{percent_decode, split_outside, split_parentheses};

/// How the last segment was reached, which decides what may be done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    Root,
    Contained,
    Referenced,
}

/// What a path addresses.
pub(super) enum Target<'m> {
    Collection {
        ty: String,
        via: Via,
    },
    Entity {
        ty: String,
        via: Via,
        keyed: bool,
    },
    Property(TypeRef),
    /// The overloads that fit, at least one.
    Operation(Vec<&'m Operation>),
    /// The number of items, of this type.
    Count(String),
    /// The links of a collection to items of this type.
    References(String),
    /// One link; `keyed` within a collection.
    Reference {
        keyed: bool,
    },
    /// The raw bytes of something.
    Value,
    Batch,
}

/// A path that was understood.
pub(super) struct Resource<'m> {
    /// The path with `{id}` for keys.
    pub(super) template: String,
    pub(super) target: Target<'m>,
}

/// A path that was not understood.
pub(super) struct Unresolved {
    pub(super) template: String,
    pub(super) says: String,
    pub(super) found: String,
}

/// Resolves a path below the version.
pub(super) fn resolve<'m>(model: &'m Model, path: &str) -> Result<Resource<'m>, Unresolved> {
    let mut template = String::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').map(percent_decode);
    let first = segments.next().unwrap_or_default();
    let mut target = take(&mut template, &first, root(model, &first))?;
    for segment in segments {
        target = take(&mut template, &segment, follow(model, target, &segment))?;
    }
    Ok(Resource { template, target })
}

fn take<'m>(template: &mut String, segment: &str, step: Result<Step<'m>, String>) -> Result<Target<'m>, Unresolved> {
    template.push('/');
    match step {
        Ok(step) => {
            template.push_str(&step.shown);
            Ok(step.target)
        }
        Err(says) => Err(Unresolved { template: format!("{template}{segment}"), says, found: format!("`{segment}`") }),
    }
}

/// One segment taken.
struct Step<'m> {
    target: Target<'m>,
    shown: String,
}

fn step<'m>(target: Target<'m>, shown: &str) -> Result<Step<'m>, String> {
    Ok(Step { target, shown: shown.to_owned() })
}

fn root<'m>(model: &'m Model, segment: &str) -> Result<Step<'m>, String> {
    if segment == "$batch" {
        return step(Target::Batch, segment);
    }
    let (name, inside) = split_parentheses(segment).ok_or("parentheses that are closed")?;
    let ty = model.roots.get(name).ok_or("no entity set or singleton of that name")?;
    let target = if ty.collection {
        Target::Collection { ty: ty.name.clone(), via: Via::Root }
    } else {
        Target::Entity { ty: ty.name.clone(), via: Via::Root, keyed: false }
    };
    with_key(model, target, name, inside)
}

/// Goes on from what was reached so far.
fn follow<'m>(model: &'m Model, current: Target<'m>, segment: &str) -> Result<Step<'m>, String> {
    if segment.is_empty() {
        return Err("no empty segments".to_owned());
    }
    match current {
        Target::Collection { ty, via } => match segment {
            "$count" => step(Target::Count(ty), segment),
            "$ref" if via == Via::Referenced => step(Target::References(ty), segment),
            _ => from_collection(model, ty, via, segment),
        },
        Target::Entity { ty, via, keyed } => match segment {
            "$ref" if via == Via::Referenced => step(Target::Reference { keyed }, segment),
            "$value" => step(Target::Value, segment),
            _ => match model.cast(&ty, segment) {
                Some(cast) => step(Target::Entity { ty: cast.to_owned(), via, keyed }, segment),
                None => from_object(model, &ty, segment),
            },
        },
        Target::Property(ty) => match segment {
            "$count" if ty.collection => step(Target::Count(ty.name), segment),
            "$value" if !ty.collection => step(Target::Value, segment),
            _ if ty.collection => Err(format!("nothing below {ty} but $count")),
            _ => from_object(model, &ty.name, segment),
        },
        Target::Operation(overloads) => match overloads.as_slice() {
            [Operation { action: false, returns: Some(ty), .. }] => follow(model, returned(model, ty), segment),
            _ => Err("nothing after an action".to_owned()),
        },
        Target::Count(_) | Target::References(_) | Target::Reference { .. } | Target::Value | Target::Batch => {
            Err("nothing after that".to_owned())
        }
    }
}

fn from_collection<'m>(model: &'m Model, ty: String, via: Via, segment: &str) -> Result<Step<'m>, String> {
    let bound = TypeRef::collection(&ty);
    if let Some(cast) = model.cast(&ty, segment) {
        return step(Target::Collection { ty: cast.to_owned(), via }, segment);
    }
    if let Some(found) = operation(model, &bound, segment)? {
        return Ok(found);
    }
    if segment.starts_with('$') {
        return Err(format!("{bound} has no such segment here"));
    }
    if model.full_name(segment).starts_with("microsoft.graph.") {
        return Err(format!("{bound} has no such derived type, action or function"));
    }
    step(Target::Entity { ty, via, keyed: true }, "{id}")
}

/// A property or operation of one entity or complex value.
fn from_object<'m>(model: &'m Model, ty: &str, segment: &str) -> Result<Step<'m>, String> {
    if let Some((name, inside)) = split_parentheses(segment)
        && let Lookup::Declared(property) = model.property(ty, name)
    {
        let via = match property.kind {
            Kind::Structural => return step(Target::Property(property.ty.clone()), segment),
            Kind::Contained => Via::Contained,
            Kind::Referenced => Via::Referenced,
        };
        let target = match &property.ty {
            TypeRef { name, collection: true } => Target::Collection { ty: name.clone(), via },
            TypeRef { name, collection: false } => Target::Entity { ty: name.clone(), via, keyed: false },
        };
        return with_key(model, target, name, inside);
    }
    operation(model, &TypeRef::single(ty), segment)?
        .ok_or_else(|| format!("{ty} has no such property, derived type, action or function"))
}

/// `users('…')` and `servicePrincipals(appId='…')`.
fn with_key<'m>(model: &Model, target: Target<'m>, name: &str, inside: Option<&str>) -> Result<Step<'m>, String> {
    let Some(key) = inside else {
        return step(target, name);
    };
    let Target::Collection { ty, via } = target else {
        return Err("a key only after a collection".to_owned());
    };
    let shown = match key.split_once('=').filter(|_| !key.starts_with('\'')) {
        None => format!("{name}({{id}})"),
        Some((property, _)) => match model.property(&ty, property) {
            Lookup::Declared(_) => format!("{name}({property}={{id}})"),
            Lookup::Dynamic | Lookup::Unknown => {
                return Err(format!("{ty} has no key of that name"));
            }
        },
    };
    step(Target::Entity { ty, via, keyed: true }, &shown)
}

/// An action or function; `None` if there is none of that name.
fn operation<'m>(model: &'m Model, bound: &TypeRef, segment: &str) -> Result<Option<Step<'m>>, String> {
    let Some((name, inside)) = split_parentheses(segment) else {
        return Ok(None);
    };
    let overloads = model.operations_on(bound, name);
    if overloads.is_empty() {
        return Ok(None);
    }
    let mut given: Vec<&str> = inside
        .filter(|text| !text.is_empty())
        .map(|text| split_outside(text, ','))
        .unwrap_or_default()
        .into_iter()
        .map(|argument| argument.split_once('=').map_or(argument, |(name, _)| name))
        .collect();
    given.sort_unstable();
    // The parameters of a function are in the path, those of an action in the body.
    let fitting: Vec<_> = overloads
        .into_iter()
        .filter(|overload| {
            let mut wanted: Vec<&str> = overload.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            wanted.sort_unstable();
            if overload.action { inside.is_none() } else { wanted == given }
        })
        .collect();
    if fitting.is_empty() {
        return Err(format!("{name} on {bound} has no overload with these parameters"));
    }
    let shown = if given.is_empty() { segment.to_owned() } else { format!("{name}({})", given.join(",")) };
    step(Target::Operation(fitting), &shown).map(Some)
}

/// What a function gives, to go on from there.
fn returned<'m>(model: &Model, ty: &TypeRef) -> Target<'m> {
    let entity = model.types.get(&ty.name).is_some_and(|found| found.entity);
    match (entity, ty.collection) {
        (false, _) => Target::Property(ty.clone()),
        (true, true) => Target::Collection { ty: ty.name.clone(), via: Via::Referenced },
        (true, false) => Target::Entity { ty: ty.name.clone(), via: Via::Referenced, keyed: false },
    }
}
