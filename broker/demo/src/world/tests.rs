#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::super::test_world;
use super::*;

#[test]
fn a_restart_finds_the_same_secrets() {
    let data = tempfile::tempdir().unwrap();
    let first = DemoWorld::open(data.path(), &test_world::noise()).unwrap();
    let second = DemoWorld::open(data.path(), &test_world::noise()).unwrap();
    assert!(serde_json::to_value(&first).unwrap() == serde_json::to_value(&second).unwrap());
    assert!(first.master_key().unwrap() == second.master_key().unwrap());
}

#[test]
fn the_file_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let data = tempfile::tempdir().unwrap();
    DemoWorld::open(data.path(), &test_world::noise()).unwrap();
    let mode = std::fs::metadata(data.path().join(FILE))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn secrets_are_256_bits_in_the_alphabet_that_basic_leaves_alone() {
    let world = DemoWorld::generate(&test_world::noise()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for id in [
        "invoice-agent",
        "hr-agent",
        "soc-agent",
        "sap-rs",
        "workday-rs",
        "firewall-rs",
    ] {
        let text = world.client_secret(id).unwrap().expose();
        assert_eq!(text.len(), 43, "{id}");
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{id}"
        );
        assert!(seen.insert(text.to_owned()), "{id} shares its secret");
    }
    assert!(world.client_secret("nobody").is_none());
}

#[test]
fn a_broken_file_is_refused_without_quoting_it() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join(FILE), "{\"hush\":1}").unwrap();
    let Err(flaw) = DemoWorld::open(data.path(), &test_world::noise()) else {
        panic!("accepted")
    };
    assert!(!flaw.to_string().contains("hush"), "{flaw}");
}
