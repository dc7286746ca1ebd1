//! Query options.

use super::super::get;
use super::{caught, passes};
use crate::exchange::Exchange;

fn filter(text: &str) -> Exchange {
    get(&format!("/people?$filter={text}"))
}

#[test]
fn properties_in_select_expand_and_orderby_must_exist() {
    passes(&get("/people?$select=id,mail, extra/one,*&$orderby=mail desc, age&$top=5&$count=true&$skiptoken=x"));
    passes(&get("/people?$expand=manager($levels=2;$select=id,mail),notes($filter=text eq 'a;b';$top=1)"));
    passes(&get("/teams/1/members?$select=mail,displayName,extension_0a_city"));
    passes(&get("/people?$search=\"mail:a\" OR \"mail:b\""));
    passes(&get("/people/1?$select=microsoft.graph.person/mail"));
    caught(&get("/people?$select=id,mial"), &["$select", "microsoft.graph.person", "`mial`"]);
    caught(&get("/people?$select=extra/two"), &["microsoft.graph.more.extra", "`extra/two`"]);
    caught(&get("/people?$expand=notes($select=txet)"), &["$expand(notes)$select", "microsoft.graph.note", "`txet`"]);
    caught(&get("/people?$expand=mail"), &["navigation property", "`mail`"]);
    caught(&get("/people?$expand=notes($select=text"), &["closed"]);
    caught(&get("/people?$orderby=mial desc"), &["$orderby", "`mial`"]);
    caught(&get("/people?$orderby=otherMails"), &["has no order"]);
    caught(&get("/people?$search=\"mial:a\""), &["$search", "`mial`"]);
}

#[test]
fn query_options_must_exist_and_apply() {
    passes(&get("/teams/delta?$deltaToken=latest"));
    caught(&get("/people?$limit=5"), &["no option of that name", "`$limit`"]);
    caught(&get("/people?select=id"), &["no option of that name", "`select`"]);
    caught(&get("/people?$top=many"), &["$top", "a number"]);
    caught(&get("/people?$count=yes"), &["$count", "true or false"]);
    caught(&get("/people?$top=1&$top=2"), &["once"]);
    caught(&get("/people/1?$top=1"), &["has no such option"]);
    caught(&get("/people?$deltatoken=x"), &["only delta functions"]);
}

#[test]
fn filters_of_the_documented_grammar_pass() {
    for text in [
        "mail eq 'o''brien@contoso.com' or otherMails/any(x:x eq 'a')",
        "identities/any(c:c/issuer eq 'a' and c/name eq 'b')",
        "not (startsWith(mail,'a') or endsWith(mail, 'b')) and enabled eq true",
        "not startswith(tolower(mail),'a')",
        "mail in ('a', 'b') and age ge 18 and age ne null",
        "color eq 'red' or color eq microsoft.graph.color'blue'",
        "born lt 2026-11-22 and deletedDateTime ge 2026-11-22T00:00:00Z",
        "token eq 0a000003-0000-0000-c000-000000000000 or token eq '0a000003-0000-0000-c000-000000000000'",
        "otherMails/$count eq 0 and pause gt duration'PT5M'",
        "extra/one eq 'a and b' and enabled",
        "extension_0a_city eq 'a' and length(mail) gt 3",
        "(enabled) and (contains(mail,'x') eq false)",
        "otherMails/any() and manager/id eq '1'",
    ] {
        passes(&filter(text));
    }
}

#[test]
fn errors_in_filters_are_caught() {
    for (text, says, found) in [
        ("mial eq 'a'", "no property", "`mial`"),
        ("enabled eq true and (mail eq 'a' or mial eq 'b')", "no property", "`mial`"),
        ("identities/any(c:c/isuer eq 'a')", "microsoft.graph.identity", "`c/isuer`"),
        ("otherMails/any(x:y eq 'a')", "no property", "`y`"),
        ("mial/any(x:x/y eq 'a')", "no property", "`mial/any`"),
        ("mail/any(x:x eq 'a')", "no collection", "mail/any"),
        ("identities/issuer eq 'a'", "any() or all()", "`identities/issuer`"),
        ("otherMails eq 'a'", "any() or all()", "`otherMails eq 'a'`"),
        ("startsWith(mial,'a')", "no property", "`mial`"),
        ("startsWith(age,'a')", "Edm.String", "age"),
        ("enabled eq 'true'", "Edm.Boolean", "`enabled eq 'true'`"),
        ("age eq '18'", "Edm.Int32", "'18'"),
        ("born eq '2026-11-22'", "Edm.Date", "'2026-11-22'"),
        ("color eq 'green'", "microsoft.graph.color", "'green'"),
        ("mail in ('a', 1)", "Edm.String", "mail in"),
        ("mail eq age", "Edm.String against Edm.Int32", "mail eq age"),
        ("mail", "a condition", "`mail`"),
        ("mail eq 'a", "closed", "'a"),
        ("mail eq 'a' foo", "end here", "`foo`"),
        ("(mail eq 'a'", "`)`", "``"),
        ("soundslike(mail,'a')", "documents", "`soundslike`"),
        ("mail eq", "a property, a literal", "``"),
    ] {
        caught(&filter(text), &["query $filter", says, found]);
    }
}
