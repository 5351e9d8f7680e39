//! One kind of token never passes for another.

use super::super::fixture::{ISSUER, accept, claims, expectation, token};
use super::super::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const KINDS: [TokenKind; 5] = [
    TokenKind::IdToken,
    TokenKind::ForeignAccess,
    TokenKind::Workload,
    TokenKind::Own,
    TokenKind::ClientAssertion,
];

fn read(kind: TokenKind, typ: Option<&str>, patch: Value) -> Option<TokenFlaw> {
    let app = ["app".to_owned()];
    accept(&token(typ, &claims(patch)), &expectation(kind, &app)).err()
}

/// An access token where the issuer has `accept_untyped`.
fn untyped(patch: Value) -> Option<TokenFlaw> {
    let app = ["app".to_owned()];
    let mut slot = expectation(TokenKind::ForeignAccess, &app);
    slot.typ = TypRule::ACCESS_OR_UNTYPED;
    accept(&token(Some("JWT"), &claims(patch)), &slot).err()
}

fn is_of_another_kind(flaw: Option<TokenFlaw>, name: &str) -> bool {
    matches!(flaw, Some(TokenFlaw::NotOfKind { claim, .. }) if claim == name)
}

#[test]
fn rfc7515_4_1_9_typ_is_a_media_type_without_case() {
    for typ in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("application/jwt"),
        Some("Application/JWT"),
    ] {
        assert_eq!(read(TokenKind::IdToken, typ, json!({})), None, "{typ:?}");
    }
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        assert_eq!(
            read(TokenKind::ForeignAccess, Some(typ), json!({})),
            None,
            "{typ}"
        );
        assert_eq!(read(TokenKind::Own, Some(typ), json!({})), None, "{typ}");
    }
}

#[test]
fn a_typ_of_another_kind_is_refused_in_every_slot() {
    for kind in KINDS {
        for typ in [
            "logout+jwt",
            "dpop+jwt",
            "secevent+jwt",
            "token-introspection+jwt",
            "statuslist+jwt",
            "delegation-receipt+jwt",
            "oauth-id-jag+jwt",
            "JOSE",
            "application/application/jwt",
            "text/jwt",
            "jwt ",
            "at+jwt2",
        ] {
            let flaw = read(kind, Some(typ), json!({}));
            assert!(
                matches!(flaw, Some(TokenFlaw::Typ { .. })),
                "{kind:?} {typ}: {flaw:?}"
            );
        }
    }
    for kind in [
        TokenKind::IdToken,
        TokenKind::Workload,
        TokenKind::ClientAssertion,
    ] {
        assert!(matches!(
            read(kind, Some("at+jwt"), json!({})),
            Some(TokenFlaw::Typ { .. })
        ));
    }
    for kind in [TokenKind::ForeignAccess, TokenKind::Own] {
        for typ in [None, Some("JWT"), Some("client-authentication+jwt")] {
            assert!(matches!(
                read(kind, typ, json!({})),
                Some(TokenFlaw::Typ { .. })
            ));
        }
    }
    for kind in [TokenKind::IdToken, TokenKind::Workload] {
        let flaw = read(kind, Some("client-authentication+jwt"), json!({}));
        assert!(matches!(flaw, Some(TokenFlaw::Typ { .. })));
    }
}

#[test]
fn what_marks_an_access_token_makes_it_no_id_token() {
    for (claim, value) in [
        ("scope", json!("")),
        ("scp", json!(["a"])),
        (
            "events",
            json!({"http://schemas.openid.net/event/backchannel-logout": {}}),
        ),
        ("typ", json!("Bearer")),
        ("typ", json!("Refresh")),
        ("typ", json!("Logout")),
        ("typ", json!("id")),
    ] {
        assert!(
            is_of_another_kind(
                read(TokenKind::IdToken, None, json!({ claim: value })),
                claim
            ),
            "{claim}"
        );
    }
    assert_eq!(
        read(
            TokenKind::IdToken,
            None,
            json!({"typ": "ID", "nonce": "n", "azp": "app", "client_id": "app"})
        ),
        None
    );
    for claim in ["client_id", "azp"] {
        assert_eq!(
            read(TokenKind::IdToken, None, json!({ claim: "other" })),
            Some(TokenFlaw::NotInAudience { claim })
        );
    }
    // A party that is none of its audience is so however its name looks.
    for azp in ["e".repeat(600), "other\n".into()] {
        assert_eq!(
            read(TokenKind::IdToken, None, json!({ "azp": azp })),
            Some(TokenFlaw::NotInAudience { claim: "azp" })
        );
    }
}

#[test]
fn an_access_token_says_so_in_its_typ_or_in_its_claims() {
    assert_eq!(untyped(json!({"scope": "a"})), None);
    assert_eq!(untyped(json!({"scp": "a", "azp": "app"})), None);
    assert_eq!(untyped(json!({"client_id": "app", "typ": "Bearer"})), None);
    assert_eq!(untyped(json!({})), Some(TokenFlaw::NoAccessMark));
    for claim in ["nonce", "at_hash", "c_hash"] {
        assert!(is_of_another_kind(
            untyped(json!({"scope": "a", claim: "x"})),
            claim
        ));
    }
}

#[test]
fn what_a_token_is_comes_before_whom_it_is_for() {
    for (claim, value) in [
        ("scope", json!("a")),
        ("scp", json!(["a"])),
        ("typ", json!("Bearer")),
    ] {
        let patch = json!({"aud": "https://broker.example", claim: value});
        let flaw = read(TokenKind::IdToken, Some("JWT"), patch);
        assert!(is_of_another_kind(flaw, claim), "{claim}");
    }
    for claim in ["nonce", "at_hash", "c_hash"] {
        let flaw = untyped(json!({"aud": "web", "scope": "a", claim: "x"}));
        assert!(is_of_another_kind(flaw, claim), "{claim}");
    }
    let flaw = untyped(json!({"aud": "web", "typ": "ID"}));
    assert!(is_of_another_kind(flaw, "typ"));
    assert_eq!(
        untyped(json!({"aud": "web"})),
        Some(TokenFlaw::NoAccessMark)
    );
    let machine = json!({"aud": "web", "sub": "app1@clients"});
    assert_eq!(untyped(machine), Some(TokenFlaw::Machine { claim: "sub" }));
}

#[test]
fn other_tokens_of_the_provider_are_no_access_tokens() {
    for typ in ["ID", "Refresh", "Offline", "Logout"] {
        let patch = json!({"scope": "a", "typ": typ});
        assert!(is_of_another_kind(
            read(TokenKind::ForeignAccess, Some("at+jwt"), patch),
            "typ"
        ));
    }
    let patch = json!({"scope": "a", "events": {}});
    assert!(is_of_another_kind(untyped(patch), "events"));
}

#[test]
fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
    for cnf in [
        json!({"jkt": "x"}),
        json!({"x5t#S256": "x"}),
        json!({}),
        json!("x"),
    ] {
        let access = json!({"scope": "a", "cnf": cnf});
        let flaw = read(TokenKind::ForeignAccess, Some("at+jwt"), access.clone());
        assert_eq!(flaw, Some(TokenFlaw::Bound));
        assert_eq!(untyped(access), Some(TokenFlaw::Bound));
        for kind in [TokenKind::Workload, TokenKind::IdToken] {
            let flaw = read(kind, None, json!({"cnf": cnf}));
            assert_eq!(flaw, Some(TokenFlaw::Bound));
        }
    }
}

#[test]
fn a_clients_token_for_itself_speaks_for_no_person() {
    for (claim, patch) in [
        ("client_id", json!({"client_id": "ada"})),
        ("azp", json!({"azp": "ada"})),
        ("cid", json!({"cid": "ada"})),
        ("sub", json!({"sub": "app1@clients"})),
        ("gty", json!({"gty": "client-credentials"})),
        ("gty", json!({"gty": ["client-credentials"]})),
        ("idtyp", json!({"idtyp": "app"})),
        ("idtyp", json!({"idtyp": ["app"]})),
        (
            "preferred_username",
            json!({"preferred_username": "service-account-app"}),
        ),
        ("clientAddress", json!({"clientAddress": "192.0.2.1"})),
    ] {
        let flaw = read(TokenKind::ForeignAccess, Some("at+jwt"), patch.clone());
        assert_eq!(flaw, Some(TokenFlaw::Machine { claim }), "{patch}");
        let mut id_token = patch;
        if matches!(claim, "client_id" | "azp") {
            id_token["aud"] = json!(["app", "ada"]);
        }
        let flaw = read(TokenKind::IdToken, None, id_token);
        assert_eq!(flaw, Some(TokenFlaw::Machine { claim }));
    }
    assert_eq!(
        read(
            TokenKind::ForeignAccess,
            Some("at+jwt"),
            json!({"client_id": "app"})
        ),
        None
    );
}

#[test]
fn what_marks_a_persons_token_makes_it_no_workload_token() {
    for (claim, value) in [
        ("act", json!({"iss": "i", "sub": "s"})),
        ("nonce", json!("n")),
        ("events", json!({})),
        ("typ", json!("ID")),
    ] {
        assert!(is_of_another_kind(
            read(TokenKind::Workload, None, json!({ claim: value })),
            claim
        ));
    }
    let patch = json!({"kubernetes.io": {"namespace": "n"}, "sub": "system:serviceaccount:n:s"});
    assert_eq!(read(TokenKind::Workload, None, patch), None);
}

#[test]
fn in_a_workloads_token_scope_scp_and_client_id_mean_nothing() {
    for (claim, value) in [
        ("scope", json!("a")),
        ("scope", json!(7)),
        ("scp", json!({"a": 1})),
        ("scp", Value::Null),
        ("client_id", json!("")),
        ("typ", json!("Bearer")),
    ] {
        let flaw = read(TokenKind::Workload, None, json!({ claim: value }));
        assert_eq!(flaw, None, "{claim}");
    }
}

#[test]
fn a_token_of_a_trust_domain_belongs_to_it_by_its_sub_with_or_without_iss() {
    let app = ["app".to_owned()];
    let mut slot = expectation(TokenKind::Workload, &app);
    slot.issuer = IssuerRule::TrustDomain("spiffe://acme.example");
    slot.typ = TypRule::JWT_OR_JOSE;
    let read = |typ, patch: Value| {
        let mut claims = claims(patch);
        let members = claims.as_object_mut().unwrap();
        members.retain(|_, value| *value != "none");
        accept(&token(typ, &claims), &slot)
    };
    let sub = "spiffe://acme.example/ns/finance";
    for (typ, iss) in [
        (Some("JOSE"), json!("none")),
        (None, json!("https://spire.example")),
        (Some("JWT"), json!("spiffe://acme.example")),
    ] {
        let verified = read(typ, json!({"sub": sub, "iss": iss})).unwrap();
        assert_eq!(verified.get().iss, "spiffe://acme.example");
        assert_eq!(verified.get().sub, sub);
    }
    for iss in [json!(7), json!(""), json!([]), json!({})] {
        let flaw = read(None, json!({"sub": sub, "iss": iss})).unwrap_err();
        assert!(
            matches!(flaw, TokenFlaw::ClaimType { claim: "iss", .. }),
            "{iss}: {flaw:?}"
        );
    }
    for other in [
        "spiffe://acme.example",
        "spiffe://acme.example.evil/ns/finance",
        "spiffe://other.example/ns/finance",
        "ada",
    ] {
        let flaw = read(None, json!({"sub": other})).unwrap_err();
        assert!(matches!(flaw, TokenFlaw::TrustDomain { .. }), "{other}");
    }
}

#[test]
fn what_an_issuer_requires_and_forbids_is_looked_at_whole() {
    let app = ["app".to_owned()];
    let require: BTreeMap<String, Vec<String>> = serde_json::from_value(json!({
        "tid": ["t1", "t2"], "hd": [], "email_verified": ["true"]
    }))
    .unwrap();
    let forbid = ["admin".to_owned()];
    let mut slot = expectation(TokenKind::IdToken, &app);
    slot.demands = Demands {
        require: Some(&require),
        forbid: &forbid,
    };
    let good = json!({"tid": "t2", "hd": 7, "email_verified": true});
    let read = |name: &str, value: Value| {
        let mut all = claims(good.clone());
        all[name] = value;
        accept(&token(None, &all), &slot).err()
    };
    assert_eq!(read("tid", json!("t1")), None);
    for (claim, value) in [
        ("tid", json!("t3")),
        ("tid", json!("T1")),
        ("tid", json!(["t1"])),
        ("tid", Value::Null),
        ("hd", Value::Null),
        ("email_verified", json!(false)),
    ] {
        let flaw = read(claim, value).unwrap();
        assert!(matches!(flaw, TokenFlaw::Required { claim: c, .. } if c == claim));
    }
    let none = accept(&token(None, &claims(json!({}))), &slot).unwrap_err();
    assert!(matches!(none, TokenFlaw::Required { found: "none", .. }));
    for value in [json!(1), Value::Null] {
        let claim = "admin".to_owned();
        assert_eq!(read("admin", value), Some(TokenFlaw::Forbidden { claim }));
    }
}

#[test]
fn rfc7523_3_a_client_assertion_is_the_clients_word_about_itself() {
    for typ in [None, Some("JWT"), Some("client-authentication+jwt")] {
        assert_eq!(
            read(TokenKind::ClientAssertion, typ, json!({"sub": ISSUER})),
            None
        );
    }
    assert_eq!(
        read(TokenKind::ClientAssertion, None, json!({})),
        Some(TokenFlaw::SubjectIsNotIssuer)
    );
    let patch = json!({"sub": ISSUER, "events": {}});
    assert!(is_of_another_kind(
        read(TokenKind::ClientAssertion, None, patch),
        "events"
    ));
}

#[test]
fn a_token_of_ours_with_a_typ_claim_is_not_ours() {
    assert!(is_of_another_kind(
        read(TokenKind::Own, Some("at+jwt"), json!({"typ": "Bearer"})),
        "typ"
    ));
    assert_eq!(
        read(
            TokenKind::Own,
            Some("at+jwt"),
            json!({"client_id": "a", "scope": "b"})
        ),
        None
    );
}
