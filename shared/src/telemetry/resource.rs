//! Who sends telemetry: the service and the function app that it is.
//!
//! Responsible for: what the platform's variables say, beside `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`, which win.
//! Not responsible for: names of machines or of people; none is in it.

use crate::config::Environment;
use opentelemetry::{Key, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_semantic_conventions::attribute;
use std::collections::BTreeMap;

/// What the service is called if nobody says otherwise.
const SERVICE: &str = "usher";

/// The resource of this process.
pub(super) fn resource(environment: &Environment) -> Resource {
    let configured = Resource::builder().build();
    let mut attributes: BTreeMap<Key, KeyValue> =
        known(environment).into_iter().map(|known| (known.key.clone(), known)).collect();
    let named = environment.get("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    for (key, value) in configured.iter() {
        let is_default = key.as_str() == attribute::SERVICE_NAME && !named && !is_listed(environment, key.as_str());
        if !is_default {
            attributes.insert(key.clone(), KeyValue::new(key.clone(), value.clone()));
        }
    }
    Resource::builder_empty().with_attributes(attributes.into_values()).build()
}

/// Whether `OTEL_RESOURCE_ATTRIBUTES` sets an attribute.
fn is_listed(environment: &Environment, key: &str) -> bool {
    let list = environment.get("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    list.split(',').filter_map(|entry| entry.split_once('=')).any(|(name, _)| name.trim() == key)
}

fn known(environment: &Environment) -> Vec<KeyValue> {
    let mut known = vec![
        KeyValue::new(attribute::SERVICE_NAME, SERVICE),
        KeyValue::new(attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        // Each process counts from zero, so each is an instance of its own.
        KeyValue::new(attribute::SERVICE_INSTANCE_ID, uuid::Uuid::new_v4().to_string()),
    ];
    let from = |variable: &str| environment.get(variable).filter(|value| !value.is_empty()).map(str::to_owned);
    if let Some(site) = from("WEBSITE_SITE_NAME") {
        known.push(KeyValue::new(attribute::CLOUD_PROVIDER, "azure"));
        known.push(KeyValue::new(attribute::CLOUD_PLATFORM, "azure.functions"));
        let ids = (from("WEBSITE_OWNER_NAME"), from("WEBSITE_RESOURCE_GROUP"));
        if let (Some(owner), Some(group)) = ids {
            // `<subscription>+<webspace>`.
            let subscription = owner.split('+').next().unwrap_or_default();
            let id =
                format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{site}");
            known.push(KeyValue::new(attribute::CLOUD_RESOURCE_ID, id));
            known.push(KeyValue::new(attribute::CLOUD_ACCOUNT_ID, subscription.to_owned()));
        }
        known.push(KeyValue::new("azure.function_app.name", site));
    }
    if let Some(region) = from("REGION_NAME") {
        // The variable has the name that people read: `West Europe`.
        known.push(KeyValue::new(attribute::CLOUD_REGION, region.replace(' ', "").to_lowercase()));
    }
    for (key, variable) in [
        (attribute::DEPLOYMENT_ENVIRONMENT_NAME, "AZURE_FUNCTIONS_ENVIRONMENT"),
        (attribute::FAAS_INSTANCE, "WEBSITE_INSTANCE_ID"),
        (attribute::FAAS_VERSION, "FUNCTIONS_EXTENSION_VERSION"),
    ] {
        known.extend(from(variable).map(|value| KeyValue::new(key, value)));
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(resource: &Resource, key: &'static str) -> Option<String> {
        resource.get(&Key::new(key)).map(|value| value.to_string())
    }

    #[test]
    fn the_service_is_usher_in_its_version_and_knows_the_function_app() {
        let variables =
            [("WEBSITE_SITE_NAME", "func-usher"), ("REGION_NAME", "West Europe"), ("WEBSITE_INSTANCE_ID", "abc")];
        let resource = resource(&variables.into_iter().collect());
        assert_eq!(value(&resource, attribute::SERVICE_NAME).as_deref(), Some("usher"));
        assert_eq!(value(&resource, attribute::SERVICE_VERSION).as_deref(), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(value(&resource, attribute::CLOUD_PROVIDER).as_deref(), Some("azure"));
        assert_eq!(value(&resource, attribute::CLOUD_REGION).as_deref(), Some("westeurope"));
        assert_eq!(value(&resource, attribute::FAAS_INSTANCE).as_deref(), Some("abc"));
        assert_eq!(value(&resource, "host.name"), None);
    }

    #[test]
    fn away_from_azure_nothing_is_said_of_it() {
        let resource = resource(&Environment::default());
        assert_eq!(value(&resource, attribute::CLOUD_PROVIDER), None);
        assert!(value(&resource, attribute::SERVICE_INSTANCE_ID).is_some());
    }
}
