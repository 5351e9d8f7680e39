//! An assertion as Workday takes it: RS256 by the key of the API client that `iss`
//! names, whatever `kid` says; `aud` is `wd`; `exp` a number or a text of digits.

use super::super::oauth::OAuthRefusal;
use super::api_client::ApiClient;
use super::server::{Workday, WorkdayToken};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use locum_core::json::{JsonLimits, parse};
use locum_core::token::{Alg, SignatureCheck};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What `aud` is.
const AUDIENCE: &str = "wd";

/// A compact JWS, taken apart.
struct Parts<'a> {
    signed: &'a [u8],
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Vec<u8>,
}

impl Workday {
    /// What a token on this assertion stands for.
    ///
    /// # Errors
    /// `invalid_client` for a client that is not registered, else `invalid_grant`.
    pub(super) fn asserted(&self, assertion: &str) -> Result<WorkdayToken, OAuthRefusal> {
        let refused = |said: &str| OAuthRefusal::bad("invalid_grant", said);
        let parts = Parts::of(assertion).ok_or_else(|| refused("expected a JWT"))?;
        let text = |name: &str| parts.claims.get(name).and_then(Value::as_str);
        let client = text("iss")
            .and_then(|iss| self.client(iss))
            .ok_or_else(|| {
                OAuthRefusal::unauthorized("invalid_client", "the API client is not registered")
            })?;
        if !parts.is_signed_by(client) {
            return Err(refused("the signature is not the API client's"));
        }
        if !parts.is_for(AUDIENCE) {
            return Err(refused("the audience is not `wd`"));
        }
        let now_s = self.now_s();
        if parts.exp().is_none_or(|exp| exp <= now_s) {
            return Err(refused("the assertion has expired"));
        }
        let user = text("sub").filter(|sub| !sub.is_empty());
        let user = user.ok_or_else(|| refused("the assertion names no user"))?;
        if text("jti").is_some_and(|jti| !self.used.add(jti, (), now_s)) {
            return Err(refused("the assertion was used"));
        }
        Ok(WorkdayToken {
            user: Some(user.to_owned()),
            client: Arc::clone(client),
        })
    }
}

impl<'a> Parts<'a> {
    fn of(compact: &'a str) -> Option<Self> {
        let (signed, signature) = compact.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| match parse(&decode(part)?, JsonLimits::BODY) {
            Ok(Value::Object(members)) => Some(members),
            Ok(_) | Err(_) => None,
        };
        Some(Self {
            signed: signed.as_bytes(),
            header: object(header)?,
            claims: object(claims)?,
            signature: decode(signature)?,
        })
    }

    fn is_signed_by(&self, client: &ApiClient) -> bool {
        let alg = self.header.get("alg").and_then(Value::as_str);
        alg == Some(Alg::RS256.as_str())
            && client
                .key
                .check(Alg::RS256, None, self.signed, &self.signature)
                .is_ok()
    }

    fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(audience)),
            Some(_) | None => false,
        }
    }

    fn exp(&self) -> Option<u64> {
        match self.claims.get("exp")? {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_u64(),
        }
    }
}
