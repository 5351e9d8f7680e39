//! A JWT taken apart, unverified: for showing it and for choosing defaults.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::failure::Failure;

/// Header and claims of a token whose signature nobody has looked at.
pub(crate) struct ShownToken {
    /// The JOSE header.
    pub(crate) header: Value,
    /// The claims.
    pub(crate) claims: Value,
}

/// Takes a compact JWS apart (RFC 7515 §7.1). The token is not repeated in the
/// failure.
pub(crate) fn read(token: &str) -> Result<ShownToken, Failure> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, _signature] = parts.as_slice() else {
        return Err(Failure::usage(format!(
            "expected a JWT of 3 parts between dots, found {} part(s)",
            parts.len()
        )));
    };
    Ok(ShownToken {
        header: part("header", header)?,
        claims: part("claims", claims)?,
    })
}

fn part(name: &str, encoded: &str) -> Result<Value, Failure> {
    let wrong = || {
        Failure::usage(format!(
            "expected base64url JSON as the {name}, found something else"
        ))
    };
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| wrong())?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    match value.is_object() {
        true => Ok(value),
        false => Err(wrong()),
    }
}
