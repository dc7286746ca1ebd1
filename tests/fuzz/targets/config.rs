//! `usher.toml`, whatever is written in it.

use super::{Config, Environment, TEAMS_WEBHOOK_URL};

const SECRET: &str = "https://hush.example/?sig=hush";

#[test]
fn config() {
    usher_fuzz::check("config", |input| {
        let Ok(text) = std::str::from_utf8(input) else { return };
        let environment: Environment = [(TEAMS_WEBHOOK_URL, SECRET)].into_iter().collect();
        match Config::parse(text, "usher.toml", &environment) {
            Ok(config) => {
                assert!(!format!("{config:?}").contains("hush"), "a secret is shown");
                makes_sense(&config);
            }
            Err(errors) => {
                assert!(!errors.errors.is_empty(), "refused without a reason");
                let lines = text.matches('\n').count() + 1;
                let mut last = 1;
                for error in &errors.errors {
                    // Only a whole section that is missing stands nowhere.
                    match error.line {
                        Some(line) => assert!((last..=lines).contains(&line), "line {line} of {lines}: {error}"),
                        None => assert!(["tenant", "partner"].contains(&error.key.as_str()), "no line: {error}"),
                    }
                    last = error.line.unwrap_or(lines);
                    let shown = error.to_string();
                    assert!(!shown.contains("hush"), "a secret is shown");
                    assert!(!shown.contains(char::is_control), "{shown:?}");
                    assert!(!error.message.is_empty() && error.advice.ends_with(['.', '?']), "{shown:?}");
                }
            }
        }
    });
}

/// What the guards rest on.
fn makes_sense(config: &Config) {
    assert!((1..=100).contains(&config.tenant.quota_percent));
    assert!((1..=1200).contains(&config.tenant.invitations_per_minute));
    assert!(!config.partners.is_empty());
    for (index, partner) in config.partners.iter().enumerate() {
        assert!(!partner.name.is_empty() && !partner.scope.domains.is_empty());
        assert!(config.partners[..index].iter().all(|other| other.name != partner.name), "two of one name");
        assert!(partner.tenant_id != config.tenant.id, "a partner of itself");
        assert!((1..=100).contains(&partner.limits.percent));
        assert!(partner.limits.minimum_people > 0 && !partner.limits.waves.is_empty());
    }
}
