//! Refresh tokens of people (RFC 6749 §6): what is sent, and what comes back in
//! their place.

use super::*;
use crate::{Obtained, SecretForm, Whose};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::ids::AgentId;

const SENT: &str = "value-of-vault-ada";

fn declared(more: Value) -> Value {
    let mut parameters = json!({
        "client_id": "locum", "scopes": {"a": "V.A", "b": "V.B"},
        "vault": {"demo:ada": "vault-ada", "demo:bob": "vault-bob", "nightly": "vault-nightly"},
    });
    parameters
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({
        "kind": "refresh_vault", "profile": "oauth", "base_url": "https://as.example",
        "parameters": parameters, "secrets": {"client": "as-client"},
    })
}

fn oauth(more: Value) -> Prepared {
    ready(declared(more), "a b")
}

fn of(subject: Subject) -> OrderOf<'static> {
    OrderOf {
        subject,
        ..ordered("a", None)
    }
}

fn person(sub: &str) -> Subject {
    Subject::Person(ExternalId::parse(sub).unwrap())
}

fn kept(prepared: &Prepared, subject: Subject) -> Option<String> {
    let name = prepared.kept(&order(of(subject))).ok()?;
    name.map(|name| name.to_string())
}

fn token(prepared: &Prepared, answer: &str) -> Result<Obtained, Trouble> {
    answered(prepared, ordered("a", None), reply(200, answer))
}

#[test]
fn workday_gets_the_client_in_the_header_and_the_refresh_token_alone() {
    let prepared = ready(
        json!({
            "profile": "workday-vault", "base_url": "https://wd2.workday.example",
            "parameters": {"tenant": "acme", "client_id": "N2Zk", "vault": {"demo:ada": "vault-ada"}},
            "secrets": {"client": "wd-client"},
        }),
        "a",
    );
    assert_eq!(
        sent(&prepared, ordered("a", None)),
        format!(
            "POST https://wd2.workday.example/ccx/oauth2/acme/token
accept: application/json
authorization: Basic {} (secret)
content-type: application/x-www-form-urlencoded
  grant_type=refresh_token
  refresh_token={SENT}",
            STANDARD.encode("N2Zk:value-of-wd-client")
        )
    );
    assert!(!prepared.needs_published_key() && !prepared.carries_chain());
    assert_eq!(
        token(&prepared, r#"{"access_token":"t"}"#)
            .unwrap()
            .expires_in,
        Some(3_600)
    );
}

#[test]
fn oauth_gets_granted_scopes_and_every_way_of_the_client() {
    assert_eq!(
        sent(
            &oauth(
                json!({"client_auth": "post", "resource": "https://r.example", "extra": {"x": "y"}})
            ),
            ordered("a", None)
        ),
        format!(
            "POST https://as.example/token
accept: application/json
content-type: application/x-www-form-urlencoded
  client_id=locum
  client_secret=value-of-as-client
  grant_type=refresh_token
  refresh_token={SENT}
  resource=https://r.example
  scope=V.A
  x=y"
        )
    );
    let signed = oauth(json!({"client_auth": "jwt"}));
    let sent = sent(&signed, ordered("a", None));
    assert!(
        sent.contains(r#""aud":"https://as.example/token""#),
        "{sent}"
    );
    assert!(sent.contains(&format!(r#""jti":"{DELEGATION}""#)), "{sent}");
    assert!(signed.needs_published_key());
}

#[test]
fn each_is_known_by_the_token_of_their_own_and_others_by_none() {
    let prepared = oauth(json!({}));
    assert_eq!(kept(&prepared, ada()).as_deref(), Some("vault-ada"));
    assert_eq!(
        kept(&prepared, person("demo:bob")).as_deref(),
        Some("vault-bob")
    );
    let agent = |id| Subject::Agent(AgentId::parse(id).unwrap());
    assert_eq!(
        kept(&prepared, agent("nightly")).as_deref(),
        Some("vault-nightly")
    );
    for stranger in [person("demo:eve"), person("other:ada"), agent("ada")] {
        let order = order(of(stranger));
        for found in [
            prepared.kept(&order).err(),
            prepared.begin(&order, &Showing).err(),
        ] {
            let Some(Trouble::Stranger { detail }) = found else {
                panic!("expected a stranger")
            };
            assert!(
                detail.contains("`vault`") && !detail.contains("eve"),
                "{detail}"
            );
        }
    }
    let jwt = json!({
        "profile": "oauth", "base_url": "https://as.example",
        "parameters": {"client_id": "c"}, "secrets": {"client": "s"},
    });
    assert_eq!(kept(&ready(jwt, "a"), ada()), None);
}

#[test]
fn a_token_that_takes_the_place_of_the_one_sent_comes_out_and_no_other_does() {
    let rotated = |answer: &str| {
        let obtained = token(&oauth(json!({})), answer).unwrap();
        assert_eq!(obtained.secret.expose(), "t");
        obtained.rotated.map(|token| token.expose().clone())
    };
    assert_eq!(
        rotated(r#"{"access_token":"t","refresh_token":"next"}"#).as_deref(),
        Some("next")
    );
    assert_eq!(rotated(r#"{"access_token":"t"}"#), None);
    assert_eq!(
        rotated(&format!(
            r#"{{"access_token":"t","refresh_token":"{SENT}"}}"#
        )),
        None
    );
    // Where none was sent, one that comes along is nobody's.
    let jwt = json!({
        "profile": "oauth", "base_url": "https://as.example",
        "parameters": {"client_id": "c"}, "secrets": {"client": "s"},
    });
    let obtained = token(
        &ready(jwt, "a"),
        r#"{"access_token":"t","refresh_token":"next"}"#,
    );
    assert!(obtained.unwrap().rotated.is_none());
}

#[test]
fn what_was_rotated_is_kept_whatever_else_the_answer_says() {
    let prepared = oauth(json!({"revocation_path": "/revoke"}));
    for (beside, leftover) in [
        ("", false),
        (r#""access_token":7,"#, false),
        (r#""access_token":"a b","#, false),
        (r#""access_token":"next","#, false),
        (r#""access_token":"t","expires_in":-1,"#, true),
        (r#""access_token":"t","token_type":"mac","#, true),
        (r#""access_token":"t","scope":"V.A V.B","#, true),
    ] {
        let answer = format!(r#"{{{beside}"refresh_token":"next"}}"#);
        let Err(Trouble::Nonsense {
            leftover: left,
            rotated,
            detail,
        }) = token(&prepared, &answer)
        else {
            panic!("{beside}: expected nonsense")
        };
        assert_eq!(
            rotated.map(|token| token.expose().clone()).as_deref(),
            Some("next"),
            "{beside}"
        );
        assert_eq!(left.is_some(), leftover, "{beside}");
        assert!(!detail.contains("next"), "{detail}");
    }
}

#[test]
fn a_refresh_token_that_is_none_is_nonsense_and_what_came_with_it_is_revoked() {
    let prepared = oauth(json!({"revocation_path": "/revoke"}));
    let long = format!("\"{}\"", "r".repeat(16_385));
    for bad in [
        "null",
        "7",
        "true",
        "\"\"",
        "\"a b\"",
        "\"a\\n\"",
        "\"ü\"",
        "[\"r\"]",
        "{\"r\":1}",
        &long,
    ] {
        let answer = format!(r#"{{"access_token":"t","refresh_token":{bad}}}"#);
        let Err(Trouble::Nonsense {
            leftover, rotated, ..
        }) = token(&prepared, &answer)
        else {
            panic!("{bad:.20}: expected nonsense")
        };
        assert!(leftover.is_some() && rotated.is_none(), "{bad:.20}");
    }
    let twice = r#"{"access_token":"t","refresh_token":"r","refresh_token":"r"}"#;
    assert!(matches!(
        token(&prepared, twice),
        Err(Trouble::Nonsense { rotated: None, .. })
    ));
    // What is sent as a refresh token is never handed out as anything.
    let own = format!(r#"{{"access_token":"{SENT}"}}"#);
    let Err(Trouble::Nonsense {
        leftover, detail, ..
    }) = token(&prepared, &own)
    else {
        panic!("expected nonsense")
    };
    assert!(leftover.is_none() && !detail.contains(SENT), "{detail}");
}

#[test]
fn a_request_is_not_named_by_a_refresh_token() {
    let named = |id: &str| {
        let mut reply = reply(200, r#"{"access_token":"t0k","refresh_token":"next"}"#);
        let id = id.parse().unwrap();
        reply.headers_mut().insert("x-request-id", id);
        let obtained = answered(&oauth(json!({})), ordered("a", None), reply).unwrap();
        obtained.vendor_request_id
    };
    assert_eq!(named("4711").as_deref(), Some("4711"));
    for id in ["x-next-y", SENT, "t0k"] {
        assert_eq!(named(id), None);
    }
}

#[test]
fn a_refusal_says_that_it_is_of_the_refresh_token() {
    let whose = |prepared: &Prepared, status, error: &str| {
        let answer = format!(r#"{{"error":"{error}","refresh_token":"next"}}"#);
        match answered(prepared, ordered("a", None), reply(status, &answer)) {
            Err(Trouble::Refused { whose, .. }) => whose,
            _ => panic!("expected a refusal"),
        }
    };
    let prepared = oauth(json!({}));
    assert_eq!(whose(&prepared, 400, "invalid_grant"), Whose::RefreshToken);
    assert_eq!(whose(&prepared, 403, "invalid_grant"), Whose::RefreshToken);
    assert_eq!(whose(&prepared, 401, "invalid_client"), Whose::Client);
    assert_eq!(whose(&prepared, 400, "invalid_scope"), Whose::Scope);
}

#[test]
fn a_vault_names_secrets_of_its_own() {
    let flaws = |connector: Value| match checked(connector, "a b") {
        Ok(_) => Vec::new(),
        Err(flaws) => flaws.into_iter().map(|flaw| flaw.pointer).collect(),
    };
    let vault = |vault: Value| flaws(declared(json!({ "vault": vault })));
    let at = "/connector/parameters/vault";
    assert_eq!(vault(json!({})), Vec::<String>::new());
    assert_eq!(vault(json!("vault-ada")), [at]);
    assert_eq!(vault(json!(["vault-ada"])), [at]);
    assert_eq!(
        vault(json!({"demo:a/b~c": 7})),
        [format!("{at}/demo:a~1b~0c")]
    );
    assert_eq!(vault(json!({"demo:ada": ""})), [format!("{at}/demo:ada")]);
    assert_eq!(
        vault(json!({"demo:ada": "../x"})),
        [format!("{at}/demo:ada")]
    );
    assert_eq!(vault(json!({"": "vault-ada"})), [format!("{at}/")]);
    assert_eq!(
        vault(json!({"demo:ada": "as-client"})),
        [format!("{at}/demo:ada")],
        "a rotation would take the place of the client's secret"
    );
    let mut without = declared(json!({}));
    without["parameters"]
        .as_object_mut()
        .unwrap()
        .remove("vault");
    assert_eq!(flaws(without), [at]);
    for name in ["subject", "subjects", "principals"] {
        let more = flaws(declared(json!({name: "x"})));
        assert_eq!(more, [format!("/connector/parameters/{name}")]);
    }
    let uses = oauth(json!({})).secrets().to_vec();
    let found = uses.iter().map(|one| (one.name.as_str(), one.form));
    assert!(
        found
            .into_iter()
            .any(|one| one == ("vault-ada", SecretForm::Text))
    );
}
