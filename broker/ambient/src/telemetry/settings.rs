//! `[telemetry]`: where traces go, if anywhere.

use serde::Deserialize;
use url::Url;

/// Whether this build can send traces.
const BUILT: bool = cfg!(feature = "otlp");

/// `[telemetry]`; the default sends nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// The collector's base URL.
    #[serde(default)]
    pub otlp_endpoint: Option<String>,
    /// Of requests that bring no trace, how many in a hundred are traced.
    #[cfg_attr(
        not(feature = "otlp"),
        allow(dead_code, reason = "only with the feature")
    )]
    pub sample_percent: u32,
}

impl Telemetry {
    /// What is wrong with it, in one sentence.
    pub fn flaw(&self) -> Option<String> {
        let endpoint = self.otlp_endpoint.as_deref()?;
        let expected = |what: &str| Some(format!("`telemetry.otlp_endpoint`: expected {what}"));
        if !BUILT {
            return expected("a build with the feature `otlp`, found one without it");
        }
        let Ok(url) = Url::parse(endpoint) else {
            return expected("a URL, found something else");
        };
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain {
            return None;
        }
        expected("http or https without user, query and fragment, found something else")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_plain_url_and_needs_the_feature() {
        let flaw = |endpoint: &str| {
            let telemetry = Telemetry {
                otlp_endpoint: Some(endpoint.to_owned()),
                sample_percent: 100,
            };
            telemetry.flaw()
        };
        assert_eq!(Telemetry::default().flaw(), None);
        let sound = flaw("http://127.0.0.1:4318");
        let unbuilt = sound.unwrap_or_default();
        assert_eq!(unbuilt.contains("the feature `otlp`"), !BUILT, "{unbuilt}");
        for other in ["127.0.0.1", "ftp://x", "http://secret@x", "http://x?secret"] {
            let said = flaw(other).unwrap_or_default();
            assert!(
                said.starts_with("`telemetry.otlp_endpoint`: expected"),
                "{other}"
            );
            assert!(!said.contains("secret"));
        }
    }
}
