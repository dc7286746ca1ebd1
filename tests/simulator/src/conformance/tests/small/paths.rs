//! Paths and methods.

use serde_json::json;

use super::super::{bare, get, send};
use super::{caught, passes};

#[test]
fn paths_that_the_schema_knows_pass() {
    for path in [
        "/people",
        "/people/$count",
        "/people/1",
        "/people('1')",
        "/people(mail='a@contoso.com')",
        "/people/1/manager",
        "/people/1/manager/$ref",
        "/people/1/manager/microsoft.graph.person/mail",
        "/people/1/mail/$value",
        "/people/1/extra/one",
        "/people/1/otherMails/$count",
        "/people/1/notes/2/text",
        "/people/o%27brien@contoso.com",
        "/teams/delta",
        "/teams/delta()",
        "/teams/microsoft.graph.delta()",
        "/teams/1/members",
        "/teams/1/members/microsoft.graph.person",
        "/teams/1/members/microsoft.graph.person/$count",
        "/teams/1/members/graph.person",
        "/teams/1/members/graph.person/$count",
        "/teams/1/members/$ref",
        "/desk",
        "/desk/notes",
        "/desk/find(text='a,b')",
        "/desk/find(text='a')/text",
    ] {
        passes(&get(path));
    }
}

#[test]
fn paths_that_the_schema_does_not_know_are_caught() {
    for (path, found) in [
        ("/poeple", "`poeple`"),
        ("/people/1/boss", "`boss`"),
        ("/people/1/manager/mail", "`mail`"),
        ("/people/1/notes/$ref", "`$ref`"),
        ("/people/1/mail/x", "`x`"),
        ("/people//notes", "``"),
        ("/people/", "``"),
        ("/teams/1/members/microsoft.graph.desk", "`microsoft.graph.desk`"),
        ("/teams/1/members/graph.desk", "`graph.desk`"),
        ("/people(nick='a')", "`people(nick='a')`"),
        ("/desk/find(txet='a')", "find"),
        ("/desk/find", "`find`"),
        ("/desk('1')", "`desk('1')`"),
        ("/people/$count/1", "`1`"),
    ] {
        caught(&get(path), &["path", found]);
    }
}

#[test]
fn methods_must_fit_what_the_path_addresses() {
    passes(&bare("DELETE", "/teams/1/members/2/$ref"));
    passes(&bare("PUT", "/people/1/manager/$ref"));
    passes(&bare("PUT", "/people/1/box"));
    passes(&bare("DELETE", "/people/1"));
    for (method, path) in [
        // Without `/$ref` this deletes the member, not the membership.
        ("DELETE", "/teams/1/members/2"),
        ("PATCH", "/people"),
        ("POST", "/people/1"),
        ("POST", "/teams/delta"),
        ("GET", "/people/1/reset"),
        ("POST", "/teams/1/members"),
        ("DELETE", "/desk"),
        ("GET", "/$batch"),
        ("PUT", "/people/1"),
        ("POST", "/people/$count"),
    ] {
        caught(&bare(method, path), &["only", "fits this path", method]);
    }
}

#[test]
fn a_batch_is_exempt() {
    passes(&send("POST", "/$batch", json!({"requests": [{"nonsense": 1}]})).answered(200, json!({"responses": []})));
}
