//! Tokens made by hand and a key that accepts them, for the tests of `core`.

use super::alg::Alg;
use super::claims::Claims;
use super::expectation::{Audiences, Demands, Expectation, IssuerRule, TokenKind, TypRule};
use super::flaw::TokenFlaw;
use super::unverified::Unverified;
use super::verify;
use super::verify::{Kid, SignatureCheck, SignatureFlaw, Verified};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The clock of the tests.
pub(crate) const NOW: u64 = 1_795_400_000;
/// The issuer of [`claims`].
pub(crate) const ISSUER: &str = "https://idp.example";

/// Agrees with the signature `good` by key `k`; `rotten` is a bad one.
pub(crate) struct AgreeingCheck;

impl SignatureCheck for AgreeingCheck {
    fn check(
        &self,
        alg: Alg,
        kid: Option<&str>,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<Kid, SignatureFlaw> {
        assert!(signed.contains(&b'.') && !signed.ends_with(b"."));
        match (kid, alg, signature) {
            (Some("k") | None, Alg::ES256, b"good") => Ok(Kid::new("k")),
            (Some("k") | None, Alg::ES256, _) => Err(SignatureFlaw::Bad),
            (Some("k") | None, _, _) => Err(SignatureFlaw::WrongAlg),
            (Some(_), _, _) => Err(SignatureFlaw::UnknownKid),
        }
    }
}

/// A compact JWS from texts.
pub(crate) fn compact(header: &str, payload: &str, signature: &[u8]) -> String {
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!(
        "{}.{}.{}",
        part(header.as_bytes()),
        part(payload.as_bytes()),
        part(signature)
    )
}

/// A token with header `typ` that [`AgreeingCheck`] accepts.
pub(crate) fn token(typ: Option<&str>, claims: &Value) -> String {
    let mut header = json!({"alg":"ES256","kid":"k"});
    if let (Some(typ), Some(members)) = (typ, header.as_object_mut()) {
        members.insert("typ".into(), typ.into());
    }
    compact(&header.to_string(), &claims.to_string(), b"good")
}

/// Claims that pass as an ID token, with `patch` laid over; `null` in it takes
/// a claim away.
pub(crate) fn claims(patch: Value) -> Value {
    let mut all = json!({"iss":ISSUER,"sub":"ada","aud":"app","iat":NOW-10,"exp":NOW+100});
    if let (Some(all), Value::Object(patch)) = (all.as_object_mut(), patch) {
        for (name, value) in patch {
            if value.is_null() {
                all.remove(&name);
            } else {
                all.insert(name, value);
            }
        }
    }
    all
}

/// What an ordinary slot of that kind expects, with audience `app`.
pub(crate) fn expectation(kind: TokenKind, audience: &[String]) -> Expectation<'_> {
    Expectation {
        kind,
        issuer: IssuerRule::Claim(ISSUER),
        demands: Demands::default(),
        audiences: Audiences::AnyOf(audience),
        algs: &[Alg::ES256],
        typ: match kind {
            TokenKind::IdToken | TokenKind::Workload => TypRule::JWT,
            TokenKind::ForeignAccess | TokenKind::Own => TypRule::ACCESS,
            TokenKind::ClientAssertion => TypRule::CLIENT_ASSERTION,
        },
        skew_s: 30,
        max_age_s: 3_600,
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    }
}

/// Parses and verifies at [`NOW`].
pub(crate) fn accept(
    compact: &str,
    expectation: &Expectation<'_>,
) -> Result<Verified<Claims>, TokenFlaw> {
    let unverified = Unverified::parse(compact, super::TOKEN_MAX)?;
    verify(unverified, expectation, NOW, &AgreeingCheck)
}
