//! Checks the query options of a request.
//!
//! Responsible for: which options there are, and the properties that `$select`, `$expand`, `$orderby` and `$search`
//! name. Not responsible for: `$filter`, see [`filter`]; nor for which queries the services support.

use std::collections::{BTreeMap, HashSet};
use url::form_urlencoded;

use super::difference::Part;
use super::filter;
use super::model::{Model, TypeRef};
use super::property_path::{Walked, walk};
use super::sink::Sink;
use super::text::{split_outside, split_parentheses};

/// What the options apply to.
pub(super) struct Scope {
    /// The type of the items, or of the one object; `None` where no option makes sense.
    pub(super) ty: Option<String>,
    pub(super) collection: bool,
    pub(super) delta: bool,
}

/// Checks the raw query. Gives the names that the answer may have at the top, if `$select` says so.
pub(super) fn check(model: &Model, scope: &Scope, raw: &str, sink: &mut Sink<'_>) -> Option<HashSet<String>> {
    let mut options = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
        if options.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            sink.add(Part::Query, &name, "an option may be given once", "it twice");
        }
    }
    let mut checker = Checker { model, sink };
    for (name, value) in &options {
        checker.option(scope, name, value, "");
    }
    let select = options.get("$select")?;
    let expand = options.get("$expand").map(String::as_str).unwrap_or_default();
    let names: HashSet<String> =
        split_outside(select, ',').into_iter().chain(split_outside(expand, ',')).map(first).collect();
    (!names.contains("*")).then_some(names)
}

/// The property at the beginning of an item, without the cast before it.
fn first(item: &str) -> String {
    let path = item.split('(').next().unwrap_or_default();
    path.split('/').find(|segment| !segment.contains('.')).unwrap_or_default().to_owned()
}

struct Checker<'c, 'e> {
    model: &'c Model,
    sink: &'c mut Sink<'e>,
}

impl Checker<'_, '_> {
    /// One option. `within` is the place that it is nested in: empty, or `$expand(members)`.
    fn option(&mut self, scope: &Scope, name: &str, value: &str, within: &str) {
        let at = format!("{within}{name}");
        // The tokens are opaque, and Graph's documents write them in both ways.
        let token = matches!(name, "$skiptoken" | "$skipToken" | "$deltatoken" | "$deltaToken");
        if token && within.is_empty() {
            let delta = name.starts_with("$delta");
            if delta && !scope.delta {
                self.add(&at, "only delta functions have one", value);
            } else if !scope.collection {
                self.add(&at, "only collections have it", value);
            }
            return;
        }
        let single_too = matches!(name, "$select" | "$expand" | "$levels");
        if !single_too && !matches!(name, "$filter" | "$orderby" | "$search" | "$top" | "$skip" | "$count") {
            return self.add(&at, "Graph has no option of that name", name);
        }
        let Some(ty) = scope.ty.as_deref().filter(|_| single_too || scope.collection) else {
            return self.add(&at, "what the path addresses has no such option", value);
        };
        match name {
            "$select" => split_outside(value, ',').into_iter().for_each(|item| self.select(ty, item, &at)),
            "$expand" => split_outside(value, ',').into_iter().for_each(|item| self.expand(ty, item, &at)),
            "$orderby" => split_outside(value, ',').into_iter().for_each(|item| self.order(ty, item, &at)),
            "$search" => self.search(ty, value, &at),
            "$filter" => filter::check(self.model, ty, value)
                .into_iter()
                .for_each(|problem| self.add(&at, &problem.says, &problem.found)),
            "$count" if !matches!(value, "true" | "false") => self.add(&at, "true or false", value),
            "$top" | "$skip" if value.parse::<u32>().is_err() => self.add(&at, "a number", value),
            "$levels" if value != "max" && value.parse::<u32>().is_err() => self.add(&at, "a number or max", value),
            _ => {}
        }
    }

    fn select(&mut self, ty: &str, item: &str, at: &str) {
        if item == "*" {
            return;
        }
        let Some((path, inside)) = split_parentheses(item) else {
            return self.add(at, "parentheses that are closed", item);
        };
        match walk(self.model, &TypeRef::single(ty), path, true) {
            Err(says) => self.add(at, &says, path),
            Ok(Walked::Typed { ty, .. }) => self.nested(&ty, inside, &format!("{at}({path})")),
            Ok(Walked::Dynamic) => {}
        }
    }

    fn expand(&mut self, ty: &str, item: &str, at: &str) {
        let Some((path, inside)) = split_parentheses(item) else {
            return self.add(at, "parentheses that are closed", item);
        };
        let path = path.strip_suffix("/$ref").unwrap_or(path);
        match walk(self.model, &TypeRef::single(ty), path, true) {
            Err(says) => self.add(at, &says, path),
            Ok(Walked::Typed { ty, navigation: true }) => self.nested(&ty, inside, &format!("{at}({path})")),
            Ok(_) => self.add(at, &format!("a navigation property of {ty}"), path),
        }
    }

    fn nested(&mut self, ty: &TypeRef, inside: Option<&str>, within: &str) {
        let scope = Scope { ty: Some(ty.name.clone()), collection: ty.collection, delta: false };
        for option in inside.map(|text| split_outside(text, ';')).unwrap_or_default() {
            match option.split_once('=') {
                Some((name, value)) => self.option(&scope, name.trim(), value.trim(), within),
                None => self.add(within, "options of the form name=value", option),
            }
        }
    }

    fn order(&mut self, ty: &str, item: &str, at: &str) {
        let path = item.strip_suffix(" desc").or_else(|| item.strip_suffix(" asc")).unwrap_or(item).trim_end();
        if path == "$count" {
            return;
        }
        match walk(self.model, &TypeRef::single(ty), path, false) {
            Err(says) => self.add(at, &says, path),
            Ok(Walked::Typed { ty, .. })
                if !ty.name.starts_with("Edm.") && !self.is_enumeration(&ty) || ty.collection =>
            {
                self.add(at, &format!("{ty} has no order"), path);
            }
            Ok(_) => {}
        }
    }

    fn is_enumeration(&self, ty: &TypeRef) -> bool {
        self.model.enumerations.contains_key(&ty.name)
    }

    /// `"displayName:one" OR "mail:two"`: on the directory every clause names a property; free text has no colon.
    fn search(&mut self, ty: &str, value: &str, at: &str) {
        for clause in value.split('"').skip(1).step_by(2) {
            if let Some((property, _)) = clause.split_once(':')
                && let Err(says) = walk(self.model, &TypeRef::single(ty), property, true)
            {
                self.add(at, &says, property);
            }
        }
    }

    fn add(&mut self, at: &str, says: &str, found: &str) {
        self.sink.add(Part::Query, at, says, format!("`{found}`"));
    }
}
