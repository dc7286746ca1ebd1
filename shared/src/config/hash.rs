//! Hashes by which a change of configuration is noticed.
//!
//! Responsible for: that they stay equal when nothing changed but spelling: the order of keys, comments, defaults
//! written out. Not responsible for: what follows from a change.

use super::partner::Partner;
use super::settings::{Config, Mode, Tenant};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

impl Config {
    /// SHA-256, in hexadecimal, over everything that is in force, the mode included; secrets are not in it.
    pub fn config_hash(&self) -> String {
        hash(self)
    }

    /// The same but for the mode, which bounds a plan and is no part of it: what was held while the app wrote can be approved
    /// where a file says plan.
    pub fn plan_hash(&self) -> String {
        let tenant = Tenant { mode: Mode::Apply, ..self.tenant.clone() };
        hash(&Self { tenant, ..self.clone() })
    }
}

impl Partner {
    /// SHA-256, in hexadecimal, over who belongs to the partner, whatever the order in which it is listed.
    pub fn scope_hash(&self) -> String {
        let mut scope = self.scope.clone();
        in_order(&mut scope.domains);
        in_order(&mut scope.previous_domains);
        in_order(&mut scope.groups);
        in_order(&mut scope.exclude_groups);
        hash(&scope)
    }

    /// SHA-256, in hexadecimal, over `[partner.attributes]`.
    pub fn attributes_hash(&self) -> String {
        hash(&self.attributes)
    }
}

fn in_order<T: Ord>(list: &mut Vec<T>) {
    list.sort();
    list.dedup();
}

fn hash(value: &impl Serialize) -> String {
    let mut text = String::new();
    let value = serde_json::to_value(value).expect("maps with texts as keys become JSON");
    write_sorted(&value, &mut text);
    hex::encode(Sha256::digest(text))
}

/// Writes JSON with its keys sorted, however `serde_json` orders its maps (a feature that any crate may switch on).
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            text.push('{');
            for (key, value) in entries {
                _ = write!(text, "{key:?}:");
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for value in list {
                write_sorted(value, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => _ = write!(text, "{scalar}"),
    }
}
