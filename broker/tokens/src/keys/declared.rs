//! Keys that operators declare, looked at before they are taken.

use super::{KeyFlaw, KeySet, LeftOutKey};
use locum_core::registry::IssuerKind;
use locum_core::registry::replace::DeclaredKeys;
use locum_core::token::Alg;
use serde_json::Value;

/// Looks at declared keys as they would be used.
#[derive(Debug, Clone, Copy)]
pub struct JwksCheck;

impl DeclaredKeys for JwksCheck {
    fn of_client(&self, jwks: &Value) -> Option<String> {
        let flaw = match KeySet::from_jwks(jwks, &Alg::ALL) {
            Err(flaw) => Some(flaw),
            Ok(keys) => keys.left_out().first().map(|key| key.flaw),
        };
        flaw.map(|flaw| flaw.to_string())
    }

    fn of_issuer(&self, jwks: &Value, kind: IssuerKind, algs: &[Alg]) -> Vec<String> {
        let read = match kind {
            IssuerKind::Oidc | IssuerKind::Jwt => KeySet::from_jwks,
            IssuerKind::Spiffe => KeySet::from_bundle,
        };
        let keys = match read(jwks, algs) {
            Err(flaw) => return vec![flaw.to_string()],
            Ok(keys) => keys,
        };
        let private = |key: &LeftOutKey| key.flaw == KeyFlaw::Private;
        let private = keys.left_out().iter().any(private);
        let private = private.then(|| KeyFlaw::Private.to_string());
        let none = keys.is_empty();
        let none = none.then(|| "expected a key for one of `algs`, found none".to_owned());
        private.into_iter().chain(none).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::keys::SigningKey;
    use serde_json::json;

    fn key() -> Value {
        SigningKey::generate(Alg::ES256, None).unwrap().public_jwk()
    }

    #[test]
    fn keys_by_value_are_public_and_one_can_be_used() {
        let flaws = |keys: Value, alg| {
            let jwks = json!({ "keys": keys });
            JwksCheck.of_issuer(&jwks, IssuerKind::Jwt, &[alg]).len()
        };
        let mut private = key();
        private["d"] = json!("AAAA");
        assert_eq!(flaws(json!([key()]), Alg::ES256), 0);
        let strange = json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"});
        assert_eq!(flaws(json!([key(), strange]), Alg::ES256), 0);
        for bad in [json!([key(), private]), json!([]), json!("x")] {
            assert_eq!(flaws(bad, Alg::ES256), 1);
        }
        assert_eq!(flaws(json!([key()]), Alg::RS256), 1);
        let mut svid = key();
        svid["use"] = json!("x509-svid");
        let bundle = json!({ "keys": [svid] });
        let flaws = JwksCheck.of_issuer(&bundle, IssuerKind::Spiffe, &[Alg::ES256]);
        assert_eq!(flaws.len(), 1, "no key of a JWT-SVID");
    }

    #[test]
    fn rfc7523_keys_of_a_client_are_public() {
        let flaw = |key: Value| JwksCheck.of_client(&json!({ "keys": [key] }));
        assert_eq!(flaw(key()), None);
        let private = json!({"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"});
        assert!(flaw(private).is_some());
        assert!(flaw(json!("x")).is_some());
    }
}
