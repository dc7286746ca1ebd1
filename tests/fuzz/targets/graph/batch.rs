//! Answers to a batch: each request is judged by its own answer, and one that has none, or two, is not taken for done.

use super::super::batch::{Answer, Item};
use super::super::client::decode;
use super::super::error::Kind;
use super::super::path::Path;
use super::{client, is_fit_for_the_log};
use serde_json::Value;

#[test]
fn batch() {
    usher_fuzz::check("batch", |input| {
        let user = uuid::Uuid::from_u128(1).into();
        let items = [
            Item::get(Path::user(user, "id")),
            Item::write("PATCH", Path::change_user(user), Some(Value::Null)),
            Item::write("POST", Path::invitations(), Some(Value::Null)),
        ];
        let items: Vec<_> = items.iter().collect();
        let answer = match decode::<Answer>("POST /$batch", true, input) {
            Ok(answer) => answer,
            Err(error) => {
                assert_eq!(error.kind, Kind::OutcomeUnknown, "it was sent");
                return is_fit_for_the_log(&error);
            }
        };
        // What nobody looks at may be no Unicode.
        let Ok(raw) = serde_json::from_slice::<Value>(input) else { return };
        let results = client("https://graph.microsoft.com").results::<Value>(&items, answer);
        assert_eq!(results.len(), items.len());
        // A list is read as well, as the properties in their order.
        let responses = raw.get("responses").or_else(|| raw.get(0)).and_then(Value::as_array).unwrap();
        for (index, (item, result)) in items.iter().zip(results).enumerate() {
            let id = index.to_string();
            let own: Vec<_> = responses.iter().filter(|one| one["id"] == id.as_str()).collect();
            let status = match own[..] {
                [one] => one["status"].as_u64().filter(|status| u16::try_from(*status).is_ok()),
                _ => None,
            };
            match result {
                Ok(_) => assert!(status.is_some_and(|status| (200..300).contains(&status)), "taken for done: {raw}"),
                Err(error) => {
                    is_fit_for_the_log(&error);
                    let unknown = if item.is_write { Kind::OutcomeUnknown } else { Kind::Malformed };
                    let says_nothing = status.is_none_or(|status| (200..300).contains(&status));
                    assert!(!says_nothing || error.kind == unknown, "{error}: {raw}");
                    assert!(item.is_write || error.kind != Kind::OutcomeUnknown, "{error}: {raw}");
                }
            }
        }
    });
}
