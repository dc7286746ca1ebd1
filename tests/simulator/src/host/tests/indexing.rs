//! Which functions the host serves.

use super::support::{App, clock};
use crate::host::Host;
use serde_json::{Value, json};

#[test]
fn a_good_app_is_served_whole() {
    let app = App::new();
    let host = Host::attach(app.options(clock()), 1).unwrap();
    assert_eq!(host.functions(), ["failed", "keys", "next", "people", "tick", "work"]);
    assert_eq!(host.indexing_errors(), []);
}

#[test]
fn a_setting_that_is_missing_stops_its_function_only() {
    let app = App::new();
    let mut options = app.options(clock());
    options.settings.clear();
    let host = Host::attach(options, 1).unwrap();
    assert_eq!(host.functions().len(), 5);
    let [error] = host.indexing_errors() else {
        panic!("{:?}", host.indexing_errors());
    };
    assert_eq!(error.function, "tick");
    assert!(error.message.contains("%SCHEDULE%"), "{}", error.message);
}

/// Why a function of this name with these bindings is not served.
fn refusal(name: &str, bindings: &Value) -> String {
    let app = App::new();
    app.function(name, bindings);
    let host = Host::attach(app.options(clock()), 1).unwrap();
    let errors = host.indexing_errors().iter();
    let error = errors.into_iter().find(|error| error.function == name);
    error.map(|error| error.message.clone()).unwrap_or_default()
}

#[test]
fn a_binding_that_the_host_would_not_take_is_refused() {
    let timer = |schedule: &str| json!({"type": "timerTrigger", "name": "t", "direction": "in", "schedule": schedule});
    let out = json!({"type": "http", "name": "res", "direction": "out"});
    let queue = |name: &str| {
        let mut trigger = json!({"type": "queueTrigger", "name": "q", "direction": "in"});
        trigger["connection"] = "S".into();
        trigger["queueName"] = name.into();
        trigger
    };
    let http = json!({"type": "httpTrigger", "name": "req", "direction": "in", "route": "admin/x"});
    for (bindings, part) in [
        (json!([{"type": "blobTrigger", "name": "b", "direction": "in"}]), "blobTrigger"),
        (json!([out]), "no trigger"),
        (json!([timer("0 0 * * * *"), timer("0 0 * * * *")]), "more than one"),
        (json!([timer("00:05:00")]), "fields"),
        (json!([timer("0 0 * * * *"), out]), "HTTP output"),
        (json!([queue("Jobs")]), "queue name"),
        (json!([http, out]), "reserved"),
        (json!([{"type": "timerTrigger", "name": "t", "direction": "out", "schedule": "x"}]), "out"),
        (json!([{"type": "httpTrigger", "name": "r", "direction": "in", "authlevel": "function"}]), "authlevel"),
    ] {
        let message = refusal("extra", &bindings);
        assert!(message.contains(part), "{bindings}: {message}");
    }
}

#[test]
fn a_name_that_the_host_would_not_take_is_refused() {
    let timer = json!([{"type": "timerTrigger", "name": "t", "direction": "in", "schedule": "0 0 * * * *"}]);
    for name in ["1st", "host", "with.dot"] {
        assert!(refusal(name, &timer).contains("function name"), "{name}");
    }
    assert_eq!(refusal("with-hyphen_and_1", &timer), "");
}

#[test]
fn without_the_extension_bundle_there_are_no_queues() {
    let app = App::new();
    app.host_json(&json!({"extensionBundle": null}));
    let host = Host::attach(app.options(clock()), 1).unwrap();
    let refused: Vec<_> = host.indexing_errors().iter().map(|error| error.function.as_str()).collect();
    assert_eq!(refused, ["failed", "tick", "work"]);
}

#[test]
fn an_error_in_host_json_names_the_file() {
    let app = App::new();
    app.host_json(&json!({"version": "1.0"}));
    let error = Host::attach(app.options(clock()), 1).err().unwrap();
    assert!(format!("{error:#}").contains("host.json: version"), "{error:#}");
}
