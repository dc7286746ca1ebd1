//! The signed-in person, as App Service Authentication vouches for them.
//!
//! Responsible for: reading `X-MS-CLIENT-PRINCIPAL`, and believing it only while the platform that writes it is switched on:
//! otherwise anybody could send that header. Not responsible for: keys.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use usher_shared::ids::TenantId;
use uuid::Uuid;

use super::http::{HttpRequest, Problem};

const HEADER: &str = "X-MS-CLIENT-PRINCIPAL";
/// Each claim by the short name that tokens have, and the long one that the platform may give it.
const OBJECT_ID: [&str; 2] = ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
const TENANT: [&str; 2] = ["tid", "http://schemas.microsoft.com/identity/claims/tenantid"];
const ROLES: [&str; 2] = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];
const KIND: [&str; 1] = ["idtyp"];

#[derive(Deserialize)]
struct Principal {
    #[serde(default)]
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    typ: String,
    val: String,
}

impl Principal {
    fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.claims.iter().filter(|claim| names.contains(&claim.typ.as_str())).map(|claim| claim.val.as_str())
    }

    /// A claim that is there exactly once.
    fn one<'a>(&'a self, names: &'a [&str]) -> Option<&'a str> {
        let mut values = self.values(names);
        let first = values.next()?;
        values.all(|other| other == first).then_some(first)
    }
}

/// The object id of the signed-in person of this tenant who has the role.
///
/// # Errors
/// 401 when nobody is known to be signed in, 403 when somebody is and may not.
pub(crate) fn approver(
    request: &HttpRequest,
    authentication_is_on: bool,
    tenant: TenantId,
    role: &str,
) -> Result<Uuid, Problem> {
    let header = request.header(HEADER).filter(|_| authentication_is_on).ok_or_else(Problem::unauthorized)?;
    let bytes = BASE64_STANDARD.decode(header).map_err(|_| Problem::unauthorized())?;
    let principal: Principal = serde_json::from_slice(&bytes).map_err(|_| Problem::unauthorized())?;
    let of_this_tenant = principal.one(&TENANT).is_some_and(|id| id.eq_ignore_ascii_case(&tenant.to_string()));
    let is_person = principal.values(&KIND).all(|kind| kind != "app");
    let has_role = principal.values(&ROLES).any(|held| held == role);
    let id = principal.one(&OBJECT_ID).and_then(|id| id.parse().ok());
    id.filter(|_| of_this_tenant && is_person && has_role).ok_or_else(Problem::forbidden)
}

#[cfg(test)]
mod tests {
    use super::super::envelope::Envelope;
    use super::super::trigger::FromEnvelope;
    use super::*;
    use serde_json::{Value, json};

    const TENANT_ID: &str = "11111111-1111-4111-8111-111111111111";
    const PERSON: &str = "22222222-2222-4222-8222-222222222222";

    fn request(header: Option<String>) -> HttpRequest {
        let headers: Value = header.map_or(json!({}), |value| json!({ "x-ms-client-principal": [value] }));
        let envelope: Envelope = serde_json::from_value(json!({"Data": {"req": {"Headers": headers}}})).unwrap();
        HttpRequest::from_envelope(&envelope, "req").unwrap()
    }

    fn principal(claims: &[(&str, &str)]) -> Option<String> {
        let claims: Vec<_> = claims.iter().map(|(typ, val)| json!({ "typ": typ, "val": val })).collect();
        Some(BASE64_STANDARD.encode(json!({ "auth_typ": "aad", "claims": claims }).to_string()))
    }

    fn status(header: Option<String>, on: bool) -> Result<Uuid, u16> {
        let tenant = TENANT_ID.parse().unwrap();
        approver(&request(header), on, tenant, "Usher.Approver")
            .map_err(|problem| if problem == Problem::unauthorized() { 401 } else { 403 })
    }

    #[test]
    fn only_a_person_of_this_tenant_with_the_role_approves_and_only_while_the_platform_vouches() {
        let good = [("oid", PERSON), ("tid", TENANT_ID), ("roles", "Usher.Approver")];
        assert_eq!(status(principal(&good), true), Ok(PERSON.parse().unwrap()));
        let long = [
            ("http://schemas.microsoft.com/identity/claims/objectidentifier", PERSON),
            ("http://schemas.microsoft.com/identity/claims/tenantid", TENANT_ID),
            ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "Usher.Approver"),
        ];
        assert_eq!(status(principal(&long), true), Ok(PERSON.parse().unwrap()));
        let other = "33333333-3333-4333-8333-333333333333";
        for (header, on, expected) in [
            (principal(&good), false, 401),
            (None, true, 401),
            (Some("no base64!".to_owned()), true, 401),
            (Some(BASE64_STANDARD.encode("no json")), true, 401),
            (principal(&[]), true, 403),
            (principal(&good[..2]), true, 403),
            (principal(&[good[0], ("tid", other), good[2]]), true, 403),
            (principal(&[good[0], good[1], ("tid", other), good[2]]), true, 403),
            (principal(&[good[0], good[1], ("roles", "Usher.Reader")]), true, 403),
            (principal(&[good[0], good[1], good[2], ("idtyp", "app")]), true, 403),
            (principal(&[("oid", "not an id"), good[1], good[2]]), true, 403),
            (principal(&[good[1], good[2]]), true, 403),
        ] {
            assert_eq!(status(header.clone(), on), Err(expected), "{header:?} {on}");
        }
    }
}
