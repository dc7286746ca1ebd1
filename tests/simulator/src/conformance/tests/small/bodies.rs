//! Requests, answers and errors.

use serde_json::{Value, json};

use super::super::{bare, get, send};
use super::{caught, differences, passes};
use crate::exchange::Exchange;

fn patch(body: Value) -> Exchange {
    send("PATCH", "/people/1", body)
}

#[test]
fn bodies_that_fit_pass() {
    passes(&patch(json!({
        "mail": null, "enabled": true, "age": 3, "born": "2026-11-22", "token": "0a000003-0000-0000-c000-000000000000",
        "pause": "PT5M", "color": "blue", "days": "monday,friday", "otherMails": ["a"],
        "identities": [{"issuer": "a"}], "extra": {"@odata.type": "#microsoft.graph.more.extra", "one": "b"},
        "manager@odata.bind": "https://graph.microsoft.com/v1.0/people/2", "extension_0a_city": 5,
    })));
    passes(&send("POST", "/teams", json!({"displayName": "a", "members@odata.bind": ["https://x"]})));
    passes(&send("POST", "/teams", json!({"members": [{"@odata.type": "microsoft.graph.person", "mail": "a"}]})));
    passes(&send("POST", "/teams/1/members/$ref", json!({"@odata.id": "https://x"})));
    passes(&send("POST", "/people/1/wake", json!({"names": ["a"], "loud": true})));
    passes(&send("PUT", "/people/1/otherMails", json!({"value": ["a"]})));
    passes(&bare("POST", "/people/1/reset"));
}

#[test]
fn a_misspelled_property_in_a_body_is_caught() {
    caught(&patch(json!({"mial": "a"})), &["request $.mial", "microsoft.graph.person has no such property"]);
    caught(&patch(json!({"extra": {"two": 1}})), &["request $.extra.two", "microsoft.graph.more.extra"]);
    caught(&patch(json!({"boss@odata.bind": "https://x"})), &["no property `boss`"]);
}

#[test]
fn a_value_of_the_wrong_type_is_caught() {
    for (body, at, ty) in [
        (json!({"enabled": "true"}), "$.enabled", "Edm.Boolean"),
        (json!({"age": 1.5}), "$.age", "Edm.Int32"),
        (json!({"mail": ["a"]}), "$.mail", "Edm.String"),
        (json!({"otherMails": "a"}), "$.otherMails", "Collection(Edm.String)"),
        (json!({"otherMails": null}), "$.otherMails", "Collection(Edm.String)"),
        (json!({"otherMails": ["a", 1]}), "$.otherMails[1]", "Edm.String"),
        (json!({"identities": [{"issuer": 1}]}), "$.identities[0].issuer", "Edm.String"),
        (json!({"extra": "a"}), "$.extra", "microsoft.graph.more.extra"),
        (json!({"born": "22.11.2026"}), "$.born", "Edm.Date"),
        (json!({"id": null}), "$.id", "Edm.String"),
        (json!({"mail@odata.bind": "https://x"}), "$.mail@odata.bind", "no such annotation"),
        (json!({"extra": {"@odata.type": "#microsoft.graph.identity"}}), "$.extra.@odata.type", "derived"),
        (json!(["a"]), "$", "an object"),
    ] {
        caught(&patch(body), &["request", &format!(" {at}: "), ty]);
    }
}

#[test]
fn a_value_outside_an_enumeration_is_caught() {
    caught(&patch(json!({"color": "green"})), &["$.color", "microsoft.graph.color", "green"]);
    caught(&patch(json!({"color": "red,blue"})), &["$.color"]);
    caught(&patch(json!({"color": 1})), &["$.color"]);
    caught(&patch(json!({"days": "monday,sunday"})), &["$.days"]);
}

#[test]
fn parameters_of_an_action_must_be_right() {
    caught(&send("POST", "/people/1/wake", json!({"names": [], "lout": true})), &["$.lout", "no such parameter"]);
    caught(&send("POST", "/people/1/wake", json!({"names": "a"})), &["$.names", "Collection(Edm.String)"]);
    caught(&bare("POST", "/people/1/wake"), &["$.names", "must be given"]);
    caught(&send("POST", "/people/1/reset", json!({"x": 1})), &["$.x"]);
}

#[test]
fn bodies_stand_where_they_belong_only() {
    caught(&send("GET", "/people", json!({})), &["no body"]);
    caught(&send("POST", "/teams/1/members/$ref", json!({"id": "2"})), &["@odata.id"]);
    caught(&send("PUT", "/people/1/otherMails", json!({"value": [], "values": []})), &["$.values"]);
}

#[test]
fn answers_that_fit_pass() {
    passes(&get("/people").answered(
        200,
        json!({"@odata.context": "x", "@odata.count": 1, "@odata.nextLink": "y", "value": [{"id": "1", "mail": null}]}),
    ));
    passes(
        &get("/teams/1/members")
            .answered(200, json!({"value": [{"@odata.type": "#microsoft.graph.person", "mail": "a"}, {"id": "2"}]})),
    );
    passes(&get("/teams/delta").answered(
        200,
        json!({"@odata.deltaLink": "x", "value": [
            {"id": "1", "@removed": {"reason": "changed"}},
            {"id": "2", "members@delta": [
                {"@odata.type": "#microsoft.graph.person", "id": "3", "@removed": {"reason": "deleted"}},
            ]},
        ]}),
    ));
    passes(&get("/people/$count").answered(200, json!(3)));
    passes(&get("/people/1/mail").answered(200, json!({"@odata.context": "x", "value": "a"})));
    passes(&get("/people/1/extra").answered(200, json!({"@odata.context": "x", "one": "a"})));
    passes(
        &get("/people/1?$select=mail&$expand=manager")
            .answered(200, json!({"id": "1", "mail": "a", "manager": {"id": "2"}})),
    );
    passes(&get("/teams/1/members/$ref").answered(200, json!({"value": [{"@odata.id": "https://x"}]})));
    passes(&send("POST", "/teams", json!({})).answered(201, json!({"id": "1", "displayName": "a"})));
    passes(&send("POST", "/people/1/wake", json!({"names": []})).answered(200, json!({"value": ["a"]})));
    passes(&bare("POST", "/people/1/reset"));
}

#[test]
fn answers_that_do_not_fit_are_caught() {
    for (target, body, at) in [
        ("/people", json!({"value": [{"id": "1"}, {"mial": "a"}]}), "$.value[1].mial"),
        ("/people", json!({"value": [{"enabled": 1}]}), "$.value[0].enabled"),
        ("/people", json!([]), "$"),
        ("/people", json!({"id": "1"}), "$.id"),
        ("/people", json!({"value": [], "next": "x"}), "$.next"),
        ("/people", json!({"value": [], "@odata.deltaLink": "x"}), "$.@odata.deltaLink"),
        ("/people", json!({"value": [{"id": "1", "@removed": {"reason": "deleted"}}]}), "$.value[0].@removed"),
        ("/people", json!({"value": [{"@odata.kind": "x"}]}), "$.value[0].@odata.kind"),
        ("/people/1", json!({"value": []}), "$.value"),
        ("/people/1?$select=id,mail", json!({"id": "1", "age": 3}), "$.age"),
        ("/people/1/mail", json!({"mail": "a"}), "$.mail"),
        ("/people/$count", json!("3"), "$"),
        ("/teams/1/members", json!({"value": [{"mail": "a"}]}), "$.value[0].mail"),
        ("/teams/1/members", json!({"value": [{"@odata.type": "#microsoft.graph.note"}]}), "$.value[0].@odata.type"),
        ("/teams/1/members", json!({"value": [{"@odata.type": "microsoft.graph.person"}]}), "$.value[0].@odata.type"),
        ("/teams/delta", json!({"value": [{"id": "1", "@removed": {"reason": "gone"}}]}), "$.value[0].@removed"),
        ("/teams/1/members/$ref", json!({"value": [{"id": "2"}]}), "$.value[0]"),
    ] {
        let found = differences(&get(target).answered(200, body));
        let place = format!("response {at}: ");
        assert!(found.iter().any(|text| text.contains(&place)), "{place} expected for {target} in {found:#?}");
    }
    caught(&bare("DELETE", "/people/1").answered(200, json!({"id": "1"})), &["an empty answer"]);
    caught(&bare("POST", "/people/1/reset").answered(200, json!({"value": true})), &["an empty answer"]);
}

#[test]
fn errors_have_their_shape() {
    let answered = |body| get("/people").answered(403, body);
    passes(&answered(json!({"error": {"code": "a", "message": "b", "innerError": {"request-id": "c"}}})));
    caught(&answered(json!({"error": {"message": "b"}})), &["response $.error.code", "always there"]);
    caught(&answered(json!({"error": {"code": "", "message": "b"}})), &["$.error.code", "not empty"]);
    caught(&answered(json!({"error": {"code": "a"}})), &["$.error.message"]);
    caught(&answered(json!({"error": "a"})), &["an object `error`"]);
    caught(&answered(json!({"error": {"code": "a", "message": "b", "innerError": "c"}})), &["$.error.innerError"]);
    caught(&answered(json!({"error": {"code": "a", "message": "b", "hint": "c"}})), &["$.error.hint"]);
    caught(&answered(json!({"error": {"code": "a", "message": "b"}, "value": []})), &["$.value"]);
}
