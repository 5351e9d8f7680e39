//! A compact JWS as it arrived: taken apart, not believed.

use super::alg::Alg;
use super::flaw::TokenFlaw;
use crate::json::{self, JsonLimits};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;

/// Longest token that is read, in bytes (contract §5).
pub const TOKEN_MAX: usize = 16_384;

/// Longest `kid` and `typ`, in bytes.
const MEMBER_MAX: usize = 256;

/// Header members that change what a signature covers or how the payload is
/// read (RFC 7515 §4.1.11, RFC 7797 §3, RFC 7516 §4.1.2-3): refused wherever
/// they stand. Any other member we do not know is ignored, as RFC 7515 §4
/// says, and `jku`, `x5u`, `jwk`, `x5c` with them: keys come from the issuer's
/// key set alone.
const REFUSED: [&str; 4] = ["crit", "b64", "zip", "enc"];

/// A compact JWS (RFC 7515 §7.1) whose signature nobody has checked yet. Its
/// claims cannot be reached except through [`super::verify`].
pub struct Unverified {
    compact: Box<str>,
    signed: usize,
    alg: Alg,
    typ: Option<Box<str>>,
    kid: Option<Box<str>>,
    pub(super) payload: Map<String, Value>,
    pub(super) signature: Vec<u8>,
    digest: [u8; 32],
}

impl Unverified {
    /// Takes a compact JWS apart: at most `max_bytes` long, three non-empty
    /// parts of canonical unpadded base64url, a header with a known `alg`, and
    /// a JSON object as payload.
    ///
    /// # Errors
    /// [`TokenFlaw`] for any other form. Nothing of the text is in the error.
    pub fn parse(compact: &str, max_bytes: usize) -> Result<Self, TokenFlaw> {
        // Before anything is decoded: a size cap after base64 is no cap.
        if compact.len() > max_bytes {
            return Err(TokenFlaw::TooLong { max: max_bytes });
        }
        let [header, payload, signature] = parts(compact)?;
        let header_bytes = decode(header, "header")?;
        let payload_bytes = decode(payload, "payload")?;
        let signature_bytes = decode(signature, "signature")?;
        let header_members = object(&header_bytes, "header")?;
        if let Some(name) = REFUSED.iter().find(|m| header_members.contains_key(**m)) {
            return Err(TokenFlaw::HeaderMember { name });
        }
        let alg = text(&header_members, "alg")?
            .and_then(Alg::parse)
            .ok_or(TokenFlaw::AlgUnknown)?;
        Ok(Self {
            signed: header.len() + 1 + payload.len(),
            alg,
            typ: text(&header_members, "typ")?.map(Into::into),
            kid: text(&header_members, "kid")?.map(Into::into),
            payload: object(&payload_bytes, "payload")?,
            signature: signature_bytes,
            digest: Sha256::digest(compact.as_bytes()).into(),
            compact: compact.into(),
        })
    }

    /// Who it says issued it: only to choose whose keys to check it with.
    #[must_use]
    pub fn issuer_unverified(&self) -> Option<&str> {
        self.payload.get("iss").and_then(Value::as_str)
    }

    /// Whom it says it is about: only to choose whose keys to check it with.
    #[must_use]
    pub fn subject_unverified(&self) -> Option<&str> {
        self.payload.get("sub").and_then(Value::as_str)
    }

    /// The header's `kid`: attacker's input, to be looked up and nothing else.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The header's `alg`.
    #[must_use]
    pub const fn alg(&self) -> Alg {
        self.alg
    }

    /// The header's `typ` as sent.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// SHA-256 of the whole compact text: the key of a cache, or of a record.
    #[must_use]
    pub const fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What the signature covers (RFC 7515 §5.2 step 8).
    pub(super) fn signed(&self) -> &[u8] {
        // INVARIANT: `signed` was measured on `compact`.
        self.compact
            .as_bytes()
            .get(..self.signed)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}

fn parts(compact: &str) -> Result<[&str; 3], TokenFlaw> {
    // A counter, not a list: 16 KiB of dots must not become 16 Ki slices.
    match compact.bytes().filter(|b| *b == b'.').count() {
        2 => {}
        4 if compact.bytes().all(in_compact) => return Err(TokenFlaw::Encrypted),
        _ => return Err(TokenFlaw::Form),
    }
    let (header, rest) = compact.split_once('.').ok_or(TokenFlaw::Form)?;
    let (payload, signature) = rest.split_once('.').ok_or(TokenFlaw::Form)?;
    if [header, payload, signature].iter().any(|p| p.is_empty()) {
        return Err(TokenFlaw::Form);
    }
    Ok([header, payload, signature])
}

/// What a compact serialization is made of: a JSON one with four dots in its
/// names is no encrypted token.
const fn in_compact(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Canonical only: no padding, no other alphabet, no stray trailing bits, so
/// that one token has one text (and one digest).
fn decode(part: &str, name: &'static str) -> Result<Vec<u8>, TokenFlaw> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenFlaw::Base64 { part: name })
}

fn object(bytes: &[u8], part: &'static str) -> Result<Map<String, Value>, TokenFlaw> {
    let limits = JsonLimits {
        bytes: bytes.len(),
        depth: json::DEPTH_MAX,
    };
    match json::parse(bytes, limits) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(TokenFlaw::NotAnObject { part }),
        Err(flaw) => Err(TokenFlaw::Json { part, flaw }),
    }
}

fn text<'a>(
    header: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, TokenFlaw> {
    match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if (1..=MEMBER_MAX).contains(&text.len()) => Ok(Some(text)),
        Some(_) => Err(TokenFlaw::HeaderType { name }),
    }
}
