//! How an upstream secret is replaced: another value in force at once, and a
//! binding to origins that no target in use is outside of (contract §15).

use crate::ids::SecretName;
use crate::registry::problem::{FieldProblem, Problems};
use crate::registry::registry_set::Registry;
use crate::registry::upstream_secret::{UpstreamSecret, origins};

/// What an administrator says of a secret beside its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretTerms {
    /// `None`: as they were; `Some(None)`: any.
    pub origins: Option<Option<Vec<String>>>,
    /// Unix seconds.
    pub expires_s: Option<u64>,
}

impl UpstreamSecret {
    /// The secret with another value, or a new one.
    ///
    /// # Errors
    /// What is wrong with its origins, by themselves or for the targets that name it.
    pub fn replaced(
        registry: &Registry,
        name: SecretName,
        (terms, sealed): (&SecretTerms, String),
        now_ms: u64,
    ) -> Result<Self, Vec<FieldProblem>> {
        let current = registry.secret(name.as_str());
        let mut out = Problems::default();
        let origins = match &terms.origins {
            None => current
                .map(|known| known.origins.clone())
                .unwrap_or_default(),
            Some(None) => Vec::new(),
            Some(Some(texts)) => origins(texts, &mut out),
        };
        let secret = Self {
            name,
            origins,
            expires_s: terms.expires_s,
            created_at_ms: current.map_or(now_ms, |known| known.created_at_ms),
            sealed,
            index: 0,
        };
        if out.0.is_empty() {
            in_use(registry, &secret, &mut out);
        }
        if out.0.is_empty() {
            Ok(secret)
        } else {
            Err(out.0)
        }
    }
}

/// A target that names it is within its origins.
fn in_use(registry: &Registry, secret: &UpstreamSecret, out: &mut Problems) {
    let outside = registry.targets().filter(|target| {
        let downstream = target.spec.connector.downstream();
        downstream.is_some_and(|downstream| {
            let mut named = downstream.named_secrets().into_iter();
            named.any(|one| one.name == secret.name.as_str())
                && !secret.is_for(downstream.origin().as_deref())
        })
    });
    for target in outside {
        let detail = format!(
            "expected the origin of the target `{}`, which names the secret, found others",
            target.id
        );
        out.add("/origins", detail);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::testing::target;
    use serde_json::json;

    fn name(text: &str) -> SecretName {
        SecretName::parse(text).unwrap()
    }

    fn bound(to: &[&str]) -> SecretTerms {
        let origins = to.iter().map(|text| (*text).to_owned()).collect();
        SecretTerms {
            origins: Some(Some(origins)),
            expires_s: Some(7),
        }
    }

    fn put(registry: &Registry, terms: &SecretTerms, at: u64) -> Result<UpstreamSecret, String> {
        let made = UpstreamSecret::replaced(registry, name("a"), (terms, "x".into()), at);
        made.map_err(|flaws| flaws.into_iter().map(|flaw| flaw.pointer + " ").collect())
    }

    #[test]
    fn a_rotation_keeps_the_age_and_the_binding_and_null_unbinds() {
        let mut registry = Registry::default();
        let first = put(&registry, &bound(&["https://a.example/"]), 5).unwrap();
        assert_eq!(first.origins, ["https://a.example"]);
        assert_eq!((first.created_at_ms, first.expires_s), (5, Some(7)));
        registry.put_secret(first.clone());
        let second = put(&registry, &SecretTerms::default(), 9).unwrap();
        assert_eq!((&second.origins, second.created_at_ms), (&first.origins, 5));
        assert_eq!(second.expires_s, None);
        let any = SecretTerms {
            origins: Some(None),
            expires_s: None,
        };
        assert!(put(&registry, &any, 9).unwrap().origins.is_empty());
        assert_eq!(put(&registry, &bound(&["x"]), 9), Err("/origins/0 ".into()));
    }

    #[test]
    fn a_secret_is_not_bound_away_from_a_target_that_names_it() {
        let mut registry = Registry::default();
        let with = |base_url: &str| {
            let connector =
                json!({"profile": "x", "base_url": base_url, "secrets": {"client": "a"}});
            target("sap", json!({ "connector": connector }))
        };
        registry.put_target(with("https://a.example/oauth"));
        assert!(
            put(
                &registry,
                &bound(&["https://b.example", "https://a.example"]),
                1
            )
            .is_ok()
        );
        let elsewhere = bound(&["https://b.example"]);
        assert_eq!(put(&registry, &elsewhere, 1), Err("/origins ".into()));
        registry.put_target(with("https://b.example"));
        assert!(put(&registry, &elsewhere, 1).is_ok());
        // What has no origin is within none.
        registry.put_target(with("nonsense"));
        assert!(put(&registry, &elsewhere, 1).is_err());
    }
}
