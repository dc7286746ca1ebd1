//! Where Graph is known to differ from its own published schema.
//!
//! Responsible for: the table, with a reason for each entry. Not responsible for: hiding errors of usher or of the
//! simulated tenant; an entry needs a source outside this repository.

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
