//! Upstream secrets (contract §15): what Locum shows to downstream systems, by
//! name. What is known of one beside its value, and which targets name it.

use super::connector::Downstream;
use super::problem::Problems;
use super::references::step;
use crate::ids::SecretName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Most origins that one secret is bound to.
const ORIGINS_MAX: usize = 16;
/// Longest origin, in bytes: the longest host name, with scheme and port.
const ORIGIN_MAX: usize = 270;

/// An upstream secret, its value sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamSecret {
    /// Its name.
    pub name: SecretName,
    /// The only origins it may be sent to (RFC 6454 §6.2); empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Unix seconds at which it ends, as declared or as its certificate says.
    pub expires_s: Option<u64>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// The value, sealed under the master key, base64url.
    pub sealed: String,
    /// Index of the record that holds this value; set when it is folded.
    #[serde(default)]
    pub index: u64,
}

/// The name of a secret where a connector has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret<'a> {
    /// A JSON pointer into the target (RFC 6901).
    pub pointer: String,
    /// The member that names it, and its key where there is one.
    pub(super) place: (&'static str, &'a str),
    /// The name as written; of a parameter it may be no name at all.
    pub name: &'a str,
}

impl Downstream {
    /// The secrets that the connector names: by their roles, by principals, and by
    /// the people whose refresh tokens are kept.
    #[must_use]
    pub fn named_secrets(&self) -> Vec<NamedSecret<'_>> {
        let mut out = Vec::new();
        for (role, name) in &self.secrets {
            out.push(NamedSecret {
                pointer: format!("/connector/secrets/{}", step(role)),
                place: ("secrets", role),
                name: name.as_str(),
            });
        }
        let principals = self.parameters.get("principals").and_then(Value::as_array);
        for (at, principal) in principals.into_iter().flatten().enumerate() {
            if let Some(name) = principal.get("secret").and_then(Value::as_str) {
                out.push(NamedSecret {
                    pointer: format!("/connector/parameters/principals/{at}/secret"),
                    place: ("principals", ""),
                    name,
                });
            }
        }
        let vault = self.parameters.get("vault").and_then(Value::as_object);
        for (person, name) in vault.into_iter().flatten() {
            if let Some(name) = name.as_str() {
                out.push(NamedSecret {
                    pointer: format!("/connector/parameters/vault/{}", step(person)),
                    place: ("vault", person),
                    name,
                });
            }
        }
        out
    }

    /// The origin that is asked, in its one form; `None`: there is none.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        origin_of(&Url::parse(&self.base_url).ok()?)
    }
}

impl UpstreamSecret {
    /// Whether it may be sent to that origin.
    #[must_use]
    pub fn is_for(&self, origin: Option<&str>) -> bool {
        self.origins.is_empty()
            || origin.is_some_and(|origin| self.origins.iter().any(|known| known == origin))
    }
}

fn origin_of(url: &Url) -> Option<String> {
    let http = matches!(url.scheme(), "http" | "https") && url.has_host();
    http.then(|| url.origin().ascii_serialization())
}

/// An origin in its one form (RFC 6454 §6.2); `None` where a text is no origin,
/// or more than one.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= ORIGIN_MAX)?;
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    origin_of(&url).filter(|_| bare)
}

/// Origins in their one form, each once.
pub(super) fn origins(texts: &[String], out: &mut Problems) -> Vec<String> {
    const EXPECTED: &str = "expected 1 to 16 origins such as `https://api.example`, or null";
    let count = (1..=ORIGINS_MAX).contains(&texts.len());
    out.require(count, "/origins", EXPECTED);
    let mut found = Vec::new();
    for (at, text) in texts.iter().take(ORIGINS_MAX).enumerate() {
        match origin(text) {
            Some(origin) if found.contains(&origin) => {}
            Some(origin) => found.push(origin),
            None => out.add(
                format!("/origins/{at}"),
                "expected an origin such as `https://api.example`, without a path",
            ),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::registry::Connector;
    use serde_json::json;

    #[test]
    fn an_origin_has_one_form_and_nothing_behind_it() {
        for (text, shown) in [
            ("https://api.example", Some("https://api.example")),
            ("https://API.example:443/", Some("https://api.example")),
            ("https://api.example:8443", Some("https://api.example:8443")),
            ("http://127.0.0.1:9000", Some("http://127.0.0.1:9000")),
            ("https://[::1]", Some("https://[::1]")),
            ("https://api.example/x", None),
            ("https://api.example?x", None),
            ("https://api.example#x", None),
            ("https://user@api.example", None),
            ("https://:pass@api.example", None),
            ("api.example", None),
            ("ftp://api.example", None),
            ("data:text/plain,x", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(origin(text).as_deref(), shown, "{text}");
        }
        assert_eq!(origin(&format!("https://{}", "a".repeat(300))), None);
    }

    #[test]
    fn origins_are_kept_once_each_in_their_one_form() {
        let read = |texts: &[&str]| {
            let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
            let mut flaws = Problems::default();
            let found = origins(&texts, &mut flaws);
            let flaws = flaws.0.into_iter().map(|flaw| flaw.pointer);
            (found, flaws.collect::<Vec<_>>())
        };
        let found = read(&[
            "https://a.example/",
            "HTTPS://A.example",
            "https://b.example",
        ]);
        let kept = vec!["https://a.example".into(), "https://b.example".into()];
        assert_eq!(found, (kept, vec![]));
        assert_eq!(read(&[]).1, ["/origins"]);
        assert_eq!(read(&["https://a.example"; 17]).1, ["/origins"]);
        assert_eq!(read(&["https://a.example", "x"]).1, ["/origins/1"]);
    }

    #[test]
    fn a_connector_names_secrets_by_roles_by_principals_and_by_people() {
        let connector: Connector = serde_json::from_value(json!({
            "kind": "jwt_bearer", "profile": "x", "base_url": "https://A.example:443/path",
            "secrets": {"cli/ent": "one"},
            "parameters": {
                "principals": [{"user": "u"}, {"secret": "two"}, {"secret": 3}],
                "vault": {"demo:a~b": "three", "demo:c": null},
            },
        }))
        .unwrap();
        let downstream = connector.downstream().unwrap();
        let named = downstream.named_secrets();
        let named: Vec<_> = named.iter().map(|one| (&*one.pointer, one.name)).collect();
        assert_eq!(
            named,
            [
                ("/connector/secrets/cli~1ent", "one"),
                ("/connector/parameters/principals/1/secret", "two"),
                ("/connector/parameters/vault/demo:a~0b", "three"),
            ]
        );
        assert_eq!(downstream.origin().as_deref(), Some("https://a.example"));
    }
}
