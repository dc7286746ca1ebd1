//! Environment variables, files and hashes.

use super::{FINE, changed, parse};
use crate::config::{Config, Environment, MODE, Mode, Secret, TEAMS_WEBHOOK_URL};

fn with(variables: &[(&str, &str)], text: &str) -> Result<Config, crate::config::ConfigErrors> {
    Config::parse(text, "usher.toml", &variables.iter().copied().collect())
}

#[test]
fn the_mode_of_the_environment_wins() {
    let apply = changed(&[(4, "mode = \"apply\"")]);
    assert_eq!(with(&[(MODE, "apply")], FINE).unwrap().tenant.mode, Mode::Apply);
    assert_eq!(with(&[(MODE, "plan")], &apply).unwrap().tenant.mode, Mode::Plan);
    assert_eq!(with(&[(MODE, "")], &apply).unwrap().tenant.mode, Mode::Apply);
    let errors = with(&[(MODE, "Apply!")], FINE).unwrap_err().errors;
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].key.as_str(), errors[0].line), (MODE, None));
    assert!(errors[0].message.contains("\"Apply!\""), "{}", errors[0].message);
}

#[test]
fn an_unresolved_key_vault_reference_is_an_error_that_does_not_show_it() {
    let text = changed(&[(4, "[report]\nwebhooks = [\"HOOK\", \"HOOK\", \"OTHER\"]")]);
    let reference = "@Microsoft.KeyVault(SecretUri=https://hush.vault.azure.net/secrets/hush)";
    let variables = [(TEAMS_WEBHOOK_URL, reference), ("HOOK", reference), ("OTHER", "https://contoso.com")];
    let errors = with(&variables, &text).unwrap_err();
    let keys: Vec<_> = errors.errors.iter().map(|error| error.key.as_str()).collect();
    assert_eq!(keys, ["HOOK", TEAMS_WEBHOOK_URL]);
    assert!(errors.errors[0].advice.contains("Key Vault Secrets User"), "{errors}");
    assert!(!errors.to_string().contains("hush"), "{errors}");
}

#[test]
fn secrets_are_at_hand_and_are_not_shown() {
    let text = changed(&[(4, "[report]\nwebhooks = [\"HOOK\", \"UNSET\"]")]);
    let variables = [(TEAMS_WEBHOOK_URL, " https://contoso.com/?sig=hush\n"), ("HOOK", "hush"), ("NOT_NAMED", "hush")];
    let config = with(&variables, &text).unwrap();
    let exposed = |name| config.secret(name).map(Secret::expose);
    assert_eq!(exposed(TEAMS_WEBHOOK_URL), Some("https://contoso.com/?sig=hush"));
    assert_eq!(exposed("HOOK"), Some("hush"));
    assert_eq!(exposed("UNSET"), None);
    assert_eq!(exposed("NOT_NAMED"), None);
    let environment: Environment = variables.iter().copied().collect();
    let shown = format!(
        "{config:?} {} {environment:?} {}",
        serde_json::to_string(&config).unwrap(),
        config.secret("HOOK").unwrap()
    );
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn the_environment_is_judged_even_when_the_file_is_broken() {
    let errors = with(&[(MODE, "x")], &changed(&[(2, "id = ")])).unwrap_err().errors;
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert_eq!(errors[1].key, MODE);
}

#[test]
fn files_that_cannot_be_read_are_errors_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usher.toml");
    let load = || Config::load(&path, &Environment::default());
    let missing = load().unwrap_err();
    assert_eq!(missing.file, path.display().to_string());
    assert!(missing.errors[0].advice.contains("usher.example.toml"), "{missing}");
    let utf16 = "\u{feff}[tenant]".encode_utf16().flat_map(u16::to_le_bytes);
    std::fs::write(&path, utf16.collect::<Vec<_>>()).unwrap();
    assert!(load().unwrap_err().errors[0].message.contains("UTF-8"));
    std::fs::write(&path, FINE).unwrap();
    assert_eq!(load().unwrap().source, Some(path.clone()));
}

#[test]
fn the_configuration_hash_follows_what_is_in_force_and_nothing_else() {
    let hash = |text: &str| parse(text).unwrap().config_hash();
    let fine = hash(FINE);
    assert_eq!(fine.len(), 64);
    assert_eq!(hash(&changed(&[(4, "# another comment\nquota_percent = 50")])), fine, "a default written out");
    assert_eq!(hash(&changed(&[(2, "cloud = \"us-gov\""), (3, FINE.lines().nth(1).unwrap())])), fine, "another order");
    assert_ne!(hash(&changed(&[(4, "quota_percent = 51")])), fine);
    assert_eq!(with(&[(TEAMS_WEBHOOK_URL, "hush")], FINE).unwrap().config_hash(), fine, "secrets");
    assert_ne!(with(&[(MODE, "apply")], FINE).unwrap().config_hash(), fine);
}

#[test]
fn the_scope_hash_follows_the_scope_and_nothing_else() {
    let hash = |changes: &[(usize, &str)]| parse(&changed(changes)).unwrap().partners[0].scope_hash();
    let fine = hash(&[]);
    assert_eq!(hash(&[(12, "[partner.limits]\npercent = 11")]), fine);
    assert_eq!(hash(&[(12, "adopt = \"none\"")]), fine);
    assert_ne!(hash(&[(12, "adopt = \"full\"")]), fine);
    assert_eq!(
        hash(&[(11, "domains = [\"contoso.com\", \"contoso.org\"]")]),
        hash(&[(11, "domains = [\"Contoso.org\", \"contoso.com\", \"contoso.com\"]")])
    );
}

#[test]
fn the_hash_of_attributes_follows_them_alone() {
    let hash = |text: &str| parse(&changed(&[(12, text)])).unwrap().partners[0].attributes_hash();
    let fine = hash("[partner.attributes]\ncity = \"x\"\nstate = \"y\"");
    assert_eq!(hash("[partner.attributes]\nstate = \"y\"\ncity = \"x\""), fine);
    assert_ne!(hash("[partner.attributes]\ncity = \"\"\nstate = \"y\""), fine);
}
