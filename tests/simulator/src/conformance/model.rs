//! The entity data model of one cloud: types, enumerations, operations and what the service root offers.
//!
//! Responsible for: looking things up with inheritance. Not responsible for: reading them from a document, see
//! [`csdl`](super::csdl).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// The base of everything that lives in the directory. Its types are open for directory and schema extensions only.
const DIRECTORY_OBJECT: &str = "microsoft.graph.directoryObject";

/// A type by its full name, single or as a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypeRef {
    pub(super) name: String,
    pub(super) collection: bool,
}

impl TypeRef {
    /// Reads `Collection(graph.user)` or `Edm.String`, as written.
    pub(super) fn parse(text: &str) -> Self {
        match text.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')')) {
            Some(item) => Self::collection(item),
            None => Self::single(text),
        }
    }

    pub(super) fn single(name: &str) -> Self {
        Self { name: name.to_owned(), collection: false }
    }

    pub(super) fn collection(name: &str) -> Self {
        Self { name: name.to_owned(), collection: true }
    }
}

impl fmt::Display for TypeRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.collection { write!(out, "Collection({})", self.name) } else { out.write_str(&self.name) }
    }
}

/// How a property hangs on its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A value of the object itself.
    Structural,
    /// Another entity that exists only within this one.
    Contained,
    /// Another entity that lives elsewhere and is linked.
    Referenced,
}

/// A declared property.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) ty: TypeRef,
    pub(super) nullable: bool,
    pub(super) kind: Kind,
}

impl Property {
    pub(super) fn is_navigation(&self) -> bool {
        self.kind != Kind::Structural
    }
}

/// An entity type or a complex type.
#[derive(Debug, Default)]
pub(super) struct Structured {
    pub(super) base: Option<String>,
    pub(super) open: bool,
    pub(super) entity: bool,
    pub(super) properties: HashMap<String, Property>,
}

/// The names of an enumeration.
#[derive(Debug, Default)]
pub(super) struct Enumeration {
    pub(super) flags: bool,
    pub(super) members: HashSet<String>,
}

impl Enumeration {
    /// Whether the text is one member, or a comma-separated list of members where the type has flags.
    pub(super) fn accepts(&self, text: &str) -> bool {
        if self.flags {
            text.split(',').all(|name| self.members.contains(name.trim()))
        } else {
            self.members.contains(text)
        }
    }
}

/// A parameter of an operation, apart from the one that it is bound to.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) ty: TypeRef,
    pub(super) nullable: bool,
}

/// One overload of a bound action or function.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) action: bool,
    pub(super) binding: TypeRef,
    pub(super) parameters: Vec<Parameter>,
    pub(super) returns: Option<TypeRef>,
}

impl Operation {
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Whether it tracks changes. The schema does not mark this; in Graph it is the functions of this name.
    pub(super) fn is_delta(&self) -> bool {
        !self.action && self.name == "delta"
    }
}

/// What a type says about the name of a property.
pub(super) enum Lookup<'m> {
    Declared(&'m Property),
    /// Not declared, but the type is open for it.
    Dynamic,
    Unknown,
}

/// One cloud's model.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) types: HashMap<String, Structured>,
    pub(super) enumerations: HashMap<String, Enumeration>,
    /// All overloads by the operation's short name.
    pub(super) operations: HashMap<String, Vec<Operation>>,
    /// Entity sets (as collections) and singletons.
    pub(super) roots: HashMap<String, TypeRef>,
    /// Namespaces by their aliases.
    pub(super) aliases: HashMap<String, String>,
}

impl Model {
    /// The type and its bases, from the most derived one.
    fn lineage<'m>(&'m self, name: &str) -> impl Iterator<Item = (&'m str, &'m Structured)> + use<'m> {
        let named = |name: &str| {
            let (name, ty) = self.types.get_key_value(name)?;
            Some((name.as_str(), ty))
        };
        std::iter::successors(named(name), move |(_, ty)| named(ty.base.as_deref()?))
    }

    /// Whether `name` is `base` or derives from it.
    pub(super) fn is_a(&self, name: &str, base: &str) -> bool {
        name == base || self.lineage(name).any(|(ancestor, _)| ancestor == base)
    }

    /// The name as an object of exactly this type may carry it.
    pub(super) fn property(&self, ty: &str, name: &str) -> Lookup<'_> {
        if let Some(found) = self.declared(ty, name) {
            return Lookup::Declared(found);
        }
        if !self.is_open(ty) {
            return Lookup::Unknown;
        }
        // The directory's types are open for extensions only, and all names of extensions have an underscore:
        // `extension_<app>_<name>`, `<domain>_<name>`. Anything else there is a slip of the pen.
        if self.is_a(ty, DIRECTORY_OBJECT) && !name.contains('_') { Lookup::Unknown } else { Lookup::Dynamic }
    }

    /// The name as a query may use it: Graph lets a query on a collection of an open base type, such as the
    /// members of a group, name what only derived types declare.
    pub(super) fn queried_property(&self, ty: &str, name: &str) -> Lookup<'_> {
        match self.property(ty, name) {
            Lookup::Unknown if self.is_open(ty) => self
                .types
                .iter()
                .filter(|(candidate, _)| self.is_a(candidate, ty))
                .find_map(|(_, candidate)| candidate.properties.get(name))
                .map_or(Lookup::Unknown, Lookup::Declared),
            found => found,
        }
    }

    fn declared(&self, ty: &str, name: &str) -> Option<&Property> {
        self.lineage(ty).find_map(|(_, ancestor)| ancestor.properties.get(name))
    }

    fn is_open(&self, ty: &str) -> bool {
        self.lineage(ty).any(|(_, ancestor)| ancestor.open)
    }

    /// The full name of what may be named by an alias: `graph.user` is `microsoft.graph.user`.
    pub(super) fn full_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let aliased = name.split_once('.').filter(|(_, rest)| !rest.contains('.'));
        let full = aliased.and_then(|(alias, rest)| Some(format!("{}.{rest}", self.aliases.get(alias)?)));
        full.map_or(Cow::Borrowed(name), Cow::Owned)
    }

    /// The type that a cast names (`microsoft.graph.user`, `graph.user`), if it is `ty` or derives from it.
    pub(super) fn cast(&self, ty: &str, name: &str) -> Option<&str> {
        let (found, _) = self.types.get_key_value(self.full_name(name).as_ref())?;
        self.is_a(found, ty).then_some(found.as_str())
    }

    /// The overloads of an operation that can be called on this type, those bound to the nearest base only. The
    /// name may be short (`restore`) or full (`microsoft.graph.restore`).
    pub(super) fn operations_on(&self, ty: &TypeRef, name: &str) -> Vec<&Operation> {
        let short = name.rsplit('.').next().unwrap_or(name);
        let Some(overloads) = self.operations.get(short) else {
            return Vec::new();
        };
        for (ancestor, _) in self.lineage(&ty.name) {
            let here: Vec<_> = overloads
                .iter()
                .filter(|one| one.binding.collection == ty.collection && one.binding.name == ancestor)
                .collect();
            if !here.is_empty() {
                return here;
            }
        }
        Vec::new()
    }
}
