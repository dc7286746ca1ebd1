//! What a request costs, by Microsoft's table of identity resources.
//!
//! The audit log is a report, whose requests are counted by themselves and cost no units. So are authentication methods:
//! one row of the published limits is for all of them. Change tracking and
//! invitations are not in the table; they cost what the table says of any other request.

use super::request::Request;

/// What a request costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) units: u32,
    pub(super) writes: u32,
    pub(super) invitations: u32,
    /// Requests for reports.
    pub(super) reports: u32,
    /// Provisionings on demand.
    pub(super) on_demand: u32,
}

impl Cost {
    /// The cost of a request; nothing for a batch, whose requests are judged singly.
    pub(super) fn of(request: &Request) -> Self {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let read = |units| Self { units: modified(units, &request.query), ..Self::default() };
        match (request.method.as_str(), segments.as_slice()) {
            (_, ["$batch"]) => Self::default(),
            ("GET", ["users"]) => read(2),
            ("GET", ["groups", _, "members", ..]) => read(3),
            ("GET", ["groups", _, "transitiveMembers", ..]) => read(5),
            ("GET", ["users", _, "memberOf" | "transitiveMemberOf", ..]) => read(2),
            ("POST", ["users", _, "checkMemberGroups"]) => read(4),
            ("POST", ["users", _, "getMemberGroups"]) => read(2),
            ("POST", ["directoryObjects", "getByIds"]) => read(3),
            ("GET", ["users", _, "authentication", ..] | ["reports", ..]) => Self { reports: 1, ..Self::default() },
            (_, ["users", _, "authentication", ..]) => Self { reports: 1, writes: 1, ..Self::default() },
            ("GET", ["auditLogs", ..]) => Self { reports: 1, ..Self::default() },
            ("GET", _) => read(1),
            ("POST", ["invitations"]) => Self { units: 1, writes: 1, invitations: 1, ..Self::default() },
            ("POST", [.., "provisionOnDemand"]) => Self { units: 1, writes: 1, on_demand: 1, ..Self::default() },
            _ => Self { units: 1, writes: 1, ..Self::default() },
        }
    }
}

/// `$select` and a small `$top` make a reading cheaper, `$expand` dearer; nothing is free.
fn modified(units: u32, query: &str) -> u32 {
    let mut units = i64::from(units);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.to_lowercase().as_str() {
            "$select" => units -= 1,
            "$top" if value.parse().is_ok_and(|size: u32| size < 20) => units -= 1,
            "$expand" => units += 1,
            _ => {}
        }
    }
    u32::try_from(units.max(1)).unwrap_or(1)
}
