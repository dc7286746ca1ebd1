//! Follows a path of properties inside a query: `onPremisesExtensionAttributes/extensionAttribute1`,
//! `microsoft.graph.user/mail`, `assignedLicenses/$count`.
//!
//! Responsible for: the type at its end. Not responsible for: the paths of requests, see [`path`](super::path).

use super::model::{Lookup, Model, TypeRef};

/// Where a path led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Walked {
    Typed {
        ty: TypeRef,
        navigation: bool,
    },
    /// Into an open type, where the schema says nothing.
    Dynamic,
}

/// Follows the path from a value of this type; an error is what the schema says.
///
/// `through_collections` is whether a step may lead from a collection to the properties of its items, as `$select` and
/// `$expand` may and `$filter` may not.
pub(super) fn walk(model: &Model, start: &TypeRef, path: &str, through_collections: bool) -> Result<Walked, String> {
    let mut ty = start.clone();
    let mut navigation = false;
    for segment in path.split('/') {
        if segment == "$count" && ty.collection {
            (ty, navigation) = (TypeRef::single("Edm.Int32"), false);
            continue;
        }
        if let Some(cast) = model.cast(&ty.name, segment) {
            ty.name = cast.to_owned();
            continue;
        }
        if ty.collection && !through_collections {
            return Err(format!("{ty} needs any() or all() before a property of its items"));
        }
        match model.queried_property(&ty.name, segment) {
            Lookup::Declared(property) => (ty, navigation) = (property.ty.clone(), property.is_navigation()),
            Lookup::Dynamic => return Ok(Walked::Dynamic),
            Lookup::Unknown => return Err(format!("{} has no property of that name", ty.name)),
        }
    }
    Ok(Walked::Typed { ty, navigation })
}
