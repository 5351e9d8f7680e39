//! What is wrong with a target's connector, and where.

use super::*;
use crate::{SecretForm, SecretUse};

/// The pointers of all flaws, below `/connector`.
fn flaws(connector: Value) -> Vec<String> {
    match checked(connector, "a b") {
        Ok(_) => Vec::new(),
        Err(flaws) => flaws
            .iter()
            .map(|flaw| {
                assert!(flaw.detail.starts_with("expected"), "{}", flaw.detail);
                flaw.pointer.strip_prefix("/connector/").unwrap().to_owned()
            })
            .collect(),
    }
}

fn xsuaa() -> Value {
    json!({
        "kind": "jwt_bearer", "profile": "xsuaa", "base_url": "https://v.example",
        "parameters": {"client_id": "c", "scopes": {"a": "A", "b": "B"}},
        "secrets": {"client": "s"},
    })
}

/// The flaws of a connector with a member set, or (`null`) left out.
fn with(mut connector: Value, pointer: &str, value: Value) -> Vec<String> {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let members = connector
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    flaws(connector)
}

#[test]
fn a_connector_without_a_flaw_passes() {
    assert_eq!(flaws(xsuaa()), Vec::<String>::new());
    assert_eq!(with(xsuaa(), "/kind", Value::Null), Vec::<String>::new());
}

#[test]
fn profile_and_kind_have_to_be_known() {
    assert_eq!(with(xsuaa(), "/profile", json!("acme")), ["profile"]);
    assert_eq!(with(xsuaa(), "/kind", json!("vendor_session")), ["kind"]);
    assert_eq!(with(xsuaa(), "/kind", json!("token_exchange")), ["kind"]);
}

#[test]
fn the_address_is_https_and_bare() {
    for bad in [
        "http://v.example",
        "ftp://v.example",
        "https://",
        "v.example",
        "https://user@v.example",
        "https://:pw@v.example",
        "https://@v.example",
        "https://v.example?",
        "https://v.example/?a=b",
        "https://v.example/#",
        "https://v.example/ a",
        "https://v.ex\tample",
        "https:\\\\v.example",
        "http://127.0.0.1:1",
    ] {
        assert_eq!(
            with(xsuaa(), "/base_url", json!(bad)),
            ["base_url"],
            "{bad}"
        );
    }
    for (declared, normal) in [
        ("https://V.example/", "https://v.example"),
        ("https://v.example:443/cloud/", "https://v.example/cloud"),
        ("https://v.example:8443/a/b", "https://v.example:8443/a/b"),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]"),
    ] {
        let mut connector = xsuaa();
        connector["base_url"] = json!(declared);
        assert_eq!(ready(connector, "a b").base_url(), normal);
    }
}

#[test]
fn in_dev_http_goes_to_loopback_alone() {
    let dev = |base_url: &str| {
        let mut connector = xsuaa();
        connector["base_url"] = json!(base_url);
        prepare(&downstream(connector), &scope("a b"), true).is_ok()
    };
    for good in [
        "http://127.0.0.1:8421",
        "http://localhost/x",
        "http://[::1]:1",
        "https://v.example",
    ] {
        assert!(dev(good), "{good}");
    }
    for bad in [
        "http://v.example",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://0.0.0.0",
    ] {
        assert!(!dev(bad), "{bad}");
    }
}

#[test]
fn parameters_are_known_present_and_of_their_form() {
    let at = |name: &str, value: Value| with(xsuaa(), &format!("/parameters/{name}"), value);
    for (name, bad) in [
        ("client_id", json!("")),
        ("client_id", json!(7)),
        ("client_id", json!("a\nb")),
        ("client_id", Value::Null),
        ("scopes", Value::Null),
        ("scopes", json!([])),
        ("client_auth", json!("jwt")),
        ("token_format", json!("JWT")),
        ("zid", json!("a b")),
        ("authorities", json!("a")),
        ("token_validity_s", json!(59)),
        ("token_validity_s", json!(86_401)),
        ("token_validity_s", json!("600")),
        ("token_validity_s", json!(600.5)),
        ("subject", json!("{name}")),
        ("subjects", json!(["ada"])),
        ("tenant", json!("acme")),
        ("alias", json!("acme")),
    ] {
        let found = at(name, bad.clone());
        assert!(
            found.contains(&format!("parameters/{name}")),
            "{name}={bad}: {found:?}"
        );
    }
    assert_eq!(
        at("subjects", json!({"demo:a/b~c": 7})),
        ["parameters/subjects/demo:a~1b~0c"]
    );
    let mut odd = xsuaa();
    odd["parameters"]["a/b"] = json!(1);
    assert_eq!(flaws(odd), ["parameters/a~1b"]);
    let saml = with(xsuaa(), "/kind", json!("saml_bearer"));
    assert_eq!(
        saml,
        ["parameters/alias", "parameters/audience", "secrets/signing"]
    );
}

#[test]
fn scopes_are_those_of_the_catalogue_both_ways() {
    let scopes = |value: Value| with(xsuaa(), "/parameters/scopes", value);
    assert_eq!(scopes(json!({"a": "A"})), ["parameters/scopes/b"]);
    assert_eq!(
        scopes(json!({"a": "A", "b": "B", "c": "C"})),
        ["parameters/scopes/c"]
    );
    for bad in ["A  B", " A", "A ", "\u{e4}", "a\"b"] {
        assert_eq!(
            scopes(json!({"a": "A", "b": bad})),
            ["parameters/scopes/b"],
            "{bad}"
        );
    }
}

fn panos(principals: Value) -> Value {
    json!({
        "profile": "panos", "base_url": "https://v.example",
        "parameters": {"principals": principals},
    })
}

#[test]
fn principals_name_scopes_of_the_catalogue_an_account_and_its_secret() {
    let fine = json!({"scopes": ["a"], "user": "u", "secret": "s"});
    assert_eq!(flaws(panos(json!([fine]))), Vec::<String>::new());
    let one = |name: &str, value: Value| {
        let mut principal = fine.clone();
        if value.is_null() {
            principal.as_object_mut().unwrap().remove(name);
        } else {
            principal[name] = value;
        }
        flaws(panos(json!([fine, principal])))
    };
    let at = |under: &str| vec![format!("parameters/principals/1/{under}")];
    assert_eq!(one("scopes", json!(["a", "c"])), at("scopes/1"));
    assert_eq!(one("scopes", json!([])), at("scopes"));
    assert_eq!(one("scopes", Value::Null), at("scopes"));
    assert_eq!(one("scopes", json!("a")), at("scopes"));
    assert_eq!(one("secret", Value::Null), at("secret"));
    assert_eq!(one("secret", json!("No Name")), at("secret"));
    assert_eq!(one("user", Value::Null), at("user"));
    assert_eq!(one("user", json!(1)), [at("user"), at("user")].concat());
    assert_eq!(one("client_id", json!("c")), at("client_id"));
    for bad in [json!([]), json!({}), json!("x")] {
        assert_eq!(flaws(panos(bad)), ["parameters/principals"]);
    }
    assert_eq!(
        flaws(
            json!({"profile": "panos", "base_url": "https://v.example", "secrets": {"client": "s"}})
        ),
        ["parameters/user"]
    );
}

#[test]
fn secrets_have_the_roles_of_the_profile() {
    assert_eq!(
        with(xsuaa(), "/secrets/client", Value::Null),
        ["secrets/client"]
    );
    assert_eq!(
        with(xsuaa(), "/secrets/other", json!("s")),
        ["secrets/other"]
    );
    let oauth = |auth: &str| {
        flaws(json!({
            "profile": "oauth", "base_url": "https://v.example",
            "parameters": {"client_id": "c", "client_auth": auth},
        }))
    };
    for auth in ["basic", "post", "mtls"] {
        assert_eq!(oauth(auth), ["secrets/client"], "{auth}");
    }
    for auth in ["jwt", "none"] {
        assert_eq!(oauth(auth), Vec::<String>::new(), "{auth}");
    }
}

#[test]
fn every_secret_that_may_be_used_is_told_with_its_place() {
    let uses = |connector: Value| ready(connector, "a b").secrets().to_vec();
    let of = |pointer: &str, name: &str, form| SecretUse {
        pointer: format!("/connector/{pointer}"),
        name: SecretName::parse(name).unwrap(),
        form,
    };
    let mut mtls = xsuaa();
    mtls["parameters"]["client_auth"] = json!("mtls");
    mtls["secrets"]["signing"] = json!("k");
    assert_eq!(
        uses(mtls),
        [
            of("secrets/client", "s", SecretForm::Identity),
            of("secrets/signing", "k", SecretForm::SigningKey),
        ]
    );
    let workday = json!({
        "profile": "workday", "base_url": "https://v.example",
        "parameters": {"tenant": "t", "principals": [
            {"scopes": ["a"], "client_id": "1", "secret": "k1"},
            {"scopes": ["b"], "client_id": "2", "secret": "k2"},
        ]},
    });
    assert_eq!(
        uses(workday),
        [
            of(
                "parameters/principals/0/secret",
                "k1",
                SecretForm::SigningKey
            ),
            of(
                "parameters/principals/1/secret",
                "k2",
                SecretForm::SigningKey
            ),
        ]
    );
}

#[test]
fn what_is_sent_elsewhere_cannot_be_slipped_in() {
    let oauth = |name: &str, value: Value| {
        let connector = json!({
            "profile": "oauth", "base_url": "https://v.example",
            "parameters": {"client_id": "c"}, "secrets": {"client": "s"},
        });
        with(connector, &format!("/parameters/{name}"), value)
    };
    for own in ["grant_type", "assertion", "scope", "client_id", "resource"] {
        assert_eq!(
            oauth("extra", json!({own: "x"})),
            [format!("parameters/extra/{own}")]
        );
    }
    assert_eq!(
        oauth("extra", json!({"tenant": 1})),
        ["parameters/extra/tenant"]
    );
    for bad in [
        "token",
        "//evil.example",
        "/a?b",
        "/a#b",
        "/../a",
        "/a/%2e%2e/b",
        "/a b",
        "/a\\b",
    ] {
        assert_eq!(
            oauth("token_path", json!(bad)),
            ["parameters/token_path"],
            "{bad}"
        );
        assert_eq!(
            oauth("revocation_path", json!(bad)),
            ["parameters/revocation_path"],
            "{bad}"
        );
    }
    assert_eq!(oauth("resource", json!([])), ["parameters/resource"]);
    assert_eq!(
        oauth("resource", json!(["https://a", "https://b"])),
        Vec::<String>::new()
    );
}
