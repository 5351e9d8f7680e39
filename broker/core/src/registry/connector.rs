//! How a target's credential is obtained (contract §15).

use super::problem::Problems;
use crate::ids::SecretName;
use crate::token::Alg;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest `base_url`, in bytes.
const BASE_URL_MAX: usize = 2_048;
/// Longest name of a profile, or of the role of a secret, in bytes.
const NAME_MAX: usize = 64;
/// Most bytes of `parameters`, as JSON.
const PARAMETERS_MAX: usize = 32_768;
/// Most secrets of one connector.
const SECRETS_MAX: usize = 16;

/// `connector` of a target: Locum signs a token, or a vendor hands one out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Declared", into = "Declared")]
pub enum Connector {
    /// Locum signs the access token itself, by that algorithm.
    Issue(Alg),
    /// A vendor hands the credential out.
    Downstream(Box<Downstream>),
}

/// How a vendor is asked. What its profile allows is checked by whoever knows
/// the profiles; here stands what was declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Downstream {
    /// How it is asked; `None`: the first kind of the profile.
    pub kind: Option<ConnectorKind>,
    /// Which profile.
    pub profile: String,
    /// What the paths of the profile are put behind.
    pub base_url: String,
    /// The parameters of the profile.
    pub parameters: Map<String, Value>,
    /// The role of a secret → the name of an upstream secret.
    pub secrets: BTreeMap<String, SecretName>,
}

/// The ways in which a credential is obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectorKind {
    /// Locum signs the access token itself.
    Issue,
    /// RFC 7523.
    JwtBearer,
    /// RFC 7522.
    SamlBearer,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 8693, at the vendor.
    TokenExchange,
    /// A login of the vendor's own.
    VendorSession,
    /// RFC 6749 §6, by the person's own refresh token.
    RefreshVault,
}

impl ConnectorKind {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::JwtBearer => "jwt_bearer",
            Self::SamlBearer => "saml_bearer",
            Self::ClientCredentials => "client_credentials",
            Self::TokenExchange => "token_exchange",
            Self::VendorSession => "vendor_session",
            Self::RefreshVault => "refresh_vault",
        }
    }
}

/// The members as they stand in JSON.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<ConnectorKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<Alg>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    parameters: Map<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, SecretName>,
}

impl Default for Connector {
    fn default() -> Self {
        Self::Issue(Alg::default())
    }
}

impl Connector {
    /// The algorithm of the tokens that Locum signs for the target.
    #[must_use]
    pub const fn alg(&self) -> Option<Alg> {
        match self {
            Self::Issue(alg) => Some(*alg),
            Self::Downstream(_) => None,
        }
    }

    /// How the vendor is asked, unless Locum signs itself.
    #[must_use]
    pub fn downstream(&self) -> Option<&Downstream> {
        match self {
            Self::Issue(_) => None,
            Self::Downstream(downstream) => Some(downstream),
        }
    }

    /// What is wrong with its form.
    pub(super) fn problems(&self, out: &mut Problems) {
        let Some(downstream) = self.downstream() else {
            return;
        };
        let short = |text: &str| !text.is_empty() && text.len() <= NAME_MAX;
        out.require(
            short(&downstream.profile),
            "/connector/profile",
            "expected a profile of `GET /admin/v1/profiles`",
        );
        out.require(
            downstream.base_url.len() <= BASE_URL_MAX,
            "/connector/base_url",
            "expected at most 2,048 bytes",
        );
        let size = crate::jcs::text(&Value::Object(downstream.parameters.clone())).len();
        out.require(
            size <= PARAMETERS_MAX,
            "/connector/parameters",
            "expected at most 32,768 bytes of JSON",
        );
        out.require(
            downstream.secrets.len() <= SECRETS_MAX,
            "/connector/secrets",
            "expected at most 16 secrets",
        );
    }
}

impl TryFrom<Declared> for Connector {
    type Error = String;

    fn try_from(declared: Declared) -> Result<Self, String> {
        let Declared {
            kind,
            alg,
            profile,
            base_url,
            parameters,
            secrets,
        } = declared;
        let issue = match (kind, &profile) {
            (Some(kind), _) => kind == ConnectorKind::Issue,
            (None, Some(_)) => false,
            (None, None) => return Err("expected `kind`, or `profile`, found neither".into()),
        };
        if issue {
            let bare = profile.is_none()
                && base_url.is_none()
                && parameters.is_empty()
                && secrets.is_empty();
            return if bare {
                Ok(Self::Issue(alg.unwrap_or_default()))
            } else {
                Err("expected no member but `alg` beside kind `issue`, found others".into())
            };
        }
        if alg.is_some() {
            return Err("expected `alg` with kind `issue` only, found another kind".into());
        }
        Ok(Self::Downstream(Box::new(Downstream {
            kind,
            profile: profile.ok_or("expected `profile`, found none")?,
            base_url: base_url.ok_or("expected `base_url`, found none")?,
            parameters,
            secrets,
        })))
    }
}

impl From<Connector> for Declared {
    fn from(connector: Connector) -> Self {
        match connector {
            Connector::Issue(alg) => Self {
                kind: Some(ConnectorKind::Issue),
                alg: Some(alg),
                profile: None,
                base_url: None,
                parameters: Map::new(),
                secrets: BTreeMap::new(),
            },
            Connector::Downstream(downstream) => Self {
                kind: downstream.kind,
                alg: None,
                profile: Some(downstream.profile),
                base_url: Some(downstream.base_url),
                parameters: downstream.parameters,
                secrets: downstream.secrets,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Connector;
    use serde_json::{Value, json};

    fn read(value: Value) -> Result<Connector, String> {
        serde_json::from_value(value).map_err(|e| e.to_string())
    }

    #[test]
    fn what_was_declared_is_shown_again() {
        for declared in [
            json!({"kind": "issue", "alg": "ES256"}),
            json!({"profile": "xsuaa", "base_url": "https://a.example"}),
            json!({
                "kind": "jwt_bearer", "profile": "xsuaa", "base_url": "https://a.example",
                "parameters": {"client_id": "c"}, "secrets": {"client": "btp-client"},
            }),
        ] {
            let read = read(declared.clone()).expect("a connector");
            assert_eq!(json!(read), declared);
        }
    }

    #[test]
    fn members_of_one_kind_are_refused_at_another() {
        for declared in [
            json!({}),
            json!({"kind": "issue", "profile": "xsuaa"}),
            json!({"kind": "issue", "secrets": {"client": "a"}}),
            json!({"kind": "jwt_bearer"}),
            json!({"kind": "jwt_bearer", "profile": "xsuaa"}),
            json!({"kind": "jwt_bearer", "profile": "xsuaa", "base_url": "https://a.example", "alg": "RS256"}),
            json!({"kind": "jwt_bearer", "profile": "xsuaa", "base_url": "https://a.example", "client_id": "c"}),
        ] {
            assert!(read(declared.clone()).is_err(), "{declared}");
        }
    }
}
