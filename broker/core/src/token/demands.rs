//! What an issuer's declaration asks of the claims of its tokens: `require` and
//! `forbid` (contract §5).

use super::claims::Claims;
use super::expectation::Demands;
use super::flaw::{TokenFlaw, named};
use serde_json::Value;

pub(super) fn check(claims: &Claims, demands: &Demands<'_>) -> Result<(), TokenFlaw> {
    for (claim, values) in demands.require.into_iter().flatten() {
        let found = claims.get(claim);
        let fits = |found: &Value| values.is_empty() || values.iter().any(|v| is(found, v));
        if found.is_none_or(|found| found.is_null() || !fits(found)) {
            return Err(TokenFlaw::Required {
                claim: named(claim),
                found: found.map_or("none", |_| "another value"),
            });
        }
    }
    let forbidden = |claim: &&String| claims.get(claim).is_some();
    match demands.forbid.iter().find(forbidden) {
        Some(claim) => Err(TokenFlaw::Forbidden {
            claim: named(claim),
        }),
        None => Ok(()),
    }
}

/// A text is compared whole; a truth value or a number by its JSON text. A list
/// or an object is no value that could be named.
fn is(found: &Value, value: &str) -> bool {
    match found {
        Value::String(text) => text == value,
        Value::Bool(found) => value == if *found { "true" } else { "false" },
        Value::Number(number) => number.to_string().as_str() == value,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
