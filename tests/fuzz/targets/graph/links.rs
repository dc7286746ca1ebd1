//! `nextLink` and `deltaLink`: the token goes to the Graph that it is for, and nowhere else.

use super::super::limits::Cost;
use super::{client, is_fit_for_the_log};
use url::Url;

#[test]
fn links() {
    usher_fuzz::check("links", |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        for root in ["https://graph.microsoft.com", "http://127.0.0.1:8080/root"] {
            match client(root).link(text, "/users/delta", Cost::default()) {
                Ok(link) => {
                    let root: Url = root.parse().unwrap();
                    let url = link.url;
                    assert_eq!((url.origin(), url.username(), url.password()), (root.origin(), "", None), "{url}");
                    let version = format!("{}/v1.0/", root.path().trim_end_matches('/'));
                    assert!(url.path().starts_with(&version), "{url} is not below {version}");
                }
                Err(error) => is_fit_for_the_log(&error),
            }
        }
    });
}
