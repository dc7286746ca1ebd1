//! The formats of single texts.
//!
//! Responsible for: what is wrong with a text by itself, and what to write instead. A format is known by its name in
//! the schema, so that the file is judged by what is published. Not responsible for: what two values mean together.

use super::errors::quoted;
use super::values::{Wave, WaveError};
use crate::address::{Address, AddressError, Domain};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use url::Url;
use uuid::Uuid;

/// What is wrong with a text, and what to do about it.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) advice: String,
}

fn fault(message: impl Into<String>, advice: impl Into<String>) -> Result<(), Fault> {
    Err(Fault { message: message.into(), advice: advice.into() })
}

/// A format of texts.
pub(super) struct Format {
    name: &'static str,
    /// A text of the format that stands in for one that is not, so that the rest of the file can be judged too.
    pub(super) stand_in: &'static str,
    /// Judges the text of the key. Addresses are personal, and where the name of a secret or a host is expected
    /// somebody may have written the secret itself: those texts are not repeated in messages.
    pub(super) check: fn(key: &str, text: &str) -> Result<(), Fault>,
}

const NIL: &str = "00000000-0000-0000-0000-000000000000";

const FORMATS: &[Format] = &[
    Format { name: "uuid", stand_in: NIL, check: id },
    Format { name: "uuid-or-empty", stand_in: "", check: |key, text| or_empty(id, key, text) },
    Format { name: "domain", stand_in: "stand-in.invalid", check: domain },
    Format { name: "host", stand_in: "stand-in.invalid", check: host },
    Format { name: "address", stand_in: "stand-in@stand-in.invalid", check: address },
    Format { name: "wave", stand_in: "1", check: wave },
    Format { name: "slug", stand_in: "", check: slug },
    Format { name: "app-role", stand_in: "", check: app_role },
    Format { name: "language", stand_in: "", check: language },
    Format { name: "language-or-empty", stand_in: "", check: |key, text| or_empty(language, key, text) },
    Format { name: "country-code", stand_in: "", check: country_code },
    Format { name: "https-url-or-empty", stand_in: "", check: |key, text| or_empty(https_url, key, text) },
    Format { name: "time-zone", stand_in: "UTC", check: zone },
    Format { name: "environment-variable", stand_in: "", check: variable },
];

/// The format of that name. Others, such as those of numbers, are none of texts.
pub(super) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Whether somebody has yet to fill this in.
pub(super) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 6] = ["todo", "tbd", "fixme", "changeme", "change-me", "..."];
    let text = text.trim();
    (text.starts_with('<') && text.ends_with('>'))
        || text == NIL
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || (text.len() == NIL.len() && text.bytes().all(|byte| matches!(byte, b'x' | b'X' | b'-')))
}

/// Where the value of a key is found.
pub(super) fn where_to_find(key: &str) -> &'static str {
    let last = key.rsplit('.').next().unwrap_or_default();
    let last = last.split('[').next().unwrap_or_default();
    match last {
        "id" | "tenant_id" => "Write the tenant id that the Entra admin centre of that tenant shows under Overview.",
        "client_id" => "Write the Application (client) ID of the app registration, or \"\" when there is none.",
        "protected_group" => {
            "Write the Object ID that the Entra admin centre shows for the group, or \"\" when there is none."
        }
        "groups" | "exclude_groups" => {
            "Write the Object ID that the Entra admin centre shows for the group in this tenant."
        }
        "sponsors" => "Write the Object ID that the Entra admin centre shows for the user or group in this tenant.",
        _ => "Write the real value.",
    }
}

fn or_empty(check: fn(&str, &str) -> Result<(), Fault>, key: &str, text: &str) -> Result<(), Fault> {
    if text.is_empty() { Ok(()) } else { check(key, text) }
}

fn id(key: &str, text: &str) -> Result<(), Fault> {
    // Braces and `urn:` are other spellings of the same id; one spelling keeps the file comparable with what Graph
    // shows.
    if text.len() == NIL.len() && Uuid::try_parse(text).is_ok() {
        return Ok(());
    }
    fault(format!("{} is no id of the form {NIL}", quoted(text)), where_to_find(key))
}

fn domain(_: &str, text: &str) -> Result<(), Fault> {
    if text.contains("://") || text.contains('/') {
        fault(format!("{} is a URL", quoted(text)), "Write the domain alone, such as fabrikam.us.")
    } else if text.contains('@') {
        fault(
            // An address is personal: it is not repeated.
            "this has an @".to_owned(),
            "Write what follows the @, such as fabrikam.us; single addresses belong in pilot.",
        )
    } else if text.contains([',', ';', ' ']) {
        fault(
            format!("{} is more than one domain", quoted(text)),
            "Write each in quotes of its own: [\"fabrikam.us\", \"contoso.com\"].",
        )
    } else if text.contains(['*', '?', '^', '$', '\\', '(', '[', '|', '+']) {
        fault(
            format!("{} is a pattern, and domains are compared whole", quoted(text)),
            "List every domain and sub-domain by itself.",
        )
    } else if text.starts_with('.') {
        fault(
            format!("{} begins with a dot, and domains are compared whole", quoted(text)),
            "Leave the dot out, and list every sub-domain by itself.",
        )
    } else if let Err(error) = Domain::parse(text) {
        fault(format!("{}: {error}", quoted(text)), "Write the whole domain of the addresses.")
    } else {
        Ok(())
    }
}

fn host(_: &str, text: &str) -> Result<(), Fault> {
    if text.contains(['/', ':', '*', '@', '?']) || text.starts_with('.') || Domain::parse(text).is_err() {
        return fault(
            "this is not the domain of a host",
            "Write at least two labels without scheme, port, path, leading dot or *, such as contoso.com; hosts below \
             it are included.",
        );
    }
    Ok(())
}

fn address(_: &str, text: &str) -> Result<(), Fault> {
    match Address::parse(text) {
        Ok(_) => Ok(()),
        Err(AddressError::Shape) if text.contains(',') || text.contains(';') => {
            fault("this is more than one address", "Write each address in quotes of its own, separated by commas.")
        }
        Err(error) => fault(error.to_string(), "Write one whole address, such as person-0001@fabrikam.us."),
    }
}

fn wave(_: &str, text: &str) -> Result<(), Fault> {
    match text.parse::<Wave>() {
        Ok(_) => Ok(()),
        Err(error @ WaveError::Zero) => {
            fault(format!("{}: {error}", quoted(text)), "Remove it; an empty list means no waves.")
        }
        Err(error) => fault(
            format!("{}: {error}", quoted(text)),
            "Write a number of people such as \"10\", or a percentage from \"1%\" to \"100%\".",
        ),
    }
}

fn slug(_: &str, text: &str) -> Result<(), Fault> {
    let fits =
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fits {
        return Ok(());
    }
    fault(
        format!("{} cannot be a name in URLs", quoted(text)),
        "Write 1 to 40 characters of a-z, 0-9 and hyphen, such as fabrikam-gov.",
    )
}

fn app_role(_: &str, text: &str) -> Result<(), Fault> {
    // Entra's rule for the value of an app role: at most 120 characters, no white space, no dot in front.
    let fits = (1..=120).contains(&text.chars().count())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && !text.starts_with('.');
    if fits {
        return Ok(());
    }
    fault(
        format!("{} cannot be the value of an app role", quoted(text)),
        "Write the Value, not the display name, of the app role in the app registration, such as Usher.Approver.",
    )
}

fn language(_: &str, text: &str) -> Result<(), Fault> {
    let mut subtags = text.split('-');
    let primary = subtags
        .next()
        .is_some_and(|tag| (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let rest = subtags.all(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if primary && rest {
        return Ok(());
    }
    fault(format!("{} is no language tag", quoted(text)), "Write one such as en-US, de-DE or fr.")
}

fn country_code(_: &str, text: &str) -> Result<(), Fault> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    fault(
        format!("{} is no country code, and Graph does not let the property be cleared", quoted(text)),
        "Write two capital letters (ISO 3166), such as US, or remove the key.",
    )
}

fn https_url(_: &str, text: &str) -> Result<(), Fault> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.username().is_empty() && url.password().is_none() => Ok(()),
        Ok(url) if url.scheme() == "https" => {
            fault("the URL has a user name or password in it", "Write the URL without them.")
        }
        _ => fault(
            "this is no https URL",
            "Write one such as https://myapps.microsoft.com/, or \"\" for My Apps with this tenant's id.",
        ),
    }
}

fn zone(_: &str, text: &str) -> Result<(), Fault> {
    zone_in(jiff::tz::db(), text)
}

/// As [`zone`], with the time zone data to look into.
pub(super) fn zone_in(database: &TimeZoneDatabase, text: &str) -> Result<(), Fault> {
    if time_zone(database, text).is_some() {
        Ok(())
    } else if database.is_definitively_empty() {
        fault(
            format!("{} cannot be looked up, because this machine has no time zone data", quoted(text)),
            "Install the tzdata package, or write UTC.",
        )
    } else {
        fault(
            format!("{} is no time zone", quoted(text)),
            "Write a name of the IANA time zone database, such as Europe/Berlin or America/New_York, or UTC.",
        )
    }
}

/// The zone of that name. UTC needs no data.
pub(super) fn time_zone(database: &TimeZoneDatabase, name: &str) -> Option<TimeZone> {
    if name == "UTC" { Some(TimeZone::UTC) } else { database.get(name).ok() }
}

fn variable(_: &str, text: &str) -> Result<(), Fault> {
    let first = text.bytes().next().is_some_and(|byte| matches!(byte, b'A'..=b'Z' | b'_'));
    if first && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
        return Ok(());
    }
    fault(
        "this is not the name of an environment variable",
        "Write a name of A-Z, 0-9 and _, such as CHANGES_WEBHOOK_URL; the URL itself is a secret and belongs in \
         that variable.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_that_is_not_empty_is_of_its_format() {
        for format in FORMATS.iter().filter(|format| !format.stand_in.is_empty()) {
            assert!((format.check)("", format.stand_in).is_ok(), "{}", format.name);
        }
    }

    #[test]
    fn zones_are_known_where_there_is_data_about_them() {
        let database = jiff::tz::db();
        let known = zone_in(database, "Europe/Berlin").is_ok();
        assert_eq!(known, !database.is_definitively_empty());
    }

    #[test]
    fn without_time_zone_data_only_utc_is_known_and_the_message_says_so() {
        let none = TimeZoneDatabase::none();
        assert!(zone_in(&none, "UTC").is_ok());
        let fault = zone_in(&none, "Europe/Berlin").err().unwrap();
        assert!(fault.message.contains("no time zone data"), "{}", fault.message);
    }
}
