//! The public side of a JWK, its parts taken out and measured.

use super::KeyFlaw;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use locum_core::jcs;
use locum_core::token::Alg;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Longest `kid`, in bytes.
const KID_MAX: usize = 256;

/// Members we read; others (`x5c`, `x5t`, …) are not looked at, so that a
/// broken certificate does not cost a good key.
const READ: [&str; 15] = [
    "kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "d", "p", "q", "dp", "dq",
];

/// Kinds of keys our algorithms use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    P256,
    Ed25519,
    Rsa,
}

/// A public key as numbers: big-endian, EC and OKP ones of fixed length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Public {
    P256 { x: Vec<u8>, y: Vec<u8> },
    Ed25519 { x: Vec<u8> },
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// Reads the members of a JWK and their JSON types (RFC 7517 §4).
pub(super) fn read(value: &Value) -> Result<Jwk, KeyFlaw> {
    let members = value.as_object().ok_or(KeyFlaw::NotAKey)?;
    let read: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| READ.contains(&name.as_str()) || *name == "qi")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Jwk::from_map(read).map_err(|_| KeyFlaw::NotAKey)
}

/// The key's name, if it has one that can be looked up.
pub(super) fn kid(jwk: &Jwk) -> Result<Option<&str>, KeyFlaw> {
    match jwk.key_id() {
        None => Ok(None),
        Some(kid) if (1..=KID_MAX).contains(&kid.len()) => Ok(Some(kid)),
        Some(_) => Err(KeyFlaw::Member { name: "kid" }),
    }
}

/// A base64url member, canonical (RFC 7515 §2).
fn bytes(jwk: &Jwk, name: &'static str) -> Result<Vec<u8>, KeyFlaw> {
    jwk.parameter(name)
        .and_then(Value::as_str)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .filter(|bytes| !bytes.is_empty())
        .ok_or(KeyFlaw::Member { name })
}

/// A private member, overwritten when dropped.
pub(super) fn private(jwk: &Jwk, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyFlaw> {
    bytes(jwk, name).map(Zeroizing::new)
}

/// A member of exactly 32 bytes (RFC 7518 §6.2.1.2, RFC 8037 §2).
fn bytes32(jwk: &Jwk, name: &'static str) -> Result<Vec<u8>, KeyFlaw> {
    let bytes = bytes(jwk, name)?;
    if bytes.len() == 32 {
        Ok(bytes)
    } else {
        Err(KeyFlaw::Member { name })
    }
}

/// A big-endian number. Providers put a leading zero octet before a modulus,
/// which RFC 7518 §6.3.1.1 warns of: it changes no number and is cut off.
fn number(jwk: &Jwk, name: &'static str) -> Result<Vec<u8>, KeyFlaw> {
    let mut number = bytes(jwk, name)?;
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    number.drain(..zeros);
    if number.is_empty() {
        return Err(KeyFlaw::Member { name });
    }
    Ok(number)
}

impl Public {
    /// The public parts of a JWK.
    pub(super) fn of(jwk: &Jwk) -> Result<Self, KeyFlaw> {
        match (jwk.key_type(), jwk.curve()) {
            ("EC", Some("P-256")) => Ok(Self::P256 {
                x: bytes32(jwk, "x")?,
                y: bytes32(jwk, "y")?,
            }),
            ("OKP", Some("Ed25519")) => Ok(Self::Ed25519 {
                x: bytes32(jwk, "x")?,
            }),
            ("RSA", _) => Ok(Self::Rsa {
                n: number(jwk, "n")?,
                e: number(jwk, "e")?,
            }),
            _ => Err(KeyFlaw::Kind),
        }
    }

    pub(super) const fn kind(&self) -> KeyKind {
        match self {
            Self::P256 { .. } => KeyKind::P256,
            Self::Ed25519 { .. } => KeyKind::Ed25519,
            Self::Rsa { .. } => KeyKind::Rsa,
        }
    }

    /// The required members only, as RFC 7638 §3.2 and RFC 8037 §2 list them.
    pub(super) fn members(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::P256 { x, y } => {
                json!({"kty":"EC","crv":"P-256","x":text(x),"y":text(y)})
            }
            Self::Ed25519 { x } => json!({"kty":"OKP","crv":"Ed25519","x":text(x)}),
            Self::Rsa { n, e } => json!({"kty":"RSA","n":text(n),"e":text(e)}),
        }
    }

    /// RFC 7638 §3: SHA-256 over the required members, sorted, without white
    /// space. The canonical text of RFC 8785 is the same for these.
    pub(super) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(jcs::text(&self.members())))
    }

    /// As published: with `kid`, `alg` and `use`.
    pub(super) fn published(&self, kid: &str, alg: Alg) -> Value {
        let mut jwk = self.members();
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".into(), kid.into());
            members.insert("alg".into(), alg.as_str().into());
            members.insert("use".into(), "sig".into());
        }
        jwk
    }
}
