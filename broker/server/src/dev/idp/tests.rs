#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::super::bench::{self, Bench};
use super::*;

async fn sign_in(bench: &Bench, name: &str, password: &str, more: &str) -> (u16, Value) {
    bench
        .form(
            "/idp/token",
            &format!("username={name}&password={password}{more}"),
        )
        .await
}

#[tokio::test]
async fn a_person_signs_in_and_gets_both_tokens() {
    let bench = Bench::new();
    let password = bench.world.password("ada").unwrap().expose();
    let (status, answer) = sign_in(&bench, "ada", password, "").await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3600)));
    let (header, id) = bench::decode(answer["id_token"].as_str().unwrap());
    assert_eq!(header["typ"], "JWT");
    assert_eq!(
        (&id["sub"], &id["aud"]),
        (&json!("ada"), &json!("demo-app"))
    );
    assert_eq!(id["iss"], "http://127.0.0.1:8421/idp");
    assert_eq!(
        (&id["acr"], &id["amr"], &id["groups"]),
        (&json!("pwd"), &json!(["pwd"]), &json!(["staff"]))
    );
    assert_eq!(
        id["exp"].as_u64().unwrap(),
        id["iat"].as_u64().unwrap() + 3600
    );
    assert!(id.get("scope").is_none() && id.get("client_id").is_none());
    let (header, access) = bench::decode(answer["access_token"].as_str().unwrap());
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(
        (&access["aud"], &access["client_id"]),
        (&json!("http://127.0.0.1:8420"), &json!("demo-app"))
    );
    assert_eq!(
        access["scope"],
        "erp.read erp.write hr.read hr.write net.read net.write"
    );
    assert!(access["jti"].is_string());
    assert_eq!(access["sid"], id["sid"], "one sign-in, one session");
}

#[tokio::test]
async fn the_id_tokens_audience_may_be_asked_for_and_eve_is_in_no_group() {
    let bench = Bench::new();
    let password = bench.world.password("eve").unwrap().expose();
    let (_, answer) = sign_in(&bench, "eve", password, "&audience=other-app").await;
    let (_, id) = bench::decode(answer["id_token"].as_str().unwrap());
    assert_eq!(
        (&id["aud"], &id["groups"]),
        (&json!("other-app"), &json!([]))
    );
    let (_, access) = bench::decode(answer["access_token"].as_str().unwrap());
    assert_eq!(access["aud"], "http://127.0.0.1:8420");
}

#[tokio::test]
async fn a_wrong_password_an_unknown_person_and_anothers_password_are_one_refusal() {
    let bench = Bench::new();
    let bobs = bench.world.password("bob").unwrap().expose();
    let mut answers = Vec::new();
    for (name, password) in [("ada", "guess"), ("mallory", "guess"), ("ada", bobs)] {
        let (status, answer) = sign_in(&bench, name, password, "").await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let (status, answer) = bench.form("/idp/token", "username=ada").await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn discovery_leads_to_the_public_keys_only() {
    let bench = Bench::new();
    let (_, found) = bench.get("/idp/.well-known/openid-configuration").await;
    assert_eq!(found["issuer"], "http://127.0.0.1:8421/idp");
    assert_eq!(found["jwks_uri"], "http://127.0.0.1:8421/idp/jwks");
    let (_, keys) = bench.get("/idp/jwks").await;
    assert!(keys["keys"][0]["x"].is_string() && keys["keys"][0].get("d").is_none());
}
