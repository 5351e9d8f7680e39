//! Requests are those of the vendors' own clients, as recorded in
//! `tests/vectors/downstream`: method, path, headers of the vendor's, and the
//! members of form or JSON.

use super::*;
use crate::{Ended, RevokedAt};

const RECORDINGS: &[(&str, &str, &str)] = &[
    (
        "xsuaa",
        "jwt_bearer",
        include_str!("../../../../tests/vectors/downstream/xsuaa-jwt_bearer.json"),
    ),
    (
        "xsuaa",
        "client_credentials",
        include_str!("../../../../tests/vectors/downstream/xsuaa-client_credentials.json"),
    ),
    (
        "oauth",
        "jwt_bearer",
        include_str!("../../../../tests/vectors/downstream/oauth-jwt_bearer.json"),
    ),
    (
        "oauth",
        "client_credentials",
        include_str!("../../../../tests/vectors/downstream/oauth-client_credentials.json"),
    ),
    (
        "oauth",
        "token_exchange",
        include_str!("../../../../tests/vectors/downstream/oauth-token_exchange.json"),
    ),
    (
        "panos",
        "vendor_session",
        include_str!("../../../../tests/vectors/downstream/panos-vendor_session.json"),
    ),
    (
        "checkpoint",
        "vendor_session",
        include_str!("../../../../tests/vectors/downstream/checkpoint-vendor_session.json"),
    ),
];

/// Holds the secret and the assertion that the vendor's client was given.
struct Given<'a>(&'a Value);

impl Given<'_> {
    fn text(&self, pointers: &[&str]) -> Option<&str> {
        let mut found = pointers
            .iter()
            .filter_map(|at| self.0.pointer(at)?.as_str());
        found.find(|text| !text.is_empty())
    }
}

impl Aid for Given<'_> {
    fn secret(&self, _: &SecretName) -> Result<Arc<Secret<Vec<u8>>>, Trouble> {
        let places = [
            "/credentials/client_secret",
            "/client_secret",
            "/api_key",
            "/password",
        ];
        let secret = self.text(&places).unwrap();
        Ok(Arc::new(Secret::new(secret.as_bytes().to_vec())))
    }

    fn sign_jwt(&self, _: KeyOf<'_>, _: &str, _: &Value) -> Result<Secret<String>, Trouble> {
        let places = [
            "/assertion",
            "/parameters/assertion",
            "/parameters/subject_token",
        ];
        Ok(Secret::new(self.text(&places).unwrap().to_owned()))
    }

    fn sign_rsa_sha256(&self, _: &SecretName, _: &[u8]) -> Result<Vec<u8>, Trouble> {
        panic!("no SAML was recorded")
    }

    fn certificate(&self, _: &SecretName) -> Result<Certificate, Trouble> {
        panic!("no SAML was recorded")
    }
}

/// The target that says what the client was given.
fn target(profile: &str, kind: &str, given: &Given<'_>) -> Prepared {
    let mut parameters = json!({});
    let mut put = |name: &str, value: Option<&Value>| {
        if let Some(value) = value.filter(|value| !value.is_null() && *value != "") {
            parameters[name] = value.clone();
        }
    };
    let at = |pointer: &str| given.0.pointer(pointer);
    match profile {
        "xsuaa" => {
            put("client_id", at("/credentials/client_id"));
            for name in ["token_format", "zid", "authorities"] {
                put(name, at(&format!("/options/{name}")));
            }
            put(
                "scopes",
                at("/options/scope")
                    .map(|theirs| json!({"a": theirs}))
                    .as_ref(),
            );
        }
        "oauth" => {
            put("client_id", at("/client_id"));
            put("client_auth", at("/way"));
            put(
                "scopes",
                at("/parameters/scope")
                    .map(|theirs| json!({"a": theirs}))
                    .as_ref(),
            );
        }
        "panos" => put("user", at("/user")),
        "checkpoint" => ["user", "read_only", "domain"]
            .into_iter()
            .for_each(|name| put(name, at(&format!("/{name}")))),
        _ => panic!("{profile}"),
    }
    let connector = json!({
        "kind": kind, "profile": profile, "base_url": "https://v.example",
        "parameters": parameters, "secrets": {"client": "c"},
    });
    ready(connector, "a")
}

/// A request in the form of the recordings.
fn as_recorded(sending: &Sending) -> Value {
    let request = &sending.request;
    let kind = request.headers()["content-type"].to_str().unwrap();
    let headers: serde_json::Map<_, _> = request
        .headers()
        .iter()
        .filter(|(name, _)| *name != "accept" && *name != "content-type")
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
        .collect();
    let mut shown = json!({
        "method": request.method().as_str(), "path": request.uri().path(),
        "headers": headers, "content_type": kind,
    });
    let body = request.body().expose();
    if kind == "application/json" {
        shown["json"] = serde_json::from_slice(body).unwrap();
    } else {
        let pairs = url::form_urlencoded::parse(body).map(|(name, value)| json!([name, value]));
        shown["form"] = pairs.collect();
    }
    shown
}

/// What differs on purpose at Check Point: the client puts the version that the
/// login told it into the path and says `continue-last-session` `false`, which
/// is the default; we name the agent.
fn without_habits(mut request: Value) -> Value {
    if let Some(members) = request.get_mut("json").and_then(Value::as_object_mut) {
        members.remove("continue-last-session");
        members.remove("session-name");
    }
    let path = request["path"].as_str().unwrap().replace("/v1.9/", "/");
    request["path"] = json!(path);
    request
}

#[test]
fn requests_are_those_of_the_vendors_own_clients() {
    let mut cases = 0;
    for (profile, kind, recording) in RECORDINGS {
        let recording: Value = serde_json::from_str(recording).unwrap();
        for case in recording["cases"].as_array().unwrap() {
            let given = Given(&case["given"]);
            let prepared = target(profile, kind, &given);
            let said = given.text(&["/payload/session-description"]);
            let order = order(OrderOf {
                delegation: said.unwrap_or(DELEGATION),
                ..ordered("a", None)
            });
            let (course, sending) = prepared.begin(&order, &given).unwrap();
            let mut sent = vec![as_recorded(&sending)];
            if *profile == "checkpoint" {
                sent.extend(ended(&prepared, course, &given));
            }
            let expected = case["requests"].as_array().unwrap().iter().cloned();
            assert_eq!(
                sent.into_iter().map(without_habits).collect::<Vec<_>>(),
                expected.map(without_habits).collect::<Vec<_>>(),
                "{profile} {kind}: {}",
                case["name"]
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 14);
}

/// What ends a session.
fn ended(prepared: &Prepared, course: Course, given: &Given<'_>) -> Vec<Value> {
    let Step::Done(obtained) = course.next(reply(200, r#"{"sid":"sid-1"}"#)).unwrap() else {
        panic!("no session")
    };
    let at = RevokedAt {
        now_s: NOW_S,
        id: "r",
    };
    let handle = obtained.handle.unwrap();
    let (mut ending, mut sending) = prepared.revoke(handle, at, given).unwrap().unwrap();
    let mut sent = vec![as_recorded(&sending)];
    while let Ended::Send(next, another) = ending.next(reply(200, "{}")) {
        (ending, sending) = (next, another);
        sent.push(as_recorded(&sending));
    }
    sent
}
