//! Keys of the demo, and the issuers that sign with them.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use locum_core::secret::Secret;
use locum_core::token::Alg;
pub(crate) use locum_tokens::keys::KeyFlaw;
use locum_tokens::keys::SigningKey;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// A private key of the demo, as JSON text. Like [`super::world::DemoSecret`]
/// it is spelled out in the files named `dev-*` and the ready file only.
pub(crate) struct DemoKey(Secret<String>);

impl DemoKey {
    /// Makes a key for ES256.
    ///
    /// # Errors
    /// When the library fails.
    pub(crate) fn generate(kid: &str) -> Result<Self, KeyFlaw> {
        let key = SigningKey::generate(Alg::ES256, Some(kid))?;
        key.private_jwk().map(Self)
    }

    /// The key itself.
    ///
    /// # Errors
    /// When the text is no private key.
    pub(crate) fn signer(&self) -> Result<SigningKey, KeyFlaw> {
        let jwk = serde_json::from_str(self.0.expose()).map_err(|_| KeyFlaw::NotAKey)?;
        SigningKey::from_private_jwk(&jwk)
    }

    /// The half for everybody.
    ///
    /// # Errors
    /// When the text is no private key.
    pub(crate) fn public_jwk(&self) -> Result<Value, KeyFlaw> {
        Ok(self.signer()?.public_jwk())
    }
}

impl Serialize for DemoKey {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let jwk: Value = serde_json::from_str(self.0.expose())
            .map_err(|_| serde::ser::Error::custom("expected a JWK, found something else"))?;
        jwk.serialize(out)
    }
}

impl<'de> Deserialize<'de> for DemoKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let jwk = Value::deserialize(from)?;
        let key = Self(Secret::new(jwk.to_string()));
        key.signer().map_err(D::Error::custom)?;
        Ok(key)
    }
}

/// An issuer of the demo: its name, its key, its documents.
pub(crate) struct DemoIssuer {
    /// `iss`.
    pub(crate) name: String,
    key: SigningKey,
}

impl DemoIssuer {
    /// An issuer that signs with a key of the world.
    ///
    /// # Errors
    /// When the key is no use.
    pub(crate) fn new(name: String, key: &DemoKey) -> Result<Self, KeyFlaw> {
        Ok(Self {
            name,
            key: key.signer()?,
        })
    }

    /// A compact JWS over the claims.
    ///
    /// # Errors
    /// When the library fails.
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> Result<String, KeyFlaw> {
        self.key.sign(typ, claims)
    }

    /// The discovery document (OpenID Connect Discovery §3), with what is
    /// particular to this issuer.
    pub(crate) fn discovery(&self, particular: Value) -> Response {
        let mut document = json!({
            "issuer": self.name,
            "jwks_uri": format!("{}/jwks", self.name),
            "token_endpoint": format!("{}/token", self.name),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [Alg::ES256.as_str()],
        });
        if let (Value::Object(document), Value::Object(particular)) = (&mut document, particular) {
            document.extend(particular);
        }
        kept(document)
    }

    /// The public key as a set (RFC 7517 §5).
    pub(crate) fn jwks(&self) -> Response {
        kept(json!({"keys": [self.key.public_jwk()]}))
    }
}

/// An answer that may be kept a while.
fn kept(document: Value) -> Response {
    (
        [(header::CACHE_CONTROL, "public, max-age=300")],
        Json(document),
    )
        .into_response()
}
