//! Receipts that were signed elsewhere, and what is none.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;

/// Signed elsewhere, by the key whose public half is [`jwks`].
pub(crate) const GOOD: &str = "eyJ0eXAiOiJkZWxlZ2F0aW9uLXJlY2VpcHQrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiIxSUcydE1IN0oyd2JKWm5PZjhMSnpRaXRLZjdMTXZvQUVsc3VETVZNNTRZIn0.eyJpc3MiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJpYXQiOjE3OTU0MDAwMDAsImV4cCI6MjExMDc2MDAwMCwianRpIjoiMDFrYXoxeHE0ODAwMDAwMDAwMDAwMDAwYWIiLCJhdGgiOiI1T3BUMXhYZ2ZZcnZ5QW1aR1Jwc0Fxd1hMYl9qUkNoRXJ2Rkx4REQxUzVjIiwiZGVjaXNpb24iOnsiZGVsZWdhdGlvbl9pZCI6ImRsZ18wMWthejF4cTQ4MDAwMDAwMDAwMDAwMDBhYiIsInN1YiI6ImRlbW86YWRhIiwiYWN0Ijp7ImlzcyI6Imh0dHBzOi8vbG9jdW0uZXhhbXBsZSIsInN1YiI6InNvYy1hZ2VudCIsInN1Yl9wcm9maWxlIjoiYWlfYWdlbnQifSwidGFyZ2V0IjoicGFub3JhbWEiLCJzY29wZSI6InJ1bGUucmVhZCIsImF1dGhvcml6YXRpb25fZGV0YWlscyI6bnVsbCwiZXhwaXJlc19hdCI6IjIwMjYtMTEtMjNUMTA6MTg6MjAuMDAwWiJ9fQ.S8xMalY2r61ko2cbsjlCulKRm_VIs1Hh33rk-hKEz7X-9MRRQgfk7TcCU0cQxWlq5DPrSXoQ4d6duLnVmjcJCw";
/// The same with a keyed `ath`.
pub(crate) const KEYED: &str = "eyJ0eXAiOiJkZWxlZ2F0aW9uLXJlY2VpcHQrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiIxSUcydE1IN0oyd2JKWm5PZjhMSnpRaXRLZjdMTXZvQUVsc3VETVZNNTRZIn0.eyJpc3MiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJpYXQiOjE3OTU0MDAwMDAsImV4cCI6MjExMDc2MDAwMCwianRpIjoiMDFrYXoxeHE0ODAwMDAwMDAwMDAwMDAwYWIiLCJhdGgiOiJBQUVDQXdRRkJnY0lDUW9MREEwT0R3IiwiZGVjaXNpb24iOnsiZGVsZWdhdGlvbl9pZCI6ImRsZ18wMWthejF4cTQ4MDAwMDAwMDAwMDAwMDBhYiIsInN1YiI6ImRlbW86YWRhIiwiYWN0Ijp7ImlzcyI6Imh0dHBzOi8vbG9jdW0uZXhhbXBsZSIsInN1YiI6InNvYy1hZ2VudCIsInN1Yl9wcm9maWxlIjoiYWlfYWdlbnQifSwidGFyZ2V0IjoicGFub3JhbWEiLCJzY29wZSI6InJ1bGUucmVhZCIsImF1dGhvcml6YXRpb25fZGV0YWlscyI6bnVsbCwiZXhwaXJlc19hdCI6IjIwMjYtMTEtMjNUMTA6MTg6MjAuMDAwWiJ9fQ.oG3fjd35LjlWnirQB_aITOzE0bJDPUmAU00mcRxdgaOBf7DELWSVrT7B27nnbJwkVCnvdZhM27ZyBQAXKTSoDQ";
/// With another `aud`.
const AUDIENCE: &str = "eyJ0eXAiOiJkZWxlZ2F0aW9uLXJlY2VpcHQrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiIxSUcydE1IN0oyd2JKWm5PZjhMSnpRaXRLZjdMTXZvQUVsc3VETVZNNTRZIn0.eyJpc3MiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJhdWQiOiJ1cm46ZGVtbzpzYXAiLCJpYXQiOjE3OTU0MDAwMDAsImV4cCI6MjExMDc2MDAwMCwianRpIjoiMDFrYXoxeHE0ODAwMDAwMDAwMDAwMDAwYWIiLCJhdGgiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwiZGVjaXNpb24iOnsiZGVsZWdhdGlvbl9pZCI6ImRsZ18wMWthejF4cTQ4MDAwMDAwMDAwMDAwMDBhYiIsInN1YiI6ImRlbW86YWRhIiwiYWN0Ijp7ImlzcyI6Imh0dHBzOi8vbG9jdW0uZXhhbXBsZSIsInN1YiI6InNvYy1hZ2VudCIsInN1Yl9wcm9maWxlIjoiYWlfYWdlbnQifSwidGFyZ2V0IjoicGFub3JhbWEiLCJzY29wZSI6InJ1bGUucmVhZCIsImF1dGhvcml6YXRpb25fZGV0YWlscyI6bnVsbCwiZXhwaXJlc19hdCI6IjIwMjYtMTEtMjNUMTA6MTg6MjAuMDAwWiJ9fQ.R366Bo4zZl5UTtlkU0iEQyPFP6OxCh2hy5prkgkSJhx2MQQc18zgcUiOAcPlNjJwc5pWfH2e4ZU30SeS0Mz4DA";
/// Without a decision.
const EMPTY: &str = "eyJ0eXAiOiJkZWxlZ2F0aW9uLXJlY2VpcHQrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiIxSUcydE1IN0oyd2JKWm5PZjhMSnpRaXRLZjdMTXZvQUVsc3VETVZNNTRZIn0.eyJpc3MiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJhdWQiOiJodHRwczovL2xvY3VtLmV4YW1wbGUiLCJpYXQiOjE3OTU0MDAwMDAsImV4cCI6MjExMDc2MDAwMCwianRpIjoiMDFrYXoxeHE0ODAwMDAwMDAwMDAwMDAwYWIiLCJhdGgiOiJBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBIiwiZGVjaXNpb24iOm51bGx9.TDufuc6RDXFLmLoBif2DOFcKyP_sAd-J9Hhol3OW2ybwx0gNVWq3OUYLC42ZeXuGc_FVqoR-JpwvG-atW7dxDw";

pub(crate) const CREDENTIAL: &str = "LUFRPT1CredentialOfTheFirewall0123456789abcdef==";
const MADE_S: i64 = 1_795_400_000;

pub(crate) fn jwks() -> Value {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
        "kid": "1IG2tMH7J2wbJZnOf8LJzQitKf7LMvoAElsuDMVM54Y", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"}]})
}

fn checked(receipt: &str, jwks: &Value, now_s: i64) -> Result<Receipt, String> {
    let issuer = Some("https://locum.example");
    check(receipt, jwks, issuer, now_s).map_err(|failure| failure.message)
}

fn flaw(receipt: &str, jwks: &Value) -> String {
    checked(receipt, jwks, MADE_S).err().unwrap()
}

/// The receipt with that header.
fn under(header: &Value) -> String {
    let rest = GOOD.split_once('.').unwrap().1;
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[test]
fn a_receipt_is_checked_with_the_public_key_alone_and_says_who_acted_for_whom() {
    let receipt = checked(GOOD, &jwks(), MADE_S).unwrap();
    assert_eq!(receipt.chain(), "demo:ada → soc-agent → panorama");
    assert_eq!(receipt.compare(CREDENTIAL), Compared::Same);
    assert_eq!(receipt.compare("another"), Compared::Other);
    assert!(check(GOOD, &jwks(), None, MADE_S).is_ok());
}

#[test]
fn a_keyed_hash_is_compared_by_nobody() {
    let receipt = checked(KEYED, &jwks(), MADE_S).unwrap();
    assert!(receipt.is_keyed());
    assert_eq!(receipt.compare(CREDENTIAL), Compared::Keyed);
}

#[test]
fn what_was_changed_is_no_receipt() {
    let (signed, signature) = GOOD.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decoded = URL_SAFE_NO_PAD.decode(claims).unwrap();
    let wider = String::from_utf8(decoded).unwrap();
    let wider = wider.replace("rule.read", "rule.write");
    let wider = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(wider));
    let another = KEYED.rsplit_once('.').unwrap().1;
    for changed in [
        wider,
        format!("{signed}.{another}"),
        format!("{signed}."),
        format!("{signed}.AAAA"),
        format!("{signed}.{signature}="),
    ] {
        assert!(
            flaw(&changed, &jwks()).contains("changed or forged"),
            "{changed}"
        );
    }
}

#[test]
fn only_the_header_of_a_receipt_is_taken() {
    let kid = jwks()["keys"][0]["kid"].clone();
    for (typ, alg) in [
        ("at+jwt", "EdDSA"),
        ("JWT", "EdDSA"),
        (TYP, "none"),
        (TYP, "HS256"),
        (TYP, "ES256"),
    ] {
        let header = json!({"typ": typ, "alg": alg, "kid": kid});
        assert!(
            flaw(&under(&header), &jwks()).starts_with("expected"),
            "{header}"
        );
    }
    for header in [
        json!({"typ": TYP, "alg": ALG}),
        json!({"alg": ALG, "kid": kid}),
        json!({"typ": TYP, "alg": ALG, "kid": kid, "crit": ["x"]}),
    ] {
        assert!(
            flaw(&under(&header), &jwks()).starts_with("expected"),
            "{header}"
        );
    }
    for text in ["", "a.b", "a.b.c", "e30.e30.e30.e30"] {
        assert!(checked(text, &jwks(), MADE_S).is_err());
    }
}

#[test]
fn the_key_is_the_one_of_that_name_for_signatures_and_never_tried_in_turn() {
    let mut renamed = jwks();
    renamed["keys"][0]["kid"] = json!("other");
    let one = jwks()["keys"][0].clone();
    let mut sealing = jwks();
    sealing["keys"][0]["use"] = json!("enc");
    let mut curve = jwks();
    curve["keys"][0]["crv"] = json!("X25519");
    let mut short = jwks();
    short["keys"][0]["x"] = json!("AAAA");
    for bad in [
        renamed,
        json!({"keys": [one, one]}),
        json!({"keys": vec![one; 65]}),
        json!({"keys": []}),
        json!([]),
        sealing,
        curve,
        short,
    ] {
        assert!(flaw(GOOD, &bad).starts_with("expected"), "{bad}");
    }
}

#[test]
fn claims_are_those_of_a_receipt_of_that_broker_that_can_still_be_checked() {
    let life_s = 3_650 * 86_400;
    assert!(checked(GOOD, &jwks(), MADE_S + life_s - 1).is_ok());
    assert!(checked(GOOD, &jwks(), MADE_S + life_s).is_err());
    assert!(checked(GOOD, &jwks(), MADE_S - SKEW_S).is_ok());
    assert!(checked(GOOD, &jwks(), MADE_S - SKEW_S - 1).is_err());
    assert!(check(GOOD, &jwks(), Some("https://other.example"), MADE_S).is_err());
    for bad in [AUDIENCE, EMPTY] {
        assert!(flaw(bad, &jwks()).starts_with("expected"));
    }
}
