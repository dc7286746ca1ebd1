//! Objects of any type as they are shown behind a relationship.

use super::auth::{Caller, READ_USERS};
use super::error::GraphError;
use super::model::Directory;
use super::objects::{Group, OtherKind, OtherObject};
use super::property::{Resource, find_name, render};
use super::query::Query;
use super::user::User;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Refuses what no type has that is shown behind a relationship.
pub(super) fn check_select(query: &Query) -> Result<(), GraphError> {
    for name in query.select.iter().flatten() {
        find_name(&[User::NAMES, Group::NAMES].concat(), name, "directoryObject")?;
    }
    Ok(())
}

/// Whether the caller sees more of users than type and id.
pub(super) fn sees_users(caller: &Caller) -> bool {
    caller.has_any(READ_USERS)
}

/// An object that another one refers to: a member of a group, a sponsor.
pub(super) enum Member<'a> {
    User(&'a User),
    Group(&'a Group),
    Other(&'a OtherObject),
}

impl<'a> Member<'a> {
    /// The object as readers see it now.
    pub(super) fn find(directory: &'a Directory, id: Uuid) -> Option<Self> {
        let user = directory.shown_user(id).map(Self::User);
        let group = || directory.groups.get(&id).map(Self::Group);
        let other = || directory.others.get(&id).map(Self::Other);
        user.or_else(group).or_else(other)
    }

    /// Type without the namespace.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => User::TYPE,
            Self::Group(_) => Group::TYPE,
            Self::Other(other) => other.kind.name(),
        }
    }

    /// As Graph shows it: of users whom the caller may not read only type and id, and the type only where it is not
    /// clear.
    pub(super) fn render(
        &self,
        select: Option<&[String]>,
        users_readable: bool,
        show_type: bool,
    ) -> Map<String, Value> {
        let mut object = match self {
            Self::User(user) => {
                let mut object = render(*user, &names::<User>(select));
                if !users_readable {
                    object.iter_mut().filter(|(name, _)| *name != "id").for_each(|(_, value)| *value = Value::Null);
                }
                object
            }
            Self::Group(group) => render(*group, &names::<Group>(select)),
            Self::Other(other) => {
                let mut names = names::<OtherObject>(select);
                names.retain(|name| *name != "mail" || other.kind == OtherKind::OrgContact);
                render(*other, &names)
            }
        };
        if show_type {
            object.insert("@odata.type".into(), format!("#microsoft.graph.{}", self.kind()).into());
        }
        object
    }
}

/// Those of the selected properties that the type has.
fn names<R: Resource>(select: Option<&[String]>) -> Vec<&'static str> {
    let Some(select) = select else {
        return R::DEFAULT.to_vec();
    };
    let chosen = |name: &&&str| select.iter().any(|wanted| wanted == **name);
    R::NAMES.iter().filter(chosen).copied().collect()
}
