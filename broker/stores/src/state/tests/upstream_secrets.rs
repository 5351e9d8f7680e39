//! What records do to upstream secrets.

use super::change::upstream_secret;
use super::{author, empty, entry, live, record, replayed, shown, snapshot};
use crate::ledger::Follower;
use crate::state::{Change, Changed, Shared};
use locum_core::ids::SecretName;
use locum_core::record::Draft;
use serde_json::{Value, json};

fn name(text: &str) -> SecretName {
    SecretName::parse(text).unwrap()
}

fn put(text: &str, sealed: &str) -> Draft {
    let secret = upstream_secret(text, sealed);
    record(&[Change::UpstreamSecret { secret }])
}

fn known(shared: &Shared) -> Vec<(String, String, u64)> {
    let state = shared.read();
    let secrets = state.registry.secrets();
    secrets
        .map(|one| (one.name.to_string(), one.sealed.clone(), one.index))
        .collect()
}

#[test]
fn the_newest_value_counts_with_the_index_of_its_record_and_a_deleted_one_is_gone() {
    let name = name("b");
    let drafts = [
        put("a", "one"),
        put("b", "x"),
        put("a", "two"),
        record(&[Change::UpstreamSecretDeleted { name }]),
    ];
    for shared in [live(&drafts), replayed(&drafts)] {
        assert_eq!(known(&shared), [("a".into(), "two".into(), 2)]);
    }
}

#[test]
fn a_snapshot_holds_the_sealed_values_and_one_of_a_version_before_has_none() {
    let before = live(&[put("a", "one"), put("b", "x"), put("a", "two")]);
    before.put_file_secrets([name("file")].into());
    let mut after = empty();
    after.restore(&snapshot(&before)).unwrap();
    assert_eq!(shown(&before), shown(&after));
    // What files hold is on no record.
    assert!(before.read().registry.has_secret("file"));
    assert!(!after.read().registry.has_secret("file"));
    let none = snapshot(&live(&[record(&[])]));
    let text = String::from_utf8_lossy(&none).into_owned();
    assert!(!text.contains("upstream_secrets"), "{text}");
    after.restore(&none).unwrap();
    assert_eq!(known(&after), []);
}

#[test]
fn what_an_erasure_leaves_is_no_value_and_the_rest_still_reads() {
    let draft = put("a", "sentinel-sealed");
    let mut erased = entry(&draft, 0);
    assert_eq!(
        erased.body["changes"][0]["secret"]["origins"],
        json!(["https://api.example"])
    );
    erased.side = None;
    let mut shared = empty();
    shared.replay(&erased).unwrap();
    let found = known(&shared);
    assert_eq!(found.len(), 1);
    assert!(!found[0].1.contains("sentinel"));
}

#[test]
fn the_record_of_a_secret_tells_its_name_and_terms_to_whom_it_may_concern() {
    let draft = put("a", "sentinel-sealed");
    assert!(Changed::of(&draft).upstream_secrets);
    let deleted = record(&[Change::UpstreamSecretDeleted { name: name("a") }]);
    assert!(Changed::of(&deleted).upstream_secrets);
    assert!(!Changed::of(&record(&[])).upstream_secrets);
    let secret = &draft.value()["changes"][0]["secret"];
    assert_eq!(secret["name"], json!("a"));
    assert_eq!(
        secret["expires_s"],
        json!(upstream_secret("a", "").expires_s)
    );
    assert!(
        secret["sealed"]
            .as_str()
            .is_some_and(|sealed| !sealed.contains("sentinel"))
    );
    let side: Value = serde_json::from_slice(&draft.side()).unwrap();
    assert_eq!(side["reason"], json!(author().reason));
    assert_eq!(
        side["changes"][0]["/secret/sealed"],
        json!("sentinel-sealed")
    );
}
