#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::setup::Setup;
use crate::start;
use locum_core::token::Alg;
use locum_engine::open::Folder;
use serde_json::json;

const ES256: Series = Series::tokens(Alg::ES256);

fn key(activated_ms: Option<u64>, superseded_ms: Option<u64>) -> SigningKeyEntry {
    SigningKeyEntry {
        kid: "k".into(),
        alg: Alg::ES256,
        key_use: KeyUse::Token,
        public: json!({}),
        sealed: String::new(),
        created_at_ms: 0,
        activated_ms,
        superseded_ms,
        retired_ms: None,
    }
}

#[test]
fn a_key_is_due_when_it_has_signed_for_the_days_of_the_schedule() {
    let keys = [
        key(Some(0), Some(DAY_MS)),
        key(Some(DAY_MS), None),
        key(None, None),
    ];
    assert!(!due(&keys, ES256, 30, 31 * DAY_MS - 1));
    assert!(due(&keys, ES256, 30, 31 * DAY_MS));
    assert!(!due(&keys, Series::tokens(Alg::RS256), 30, 31 * DAY_MS));
    assert!(!due(&[], ES256, 30, 31 * DAY_MS));
}

#[tokio::test]
async fn by_schedule_what_is_due_rotates_and_what_is_over_retires() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let data = tempfile::tempdir().unwrap();
    let setup = Setup {
        rotate_days: 1,
        ..crate::tests::setup()
    };
    let opened = Folder::new(data.path());
    let app = start::open(opened, "https://broker.example", &[7; 32], setup).unwrap();
    app.broker
        .keyring
        .settle(&app.broker.records)
        .await
        .unwrap();
    let states = || {
        let state = app.broker.records.state.read();
        let keys = state.signing_keys.iter();
        keys.map(SigningKeyEntry::state).collect::<Vec<_>>()
    };
    let pass = |ms: u64| {
        app.broker
            .records
            .clock
            .at_least(app.broker.records.clock.now_ms() + ms)
    };
    rotate(&app).await.unwrap();
    assert_eq!(states(), [KeyState::Active, KeyState::Next]);
    pass(DAY_MS);
    rotate(&app).await.unwrap();
    assert_eq!(states(), [KeyState::Old, KeyState::Active, KeyState::Next]);
    // Its last token may live an hour, and verifiers' clocks may lag.
    pass(3_900_000);
    rotate(&app).await.unwrap();
    assert_eq!(
        states(),
        [KeyState::Retired, KeyState::Active, KeyState::Next]
    );
}
