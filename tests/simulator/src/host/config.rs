//! host.json: what the app asks of the Functions host.
//!
//! Responsible for: reading it strictly. A key that the real host knows but this stand-in does not simulate is refused
//! rather than ignored, so that no test passes on a setting that did nothing.
//!
//! Not responsible for: function.json, overriding values by app settings.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::Path;
use std::time::Duration;

const BUNDLE: &str = "Microsoft.Azure.Functions.ExtensionBundle";

/// What host.json says, with the host's defaults filled in.
#[derive(Clone, Debug)]
pub(super) struct HostConfig {
    /// `None` is unbounded.
    pub(super) function_timeout: Option<Duration>,
    pub(super) queues: QueueSettings,
    pub(super) route_prefix: String,
    pub(super) handler: HandlerSettings,
    /// Without the bundle the host knows no queue bindings.
    pub(super) has_bundle: bool,
}

/// `extensions.queues`.
#[derive(Clone, Debug)]
pub(super) struct QueueSettings {
    pub(super) batch_size: usize,
    pub(super) new_batch_threshold: usize,
    pub(super) max_dequeue_count: u32,
    pub(super) visibility_timeout: Duration,
    pub(super) encoding: MessageEncoding,
}

/// How message texts are stored.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum MessageEncoding {
    #[default]
    Base64,
    None,
}

/// `customHandler`.
#[derive(Clone, Debug)]
pub(super) struct HandlerSettings {
    pub(super) executable: String,
    pub(super) working_directory: Option<String>,
    pub(super) arguments: Vec<String>,
    pub(super) initialization_timeout: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HostJson {
    version: String,
    function_timeout: Option<String>,
    #[serde(default)]
    extensions: Extensions,
    extension_bundle: Option<Bundle>,
    custom_handler: CustomHandler,
    #[serde(rename = "logging")]
    _logging: Option<IgnoredAny>,
    #[serde(rename = "telemetryMode")]
    _telemetry_mode: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    id: String,
    version: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extensions {
    #[serde(default)]
    queues: Queues,
    #[serde(default)]
    http: Http,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Queues {
    batch_size: Option<usize>,
    new_batch_threshold: Option<usize>,
    max_dequeue_count: Option<u32>,
    visibility_timeout: Option<String>,
    #[serde(default)]
    message_encoding: MessageEncoding,
    // The stand-in delivers when a test asks, so how often the host polls makes no difference.
    #[serde(rename = "maxPollingInterval")]
    _max_polling_interval: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Http {
    route_prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CustomHandler {
    description: Description,
    #[serde(default)]
    enable_forwarding_http_request: bool,
    #[serde(default)]
    enable_proxying_http_request: bool,
    initialization_timeout: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Description {
    default_executable_path: String,
    working_directory: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
}

impl HostConfig {
    /// Reads `host.json` of the app.
    pub(super) fn read(app_root: &Path) -> Result<Self> {
        let path = app_root.join("host.json");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    fn parse(text: &str) -> Result<Self> {
        let json: HostJson = serde_json::from_str(text)?;
        ensure!(json.version == "2.0", "version must be \"2.0\"");
        if let Some(bundle) = &json.extension_bundle {
            ensure!(
                bundle.id == BUNDLE && !bundle.version.is_empty(),
                "extensionBundle must be {BUNDLE} with a version"
            );
        }
        let handler = json.custom_handler;
        ensure!(
            !handler.enable_forwarding_http_request && !handler.enable_proxying_http_request,
            "only the envelope mode is simulated, not forwarded or proxied requests"
        );
        Ok(Self {
            function_timeout: match json.function_timeout.as_deref() {
                // The default of every plan but Consumption.
                None => Some(Duration::from_secs(30 * 60)),
                Some("-1") => None,
                Some(text) => Some(time_span(text).context("functionTimeout")?),
            },
            queues: QueueSettings::new(json.extensions.queues)?,
            route_prefix: (json.extensions.http.route_prefix).unwrap_or_else(|| "api".to_owned()),
            handler: HandlerSettings {
                executable: handler.description.default_executable_path,
                working_directory: handler.description.working_directory,
                arguments: handler.description.arguments,
                initialization_timeout: match handler.initialization_timeout {
                    None => Duration::from_secs(30),
                    Some(text) => time_span(&text).context("initializationTimeout")?,
                },
            },
            has_bundle: json.extension_bundle.is_some(),
        })
    }
}

impl QueueSettings {
    fn new(json: Queues) -> Result<Self> {
        let batch_size = json.batch_size.unwrap_or(16);
        ensure!((1..=32).contains(&batch_size), "batchSize must be within 1 to 32");
        let max_dequeue_count = json.max_dequeue_count.unwrap_or(5);
        ensure!(max_dequeue_count >= 1, "maxDequeueCount must be at least 1");
        Ok(Self {
            batch_size,
            new_batch_threshold: json.new_batch_threshold.unwrap_or(batch_size / 2),
            max_dequeue_count,
            visibility_timeout: match json.visibility_timeout {
                None => Duration::ZERO,
                Some(text) => time_span(&text).context("visibilityTimeout")?,
            },
            encoding: json.message_encoding,
        })
    }

    /// How many messages one function of one instance works on at a time.
    pub(super) fn parallelism(&self) -> usize {
        self.batch_size + self.new_batch_threshold
    }
}

/// Reads .NET's `[d.]hh:mm:ss`.
fn time_span(text: &str) -> Result<Duration> {
    let (days, time) = text.split_once('.').unwrap_or(("0", text));
    let parts: Vec<&str> = time.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else {
        bail!("\"{text}\" is not a time span of the form hh:mm:ss");
    };
    let number = |part: &str, below: u64| -> Result<u64> {
        let number = part.parse().with_context(|| format!("\"{text}\""))?;
        ensure!(number < below, "{number} in \"{text}\" is not below {below}");
        Ok(number)
    };
    let hours = number(days, 10_000)? * 24 + number(hours, 24)?;
    Ok(Duration::from_secs((hours * 60 + number(minutes, 60)?) * 60 + number(seconds, 60)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h"}}}"#;

    #[test]
    fn what_is_left_out_has_the_hosts_defaults() {
        let config = HostConfig::parse(LEAST).unwrap();
        assert_eq!(config.function_timeout, Some(Duration::from_secs(30 * 60)));
        assert_eq!(config.route_prefix, "api");
        assert_eq!(config.queues.parallelism(), 24);
        assert_eq!(config.queues.max_dequeue_count, 5);
        assert_eq!(config.queues.visibility_timeout, Duration::ZERO);
        assert_eq!(config.queues.encoding, MessageEncoding::Base64);
        assert_eq!(config.handler.initialization_timeout.as_secs(), 30);
        assert!(!config.has_bundle);
    }

    #[test]
    fn what_is_given_is_taken() {
        let config = HostConfig::parse(
            r#"{
                "version": "2.0",
                "functionTimeout": "00:10:00",
                "logging": {"logLevel": {"default": "Information"}},
                "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
                "extensions": {
                    "http": {"routePrefix": ""},
                    "queues": {
                        "batchSize": 1, "newBatchThreshold": 0, "maxDequeueCount": 3, "messageEncoding": "none",
                        "visibilityTimeout": "00:00:30", "maxPollingInterval": "00:00:02"
                    }
                },
                "customHandler": {
                    "description": {"defaultExecutablePath": "usher", "workingDirectory": "w", "arguments": ["serve"]},
                    "initializationTimeout": "00:01:00"
                }
            }"#,
        )
        .unwrap();
        assert_eq!(config.function_timeout, Some(Duration::from_secs(600)));
        assert_eq!(config.queues.parallelism(), 1);
        assert_eq!(config.queues.max_dequeue_count, 3);
        assert_eq!(config.queues.visibility_timeout.as_secs(), 30);
        assert_eq!(config.queues.encoding, MessageEncoding::None);
        assert_eq!(config.route_prefix, "");
        assert_eq!(config.handler.arguments, ["serve"]);
        assert_eq!(config.handler.initialization_timeout.as_secs(), 60);
        assert!(config.has_bundle);
    }

    #[test]
    fn a_key_that_is_wrong_or_not_simulated_is_refused() {
        let app = |members: &str, flags: &str| {
            format!(r#"{{{members},"customHandler":{{"description":{{"defaultExecutablePath":"h"}}{flags}}}}}"#)
        };
        let v2 = r#""version":"2.0""#;
        for (text, part) in [
            (app(r#""version":"1.0""#, ""), "2.0"),
            (app(v2, r#","enableHttpProxyingRequest":true"#), "enableHttpProxyingRequest"),
            (app(v2, r#","enableForwardingHttpRequest":true"#), "envelope"),
            (app(&format!(r#"{v2},"queues":{{}}"#), ""), "queues"),
            (app(&format!(r#"{v2},"functionTimeout":"10""#), ""), "functionTimeout"),
            (app(&format!(r#"{v2},"extensions":{{"queues":{{"batchSize":33}}}}"#), ""), "batchSize"),
        ] {
            let error = format!("{:#}", HostConfig::parse(&text).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn time_spans_count_days_and_refuse_minute_60() {
        assert_eq!(time_span("1.02:03:04").unwrap().as_secs(), 93_784);
        assert!(time_span("00:60:00").is_err());
        assert!(time_span("5").is_err());
    }
}
