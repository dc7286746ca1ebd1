//! Where Graph is known to differ from its own published schema, and what is asked for in one cloud only.
//!
//! Responsible for: the tables, with a reason for each entry. Not responsible for: hiding errors of usher or of the
//! simulated tenant; an entry of [`EXPLAINED`] needs a source outside this repository, and in its own cloud no traffic is
//! excused by [`ELSEWHERE`].

use super::difference::Difference;
use crate::cloud::Cloud;

/// One difference that is explained.
#[derive(Debug)]
pub struct Explained {
    /// The cloud; `None` for all of them.
    pub cloud: Option<Cloud>,
    /// The path with `{id}` for keys, as differences show it; `*` stands for any one segment.
    pub path: &'static str,
    /// The place inside the body or query, with `[]` for any index; `*` for all of them.
    pub at: &'static str,
    /// Why it is right all the same.
    pub reason: &'static str,
}

/// All explained differences. None is known so far.
pub const EXPLAINED: &[Explained] = &[];

/// What other clouds' schemas do not know. Whatever else is asked for in one cloud could be asked in each.
pub const ELSEWHERE: &[Explained] = &[
    Explained {
        cloud: None,
        path: "/tenantRelationships/multiTenantOrganization",
        at: "",
        reason: "multitenant organizations are the commercial cloud's; nobody asks for them elsewhere",
    },
    Explained {
        cloud: None,
        path: "/policies/crossTenantAccessPolicy",
        at: "$.allowedCloudEndpoints",
        reason: "which clouds a tenant works with is set through the commercial cloud's Graph only; elsewhere usher says where",
    },
    Explained {
        cloud: Some(Cloud::China),
        path: "/policies/authenticationMethodsPolicy",
        at: "",
        reason: "China's Graph has no authentication methods: `usher doctor` says there that SMS cannot be checked",
    },
    Explained { cloud: Some(Cloud::China), path: "/users/{id}/authentication/methods", at: "", reason: "the same" },
    Explained {
        cloud: Some(Cloud::China),
        path: "/users/{id}/authentication/phoneMethods/{id}/disableSmsSignIn",
        at: "",
        reason: "the same",
    },
];

impl Explained {
    /// Whether this entry speaks of that difference.
    pub fn covers(&self, cloud: Cloud, difference: &Difference) -> bool {
        self.cloud.is_none_or(|only| only == cloud)
            && (self.at == "*" || self.at == difference.place_without_indices())
            && self.path.split('/').count() == difference.path.split('/').count()
            && self.path.split('/').zip(difference.path.split('/')).all(|(want, have)| want == "*" || want == have)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::difference::Part;

    #[test]
    fn an_entry_covers_its_cloud_path_and_place_only() {
        let difference = Difference {
            method: "GET".into(),
            path: "/users/{id}/manager".into(),
            part: Part::Response,
            at: "$.value[3].mail".into(),
            says: "Edm.String".into(),
            found: "3".into(),
        };
        let entry = |cloud, path, at| Explained { cloud, path, at, reason: "" };
        assert!(entry(None, "/users/{id}/manager", "$.value[].mail").covers(Cloud::China, &difference));
        assert!(entry(Some(Cloud::China), "/users/*/manager", "*").covers(Cloud::China, &difference));
        assert!(!entry(Some(Cloud::Global), "/users/*/manager", "*").covers(Cloud::China, &difference));
        assert!(!entry(None, "/users/*", "*").covers(Cloud::China, &difference));
        assert!(!entry(None, "/users/*/manager", "$.value[].id").covers(Cloud::China, &difference));
    }
}
