//! What the directory supports of `$filter`: by property and operator, as a plain request or as an advanced query only.

use super::{Affix, Expression, Literal, Operator};
use crate::tenant::error::GraphError;
use crate::tenant::property::{Resource, find_name};

/// By property, the support of `eq ne not ge le in startsWith endsWith`, then of comparisons with null, then, where it is
/// not left out, of `gt lt contains`: `D` by default, `A` in advanced queries only, `-` not at all.
pub(crate) type Rules = &'static [(&'static str, &'static str)];

/// Microsoft's table for users; what it leaves out of `not` for addresses is as the pages of the properties have it.
pub(crate) const USER_RULES: Rules = &[
    ("accountEnabled", "DAAAAD---"),
    ("ageGroup", "DAA--D---"),
    ("assignedLicenses", "D-A------"),
    ("assignedPlans", "D-A------"),
    ("businessPhones", "D-A------"),
    ("city", "DAAD-DD-A"),
    ("companyName", "AAAAAAA-A"),
    ("country", "DAADDDD-A"),
    ("createdDateTime", "DAADDA---"),
    ("creationType", "DAA--D---"),
    ("deletedDateTime", "A--AA----"),
    ("department", "DAADDDD-A"),
    ("displayName", "DAA--DD-A"),
    ("employeeId", "DA--A-D-A"),
    ("employeeType", "AA-AAAA--"),
    ("externalUserState", "DAA--D---"),
    ("externalUserStateChangeDateTime", "DAA--D---"),
    ("givenName", "DA-DDDD-A"),
    ("id", "DAA--D---"),
    ("identities", "D--------"),
    ("jobTitle", "DA-DDD--A"),
    ("mail", "DAADDDDA-"),
    ("mailNickname", "DA-DDDD-A"),
    ("onPremisesExtensionAttributes", "AA-AAA---"),
    ("onPremisesImmutableId", "AA-AAA---"),
    ("onPremisesLastSyncDateTime", "AA-AAA---"),
    ("onPremisesSamAccountName", "AA-AAAA--"),
    ("onPremisesSecurityIdentifier", "DA---D--A"),
    ("onPremisesSyncEnabled", "DA-AAD---"),
    ("onPremisesUserPrincipalName", "DA-DDDD--"),
    ("otherMails", "DAADDDDA-"),
    ("proxyAddresses", "DAADD-DAA"),
    ("showInAddressList", "AA-AAA---"),
    ("signInActivity", "DA-DD----"),
    ("state", "DA-DDDD-A"),
    ("surname", "DA-DDDD-A"),
    ("usageLocation", "DA-DDDD--"),
    ("userPrincipalName", "DAA-DDDA-"),
    ("userType", "DAA--D--A"),
];

/// Microsoft's table for groups, as far as it is used.
pub(crate) const GROUP_RULES: Rules = &[
    ("displayName", "DA-DDDD--"),
    ("id", "D---D----"),
    ("isAssignableToRole", "DAA------"),
    ("mail", "DA-DDDDA-"),
    ("securityEnabled", "DAA-D----"),
];

/// The audit log, by Microsoft's list; what stands below a property is a row of its own there.
pub(crate) const AUDIT_RULES: Rules = &[
    ("activityDateTime", "D--DD----"),
    ("activityDisplayName", "D-----D--"),
    ("category", "D--------"),
    ("correlationId", "D--------"),
    ("id", "D--------"),
    ("initiatedBy/app/appId", "D--------"),
    ("initiatedBy/app/displayName", "D--------"),
    ("initiatedBy/user/displayName", "D--------"),
    ("initiatedBy/user/id", "D--------"),
    ("initiatedBy/user/userPrincipalName", "D-----D--"),
    ("loggedByService", "D--------"),
    ("targetResources/displayName", "D-----D--"),
    ("targetResources/id", "D--------"),
];

/// Role assignments and eligibilities.
pub(crate) const ROLE_RULES: Rules =
    &[("directoryScopeId", "D--------"), ("principalId", "D--------"), ("roleDefinitionId", "D--------")];

/// Graph splits `in` into as many alternatives as it has values, and takes no more than these in one filter.
const MOST_ALTERNATIVES: usize = 15;

/// The columns of the table.
#[derive(Clone, Copy)]
enum Column {
    Eq,
    Ne,
    Not,
    Ge,
    Le,
    In,
    StartsWith,
    EndsWith,
    Null,
    Gt,
    Lt,
    Contains,
}

/// Refuses what is not supported, or not supported without the parameters of an advanced query.
pub(super) fn check<R: Resource>(expression: &Expression, rules: Rules, advanced: bool) -> Result<(), GraphError> {
    let alternatives = alternatives(expression);
    if alternatives > MOST_ALTERNATIVES {
        return Err(GraphError::unsupported_query(format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {alternatives}. \
             Max allowed: {MOST_ALTERNATIVES}."
        )));
    }
    let checker = Checker { rules, advanced, names: R::NAMES, kind: R::TYPE };
    checker.check(expression, None, false)?;
    if expression.uses("signInActivity") && !matches!(expression, Expression::Compare { .. }) {
        return Err(GraphError::bad_request("signInActivity cannot be combined with any other filter."));
    }
    Ok(())
}

fn alternatives(expression: &Expression) -> usize {
    match expression {
        Expression::Or(left, right) => alternatives(left) + alternatives(right),
        Expression::And(left, right) => alternatives(left).max(alternatives(right)),
        Expression::Not(inner) => alternatives(inner),
        Expression::In { literals, .. } => literals.len(),
        _ => 1,
    }
}

struct Checker {
    rules: Rules,
    advanced: bool,
    names: &'static [&'static str],
    kind: &'static str,
}

impl Checker {
    /// `collection` is the property of whose items the expression is a condition.
    fn check(&self, expression: &Expression, collection: Option<&[String]>, negated: bool) -> Result<(), GraphError> {
        let columns = match expression {
            Expression::And(left, right) | Expression::Or(left, right) => {
                self.check(left, collection, negated)?;
                return self.check(right, collection, negated);
            }
            Expression::Not(inner) => return self.check(inner, collection, true),
            Expression::Any { path, condition } => {
                return match condition {
                    Some(condition) => {
                        check_identities(path, condition)?;
                        self.check(condition, Some(path), negated)
                    }
                    None => self.require_advanced(path),
                };
            }
            Expression::Count { path, .. } => return self.require_advanced(path),
            Expression::Compare { literal: Literal::Null, operator, .. } => vec![operator.column(), Column::Null],
            Expression::Compare { operator, .. } => vec![operator.column()],
            Expression::In { .. } => vec![Column::In],
            Expression::Affix { affix: Affix::StartsWith, .. } => vec![Column::StartsWith],
            Expression::Affix { affix: Affix::EndsWith, .. } => vec![Column::EndsWith],
            Expression::Affix { affix: Affix::Contains, .. } => vec![Column::Contains],
        };
        let path = [collection.unwrap_or_default(), path_of(expression).unwrap_or_default()].concat();
        for column in columns.into_iter().chain(negated.then_some(Column::Not)) {
            self.require(&path, column)?;
        }
        Ok(())
    }

    fn require(&self, path: &[String], column: Column) -> Result<(), GraphError> {
        let name = self.name(path)?;
        let whole = path.join("/");
        let mut rules = self.rules.iter();
        let row = rules.find(|(property, _)| *property == name || *property == whole).map_or("", |(_, row)| row);
        match row.as_bytes().get(column as usize) {
            Some(b'D') => Ok(()),
            Some(b'A') if self.advanced => Ok(()),
            _ => Err(self.unsupported(name)),
        }
    }

    fn require_advanced(&self, path: &[String]) -> Result<(), GraphError> {
        let name = self.name(path)?;
        if self.advanced { Ok(()) } else { Err(self.unsupported(name)) }
    }

    fn name(&self, path: &[String]) -> Result<&'static str, GraphError> {
        find_name(self.names, path.first().map_or("", String::as_str), self.kind)
    }

    fn unsupported(&self, name: &str) -> GraphError {
        GraphError::unsupported_query(format!(
            "Unsupported or invalid query filter clause specified for property '{name}' of resource '{}'.",
            self.kind
        ))
    }
}

impl Operator {
    fn column(self) -> Column {
        match self {
            Self::Eq => Column::Eq,
            Self::Ne => Column::Ne,
            Self::Ge => Column::Ge,
            Self::Le => Column::Le,
            Self::Gt => Column::Gt,
            Self::Lt => Column::Lt,
        }
    }
}

fn path_of(expression: &Expression) -> Option<&[String]> {
    match expression {
        Expression::Compare { path, .. } | Expression::In { path, .. } | Expression::Affix { path, .. } => Some(path),
        _ => None,
    }
}

/// Whoever asks for the id at an issuer must name the issuer.
fn check_identities(path: &[String], condition: &Expression) -> Result<(), GraphError> {
    let is_identities = path.first().is_some_and(|name| name == "identities");
    if is_identities && condition.uses("issuerAssignedId") && !condition.uses("issuer") {
        return Err(GraphError::unsupported_query("Filtering on issuerAssignedId needs the issuer as well."));
    }
    Ok(())
}
