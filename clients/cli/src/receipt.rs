//! A receipt, checked: its signature, its form, and which credential it names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::{SignatureVerificationAlgorithm, alg_id};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::{chain, jwt};

/// Header `typ` of a receipt (contract §7).
const TYP: &str = "delegation-receipt+jwt";
/// What receipts are signed with (contract §15).
const ALG: &str = "EdDSA";
/// Most keys that are looked at, as many as a broker publishes.
const KEYS_MAX: usize = 64;
/// Characters of a SHA-256 in base64url; a keyed hash is shorter.
const PLAIN_HASH: usize = 43;
/// Seconds that clocks may differ.
const SKEW_S: i64 = 300;

/// A receipt whose signature was verified.
pub(crate) struct Receipt {
    /// The key's id.
    pub(crate) kid: String,
    /// Its claims.
    pub(crate) claims: Value,
}

/// What came of comparing it with a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// It is the one.
    Same,
    /// It is another.
    Other,
    /// Nobody but Locum can say: the hash is keyed.
    Keyed,
}

fn wrong(message: impl Into<String>) -> Failure {
    Failure::local(Exit::General, "CLI-RECEIPT", message)
}

/// Checks a receipt with the keys of a set; `issuer` is whose keys they are, where
/// that is known.
pub(crate) fn check(
    receipt: &str,
    jwks: &Value,
    issuer: Option<&str>,
    now_s: i64,
) -> Result<Receipt, Failure> {
    let seen = jwt::read(receipt)?;
    let kid = of_header(&seen.header)?;
    let key = public_key(jwks, kid)?;
    let (signed, signature) = receipt.rsplit_once('.').unwrap_or_default();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
    let verified = ed25519()?.verify_signature(&key, signed.as_bytes(), &signature);
    verified.map_err(|_| {
        wrong(
            "expected the signature of that key, found another; the receipt was changed or forged",
        )
    })?;
    of_claims(&seen.claims, issuer, now_s)?;
    Ok(Receipt {
        kid: kid.to_owned(),
        claims: seen.claims,
    })
}

/// The key's id, of a header that is a receipt's.
fn of_header(header: &Value) -> Result<&str, Failure> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if text("typ") != Some(TYP) {
        return Err(wrong(format!(
            "expected a receipt, header `typ` `{TYP}`, found something else; a token is checked by its resource server"
        )));
    }
    // RFC 7515 §4.1.11: what must be understood and is not refuses.
    if header.get("crit").is_some() || text("alg") != Some(ALG) {
        return Err(wrong(format!(
            "expected `alg` `{ALG}` and no `crit` in the header, found another header"
        )));
    }
    text("kid").ok_or_else(|| wrong("expected a `kid` in the header, found none"))
}

/// The public key of that name: of one key exactly, which is for signatures.
fn public_key(jwks: &Value, kid: &str) -> Result<Vec<u8>, Failure> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let keys = keys.filter(|keys| keys.len() <= KEYS_MAX).ok_or_else(|| {
        wrong(format!(
            "expected a JWK set of at most {KEYS_MAX} keys, found something else"
        ))
    })?;
    let text = |key: &Value, name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut named = keys
        .iter()
        .filter(|key| text(key, "kid").as_deref() == Some(kid));
    let (Some(key), None) = (named.next(), named.next()) else {
        return Err(wrong(
            "expected the receipt's key once in the JWK set, found it not there or twice; it was retired, the copy is older than the receipt, or another broker signed",
        ));
    };
    let is = |name: &str, wanted: &str| text(key, name).as_deref() == Some(wanted);
    let public = text(key, "x").and_then(|x| URL_SAFE_NO_PAD.decode(x).ok());
    let fits =
        is("kty", "OKP") && is("crv", "Ed25519") && (is("use", "sig") || key.get("use").is_none());
    public.filter(|_| fits).ok_or_else(|| {
        wrong("expected an Ed25519 key for signatures under the receipt's `kid`, found another key")
    })
}

fn ed25519() -> Result<&'static dyn SignatureVerificationAlgorithm, Failure> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let mut all = provider.signature_verification_algorithms.all.iter();
    let found = all.find(|one| one.signature_alg_id() == alg_id::ED25519);
    found
        .copied()
        .ok_or_else(|| Failure::setup("expected Ed25519 in this build, found none"))
}

fn of_claims(claims: &Value, issuer: Option<&str>, now_s: i64) -> Result<(), Failure> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss").is_none() || text("iss") != text("aud") {
        return Err(wrong(
            "expected `aud` to be `iss`, as in a receipt, found another",
        ));
    }
    if issuer.is_some_and(|issuer| text("iss").map(|iss| iss.trim_end_matches('/')) != Some(issuer))
    {
        return Err(wrong(
            "expected a receipt of the broker that `LOCUM_ISSUER` names, found one of another issuer",
        ));
    }
    let (Some(iat), Some(exp)) = (time("iat"), time("exp")) else {
        return Err(wrong(
            "expected numbers as `iat` and `exp`, found something else",
        ));
    };
    if iat > now_s.saturating_add(SKEW_S) {
        return Err(wrong(
            "expected a receipt of the past, found one of the future; set the clock",
        ));
    }
    if exp <= now_s {
        return Err(wrong(
            "expected a receipt that can still be checked, found one whose `exp` has passed: ten years after it was made",
        ));
    }
    let whole = text("ath").is_some() && claims.get("decision").is_some_and(Value::is_object);
    match whole {
        true => Ok(()),
        false => Err(wrong(
            "expected `ath` and `decision` in a receipt, found none",
        )),
    }
}

impl Receipt {
    /// Who acted for whom, and where, in one line.
    pub(crate) fn chain(&self) -> String {
        let of = |name: &str| self.claims.pointer(&format!("/decision/{name}"));
        let act = of("act").filter(|act| !act.is_null());
        let mut shown =
            json!({"iss": self.claims.get("iss"), "sub": of("sub"), "aud": of("target")});
        if let (Some(members), Some(act)) = (shown.as_object_mut(), act) {
            members.insert("act".to_owned(), act.clone());
        }
        chain::of_claims(&shown)
    }

    /// Whether its `ath` is a keyed hash.
    pub(crate) fn is_keyed(&self) -> bool {
        self.ath().len() != PLAIN_HASH
    }

    /// Whether it is that credential's.
    pub(crate) fn compare(&self, credential: &str) -> Compared {
        if self.is_keyed() {
            return Compared::Keyed;
        }
        match URL_SAFE_NO_PAD.encode(Sha256::digest(credential)) == self.ath() {
            true => Compared::Same,
            false => Compared::Other,
        }
    }

    fn ath(&self) -> &str {
        let ath = self.claims.get("ath").and_then(Value::as_str);
        ath.unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod tests;
