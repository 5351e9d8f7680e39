#![allow(clippy::unwrap_used, reason = "tests")]
use std::io::Write;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::read(|name| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

const READY: &str = r#"{"issuer":"http://127.0.0.1:8420","admin_api":"http://127.0.0.1:8420/admin/v1",
    "admin_token":"adm","agents":{"hr-agent":{"client_id":"hr-agent","client_secret":"s2"}}}"#;

#[test]
fn plain_http_is_only_for_loopback_since_secrets_go_there() {
    for good in [
        "https://broker.example",
        "http://127.0.0.1:8420",
        "http://[::1]:1",
        "http://localhost",
    ] {
        assert!(base_url("x", good).is_ok(), "{good}");
    }
    for bad in [
        "http://broker.example",
        "http://127.0.0.1.example",
        "ftp://127.0.0.1",
        "https://a:b@broker.example",
        "https://broker.example?a",
        "broker",
    ] {
        assert!(base_url("x", bad).is_err(), "{bad}");
    }
}

#[test]
fn endpoints_lie_below_an_issuer_with_a_path() {
    let environment = environment(&[("LOCUM_ISSUER", "https://broker.example/tenant")]);
    assert_eq!(
        environment.endpoint("token").unwrap().as_str(),
        "https://broker.example/tenant/token"
    );
}

#[test]
fn a_missing_issuer_is_a_precondition_and_a_missing_admin_token_is_no_proof() {
    assert_eq!(
        environment(&[]).issuer().unwrap_err().exit,
        Exit::Precondition
    );
    let environment = environment(&[("LOCUM_ISSUER", "https://broker.example")]);
    assert_eq!(environment.admin().unwrap_err().exit, Exit::AuthRequired);
}

#[test]
fn an_environment_that_is_half_set_says_which_variable_to_set_or_unset() {
    let said = |pairs: &[(&str, &str)], agent: Option<&str>| {
        let failure = environment(pairs).client(agent).err().unwrap();
        assert_eq!(failure.exit, Exit::AuthRequired);
        failure.message
    };
    let id = said(&[("LOCUM_CLIENT_SECRET", "s")], None);
    assert!(
        id.contains("expected `LOCUM_CLIENT_ID` beside the secret"),
        "{id}"
    );
    let secret = said(&[("LOCUM_CLIENT_ID", "a")], None);
    assert!(secret.contains("or unset `LOCUM_CLIENT_ID`"), "{secret}");
    let other = [("LOCUM_CLIENT_ID", "a"), ("LOCUM_CLIENT_SECRET", "s")];
    assert!(said(&other, Some("b")).contains("`LOCUM_CLIENT_ID` = `b`"));
    let api = [("LOCUM_ADMIN_API", "https://broker.example/admin/v1")];
    let failure = environment(&api).admin().err().unwrap();
    assert!(failure.message.contains("beside `LOCUM_ADMIN_API`"));
}

#[test]
fn a_secret_and_the_file_of_one_are_not_both_taken() {
    let file = file("s1");
    let path = file.path().to_str().unwrap();
    let both = environment(&[
        ("LOCUM_ISSUER", "https://broker.example"),
        ("LOCUM_CLIENT_ID", "a"),
        ("LOCUM_CLIENT_SECRET", "s"),
        ("LOCUM_CLIENT_SECRET_FILE", path),
        ("LOCUM_ADMIN_TOKEN", "t"),
        ("LOCUM_ADMIN_TOKEN_FILE", path),
    ]);
    for failure in [
        both.client(None).err().unwrap(),
        both.admin().err().unwrap(),
    ] {
        assert_eq!(failure.exit, Exit::Precondition);
        assert!(failure.message.contains("found both; unset one of them"));
    }
}

#[test]
fn a_secret_is_read_from_the_file_that_is_named() {
    let secret = file("s1\n");
    let environment = environment(&[
        ("LOCUM_CLIENT_ID", "invoice-agent"),
        ("LOCUM_CLIENT_SECRET_FILE", secret.path().to_str().unwrap()),
    ]);
    assert_eq!(environment.client(None).unwrap().secret.expose(), "s1");
}

#[test]
fn a_file_of_a_secret_that_is_missing_or_empty_is_told_with_its_variable() {
    let empty = file("\n");
    let empty = empty.path().to_str().unwrap();
    for (path, found) in [("/nowhere/s", "no such file"), (empty, "an empty file")] {
        let client = [("LOCUM_CLIENT_ID", "a"), ("LOCUM_CLIENT_SECRET_FILE", path)];
        let admin = [
            ("LOCUM_ISSUER", "https://broker.example"),
            ("LOCUM_ADMIN_TOKEN_FILE", path),
        ];
        for (by, failure) in [
            (
                client[1].0,
                environment(&client).client(None).err().unwrap(),
            ),
            (admin[1].0, environment(&admin).admin().err().unwrap()),
        ] {
            assert_eq!(failure.exit, Exit::Precondition);
            let end = format!("`{path}`, found {found}; `{by}` names it");
            assert!(failure.message.ends_with(&end), "{}", failure.message);
        }
    }
}

#[test]
fn another_agent_than_the_one_in_the_environment_comes_from_the_dev_world() {
    let ready = file(READY);
    let environment = environment(&[
        ("LOCUM_CLIENT_ID", "invoice-agent"),
        ("LOCUM_CLIENT_SECRET", "s1"),
        ("LOCUM_DEV_READY", ready.path().to_str().unwrap()),
    ]);
    assert_eq!(environment.client(None).unwrap().secret.expose(), "s1");
    let client = environment.client(Some("hr-agent")).unwrap();
    assert_eq!(
        (client.id.as_str(), client.secret.expose()),
        ("hr-agent", "s2")
    );
    let failure = environment.client(Some("robot")).err().unwrap();
    assert_eq!(failure.exit, Exit::NotFound);
    assert!(failure.message.contains("hr-agent"), "{}", failure.message);
}

#[test]
fn another_agent_without_a_dev_world_is_refused() {
    let environment = environment(&[("LOCUM_CLIENT_ID", "a"), ("LOCUM_CLIENT_SECRET", "s")]);
    assert!(environment.client(Some("a")).is_ok());
    assert_eq!(
        environment.client(Some("b")).err().unwrap().exit,
        Exit::AuthRequired
    );
}

#[test]
fn the_ready_file_fills_in_what_is_not_set() {
    let ready = file(READY);
    let environment = environment(&[("LOCUM_DEV_READY", ready.path().to_str().unwrap())]);
    let (api, token) = environment.admin().unwrap();
    assert_eq!(
        (api.as_str(), token.expose()),
        ("http://127.0.0.1:8420/admin/v1", "adm")
    );
}

#[test]
fn a_demo_secret_never_goes_to_another_broker() {
    let ready = file(READY);
    let environment = environment(&[
        ("LOCUM_ISSUER", "https://broker.example"),
        ("LOCUM_DEV_READY", ready.path().to_str().unwrap()),
    ]);
    assert_eq!(
        environment.client(Some("hr-agent")).err().unwrap().exit,
        Exit::Precondition
    );
    assert_eq!(environment.admin().err().unwrap().exit, Exit::Precondition);
}

#[test]
fn no_secret_is_in_debug_output() {
    assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
}

#[test]
fn the_help_names_every_variable_that_is_read() {
    for name in NAMES {
        assert!(crate::AFTER_HELP.contains(name), "{name}");
    }
}
