//! Tests of the configuration as a whole: what loads, what does not, and how that is said.

mod contradictions;
mod environment;
mod example;
mod keys;
mod listing;
mod values;

use super::{Config, ConfigError, ConfigErrors, Environment};

/// A file without fault; the tests change it line by line.
const FINE: &str = r#"[tenant]
id = "11111111-1111-1111-1111-111111111111"
cloud = "us-gov"
# 4
[[partner]]
name = "contoso"
tenant_id = "22222222-2222-2222-2222-222222222222"
cloud = "global"
# 9
[partner.scope]
domains = ["contoso.com"]
# 12
# 13
[[partner]]
name = "fabrikam"
tenant_id = "33333333-3333-3333-3333-333333333333"
cloud = "global"
# 18
[partner.scope]
domains = ["fabrikam.us"]
# 21
"#;

/// [`FINE`] with some lines, from 1, replaced.
fn changed(changes: &[(usize, &str)]) -> String {
    let mut lines: Vec<&str> = FINE.lines().collect();
    for (line, text) in changes {
        lines[line - 1] = text;
    }
    lines.join("\n")
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "usher.toml", &Environment::default())
}

fn errors(text: &str) -> Vec<ConfigError> {
    parse(text).map_or_else(|errors| errors.errors, |_| Vec::new())
}

/// One change and all that must be said about it: line, key and a part of the message.
struct Case {
    changes: &'static [(usize, &'static str)],
    said: &'static [(usize, &'static str, &'static str)],
}

fn assert_said(cases: &[Case]) {
    for Case { changes, said } in cases {
        let errors = errors(&changed(changes));
        let got: Vec<_> = errors.iter().map(|error| (error.line, error.key.as_str())).collect();
        let wanted: Vec<_> = said.iter().map(|(line, key, _)| (Some(*line), *key)).collect();
        assert_eq!(got, wanted, "{changes:?} gave {errors:#?}");
        for (error, (_, _, part)) in errors.iter().zip(*said) {
            assert!(error.message.contains(part), "{changes:?}: {part:?} is not in {:?}", error.message);
            assert!(error.advice.ends_with(['.', '?']), "{:?}", error.advice);
        }
    }
}

#[test]
fn the_file_that_the_other_tests_change_is_without_fault() {
    assert_eq!(errors(FINE), []);
}
