//! Reads what a request for changes asks for.

use super::Kind;
use crate::tenant::error::GraphError;
use crate::tenant::objects::Group;
use crate::tenant::property::{Properties, Resource, find_name, projection, property_set};
use crate::tenant::request::Request;
use crate::tenant::user::User;
use std::collections::BTreeSet;
use uuid::Uuid;

/// No more objects than this are tracked singly.
const MOST_IDS: usize = 50;

/// Relationships that Graph tracks and that are not simulated.
const OTHER_RELATIONSHIPS: &[&str] = &["manager", "owners", "transitiveMembers"];

/// What a request asks for.
pub(super) enum Ask {
    /// A first round.
    Start(Tracked),
    /// Nothing but a link for later.
    Latest(Tracked),
    /// What a link leads to.
    Token(String),
}

/// What is tracked: the query options of a first request, which all its links carry.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    /// What is shown of an object beside its id.
    pub(super) names: Vec<(&'static str, Properties)>,
    /// A change of which of these shows the object.
    pub(super) properties: Properties,
    /// Whether a group's members are shown and tracked.
    pub(super) members: bool,
    /// Only these.
    ids: Option<BTreeSet<Uuid>>,
    /// The options as they were sent.
    pub(super) options: String,
}

impl Ask {
    pub(super) fn read(request: &Request, kind: Kind) -> Result<Self, GraphError> {
        let (mut select, mut filter, mut token, mut skip_token) = (None, None, None, None);
        let mut others = Vec::new();
        for raw in request.query.split('&').filter(|raw| !raw.is_empty()) {
            let Some((name, value)) = url::form_urlencoded::parse(raw.as_bytes()).next() else {
                continue;
            };
            let name = name.to_lowercase();
            let place = match name.as_str() {
                "$deltatoken" => &mut token,
                "$skiptoken" => &mut skip_token,
                "$select" => &mut select,
                "$filter" => &mut filter,
                "$top" | "$orderby" | "$expand" | "$count" | "$search" | "$skip" => {
                    return Err(GraphError::bad_request(format!("'{name}' is not supported by change tracking.")));
                }
                _ => return Err(GraphError::unknown(format!("the query option {name} is not simulated here"))),
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(GraphError::bad_request(format!("Query option '{name}' was specified more than once.")));
            }
            if !name.ends_with("token") {
                others.push(raw);
            }
        }
        match (token.as_deref(), skip_token) {
            (Some("latest" | "") | None, None) => {
                let tracked = Tracked::new(kind, select.as_deref(), filter.as_deref(), others.join("&"))?;
                Ok(if token.as_deref() == Some("latest") { Self::Latest(tracked) } else { Self::Start(tracked) })
            }
            (Some(name), None) if others.is_empty() => Ok(Self::Token(name.to_owned())),
            (None, Some(name)) if others.is_empty() => Ok(Self::Token(name)),
            // The token has them all. Whoever changes a link has misread the page.
            _ => Err(GraphError::bad_request("A link of change tracking must be used as it was given.")),
        }
    }
}

impl Tracked {
    /// Whether the object is one of those that are tracked.
    pub(super) fn tracks(&self, id: Uuid) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
    }

    fn new(kind: Kind, select: Option<&str>, filter: Option<&str>, options: String) -> Result<Self, GraphError> {
        let select: Option<Vec<String>> =
            select.map(|names| names.split(',').map(|name| name.trim().to_owned()).collect());
        let ids = filter.map(ids).transpose()?;
        let (names, members) = match kind {
            Kind::Users => (names::<User>(select.as_deref())?, false),
            Kind::Groups => {
                let members = select.as_ref().is_none_or(|names| names.iter().any(|name| name == "members"));
                let select = select.map(|names| names.into_iter().filter(|name| name != "members").collect::<Vec<_>>());
                (names::<Group>(select.as_deref())?, members)
            }
        };
        let properties = names.iter().fold(0, |set, (_, property)| set | property);
        Ok(Self { names, properties, members, ids, options })
    }
}

fn names<R: Resource>(select: Option<&[String]>) -> Result<Vec<(&'static str, Properties)>, GraphError> {
    for name in select.into_iter().flatten() {
        if OTHER_RELATIONSHIPS.contains(&name.as_str()) {
            return Err(GraphError::unknown(format!("changes of {name} are not simulated")));
        }
        if find_name(R::NAMES, name, R::TYPE)? == "signInActivity" {
            return Err(GraphError::bad_request("signInActivity is not supported in $select by change tracking."));
        }
    }
    let names = projection::<R>(select)?;
    let names = names.into_iter().filter(|name| *name != "id");
    Ok(names.map(|name| (name, property_set::<R>(name))).collect())
}

/// `id eq '…' or id eq '…'` is all that can be asked for.
fn ids(filter: &str) -> Result<BTreeSet<Uuid>, GraphError> {
    let id = |clause: &str| {
        let words: Vec<&str> = clause.split_whitespace().collect();
        match words.as_slice() {
            ["id", "eq", literal] => literal.strip_prefix('\'')?.strip_suffix('\'')?.parse().ok(),
            _ => None,
        }
    };
    let ids: Option<BTreeSet<Uuid>> = filter.split(" or ").map(id).collect();
    ids.filter(|ids| ids.len() <= MOST_IDS).ok_or_else(|| {
        GraphError::bad_request(format!("Change tracking filters by id only, and by no more than {MOST_IDS} of them."))
    })
}
