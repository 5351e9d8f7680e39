#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use locum_core::decide::DECISION;
use locum_core::ids::Uuid7;
use locum_core::record::{Place, key_text};
use serde_json::json;

fn entry() -> Entry {
    let salt = key_text::of(&[7; 16]);
    Entry {
        place: Place {
            tree: "t".into(),
            index: 3,
            time_ms: 5,
        },
        kind: DECISION.into(),
        salt: [0; 16],
        body: json!({
            "outcome": "permit", "jti": Jti(Uuid7::new(5, [1; 10])),
            "subject": { "kind": "person", "commitment": commitment(&[7; 16], "subject", "demo:ada") },
            "groups": commitment(&[7; 16], "groups", "[\"demo:staff\"]"),
            "subject_issuer": "demo", "lineage": [key_text::of(&[9; 16])],
            "presenter": null, "target": "sap", "more": true, "aud": "urn:demo:sap", "exp": 300,
            "granted": { "scope": "invoice.read" }, "actor": "invoice-agent",
            "chain": [{ "iss": "http://l", "sub": "invoice-agent" }],
        }),
        side: Some(json!({ "salt": salt, "subject": "demo:ada", "groups": ["demo:staff"] })),
    }
}

fn recalled(entry: &Entry) -> Result<Option<Recalled>, String> {
    let state = State::new(std::sync::Arc::new(locum_core::testing::Names));
    read(entry, Jti(Uuid7::new(5, [1; 10])), "http://l", &state)
}

#[test]
fn a_permit_s_record_gives_back_subject_lineage_groups_and_target() {
    let found = recalled(&entry()).unwrap().unwrap();
    assert_eq!(found.recall.subject.sub(), "demo:ada");
    assert_eq!(found.recall.issuer.unwrap().as_str(), "demo");
    let lineage: Vec<_> = found.recall.lineage.iter().copied().collect();
    let key = [9; 16];
    assert_eq!(
        lineage,
        [locum_core::lineage::Ancestor { key, since_ms: 5 }]
    );
    assert_eq!(found.recall.groups.unwrap().len(), 1);
    assert_eq!(found.recall.presenter, None);
    assert_eq!(found.target.unwrap().as_str(), "sap");
}

#[test]
fn unknown_groups_stay_unknown() {
    let mut entry = entry();
    entry.side.as_mut().unwrap()["groups"] = Value::Null;
    entry.body["groups"] = Value::Null;
    assert_eq!(recalled(&entry).unwrap().unwrap().recall.groups, None);
}

#[test]
fn an_erased_subject_is_nobody() {
    let erased = Entry {
        side: None,
        ..entry()
    };
    assert_eq!(recalled(&erased).unwrap(), None);
}

#[test]
fn another_subject_than_was_committed_to_is_damage() {
    let mut entry = entry();
    entry.side.as_mut().unwrap()["subject"] = json!("demo:eve");
    assert!(recalled(&entry).is_err());
}

#[test]
fn other_groups_than_were_committed_to_are_damage() {
    for groups in [
        json!(["demo:admins"]),
        json!(["demo:staff", "demo:admins"]),
        Value::Null,
    ] {
        let mut entry = entry();
        entry.side.as_mut().unwrap()["groups"] = groups;
        assert!(recalled(&entry).is_err());
    }
}

/// A token of ours with those claims changed, signed and read back.
fn token(changes: serde_json::Value) -> OwnToken {
    use locum_core::token::{
        Alg, Audiences, Demands, Expectation, IssuerRule, TokenKind, TypRule, Unverified, verify,
    };
    let id = Jti(Uuid7::new(5, [1; 10]));
    let mut claims = json!({
        "iss": "http://l", "sub": "demo:ada", "aud": "urn:demo:sap", "client_id": "invoice-agent",
        "iat": 0, "exp": 300, "jti": id, "scope": "invoice.read",
        "act": { "iss": "http://l", "sub": "invoice-agent" },
        "del": { "id": format!("dlg_{id}"), "grant": null, "basis": "policy", "up": [], "ver": [null], "sid": null },
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    let key = locum_tokens::keys::SigningKey::generate(Alg::ES256, None).unwrap();
    let keys =
        locum_tokens::keys::KeySet::from_jwks(&json!({ "keys": [key.public_jwk()] }), &Alg::ALL);
    let expectation = Expectation {
        kind: TokenKind::Own,
        issuer: IssuerRule::Claim("http://l"),
        demands: Demands::default(),
        audiences: Audiences::CallerDecides,
        algs: &Alg::ALL,
        typ: TypRule::ACCESS,
        skew_s: 0,
        max_age_s: 300,
        iat_required: true,
        jti_required: true,
        exp_max_ahead_s: None,
    };
    let text = key.sign("at+jwt", &claims).unwrap();
    let unverified = Unverified::parse(&text, 4096).unwrap();
    let verified = verify(unverified, &expectation, 1, &keys.unwrap()).unwrap();
    OwnToken::read(&verified, "http://l").unwrap()
}

#[test]
fn who_holds_our_key_cannot_say_otherwise_than_the_record() {
    let issued = recalled(&entry()).unwrap().unwrap().issued;
    assert!(issued.is(&token(json!({}))));
    for forged in [
        json!({ "aud": "urn:demo:workday" }),
        json!({ "exp": 301 }),
        json!({ "scope": "invoice.read invoice.post" }),
        json!({ "client_id": "hr-agent" }),
        json!({ "act": { "iss": "http://l", "sub": "hr-agent" } }),
        json!({ "act": { "iss": "http://l", "sub": "invoice-agent", "act": { "iss": "x", "sub": "y" } } }),
    ] {
        assert!(!issued.is(&token(forged.clone())), "{forged}");
    }
}
