#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::super::test_world::{self, TestWorld};
use super::*;

async fn sign_in(test_world: &TestWorld, name: &str, password: &str, more: &str) -> (u16, Value) {
    test_world
        .form(
            "/idp/token",
            &format!("username={name}&password={password}{more}"),
        )
        .await
}

#[tokio::test]
async fn a_person_signs_in_and_gets_both_tokens() {
    let test_world = TestWorld::new();
    let password = test_world.world.password("ada").unwrap().expose();
    let (status, answer) = sign_in(&test_world, "ada", password, "").await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3600)));
    let (header, id) = test_world::decode(answer["id_token"].as_str().unwrap());
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
    let (header, access) = test_world::decode(answer["access_token"].as_str().unwrap());
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
    let test_world = TestWorld::new();
    let password = test_world.world.password("eve").unwrap().expose();
    let (_, answer) = sign_in(&test_world, "eve", password, "&audience=other-app").await;
    let (_, id) = test_world::decode(answer["id_token"].as_str().unwrap());
    assert_eq!(
        (&id["aud"], &id["groups"]),
        (&json!("other-app"), &json!([]))
    );
    let (_, access) = test_world::decode(answer["access_token"].as_str().unwrap());
    assert_eq!(access["aud"], "http://127.0.0.1:8420");
}

#[tokio::test]
async fn a_wrong_password_an_unknown_person_and_anothers_password_are_one_refusal() {
    let test_world = TestWorld::new();
    let bobs = test_world.world.password("bob").unwrap().expose();
    let mut answers = Vec::new();
    for (name, password) in [("ada", "guess"), ("mallory", "guess"), ("ada", bobs)] {
        let (status, answer) = sign_in(&test_world, name, password, "").await;
        assert_eq!((status, &answer["error"]), (400, &json!("invalid_grant")));
        answers.push(answer);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let (status, answer) = test_world.form("/idp/token", "username=ada").await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn discovery_leads_to_the_public_keys_only() {
    let test_world = TestWorld::new();
    let (_, found) = test_world
        .get("/idp/.well-known/openid-configuration")
        .await;
    assert_eq!(found["issuer"], "http://127.0.0.1:8421/idp");
    assert_eq!(found["jwks_uri"], "http://127.0.0.1:8421/idp/jwks");
    let (_, keys) = test_world.get("/idp/jwks").await;
    assert!(keys["keys"][0]["x"].is_string() && keys["keys"][0].get("d").is_none());
}
