#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::plan::expired;
use super::series::{KEYS_PER_ALG_MAX, OLD_FOR_MS};
use super::*;
use crate::broker::Broker;
use locum_ambient::Clock;
use locum_core::ids::RevocationId;
use locum_core::lineage::{LineageKind, What};
use locum_core::token::SignatureCheck;
use locum_stores::state::{Author, Change, RevocationEntry};
use tempfile::TempDir;

mod receipts;

const ALG: Alg = Alg::ES256;
const SERIES: Series = Series::tokens(ALG);

/// A data folder and the broker on it.
struct Home {
    folder: TempDir,
    broker: Arc<Broker>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let broker = open(&folder);
        Self { folder, broker }
    }

    /// Closed and opened anew, up to where keys are seen to.
    fn again(self) -> Self {
        self.broker.records.ledger.close();
        drop(self.broker);
        let broker = open(&self.folder);
        Self {
            folder: self.folder,
            broker,
        }
    }

    fn keys(&self) -> Vec<SigningKeyEntry> {
        self.broker.records.state.read().signing_keys.clone()
    }

    fn of(&self, state: KeyState) -> Vec<SigningKeyEntry> {
        let mut keys = self.keys();
        keys.retain(|key| key.state() == state);
        keys
    }

    fn now_ms(&self) -> u64 {
        self.broker.records.clock.now_ms()
    }

    /// Records what an older version would have, and no more.
    async fn recorded(&self, changes: Vec<Change>) {
        for changes in changes.chunks(20) {
            let author = Author::itself("test");
            self.broker.records.record(changes, &author).await.unwrap();
        }
    }

    /// The keys that stand, at a moment, to plan from.
    fn at(&self, now_ms: u64) -> Planning {
        Planning {
            records: self.broker.records.clone(),
            keyring: self.broker.keyring.clone(),
            keys: self.keys(),
            now_ms,
        }
    }

    fn now(&self) -> Planning {
        self.at(self.now_ms())
    }

    /// So many keys that were superseded then.
    async fn old(&self, count: usize, superseded_ms: u64) {
        let keys = (0..count).map(|_| Change::SigningKey {
            key: SigningKeyEntry {
                superseded_ms: Some(superseded_ms),
                ..self.now().generate(SERIES, Some(1)).unwrap()
            },
        });
        self.recorded(keys.collect()).await;
    }

    async fn rotate(&self) -> Result<(), NotTurned> {
        let changing = self.broker.records.changing().await.unwrap();
        let turn = planned(self.broker.keys(), &changing, |planning| {
            rotation(planning, SERIES)
        })
        .await?;
        record(&self.broker.records, &changing, &turn, "test")
            .await
            .unwrap();
        Ok(())
    }

    fn signer(&self) -> String {
        self.broker.keyring.signer(ALG).unwrap().kid().to_owned()
    }

    fn published(&self) -> Vec<String> {
        let jwks = self.broker.keyring.jwks(self.now_ms());
        let keys = jwks["keys"].as_array().unwrap().iter();
        keys.map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn open(folder: &TempDir) -> Arc<Broker> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    crate::testing::broker(folder.path(), Clock::default())
}

#[tokio::test]
async fn a_folder_with_any_number_of_keys_in_use_starts_with_all_that_may_have_signed() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    home.old(70, home.now_ms()).await;
    let signer = home.signer();
    let first = home.of(KeyState::Old)[0].kid.clone();
    let home = home.again();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    assert_eq!(home.signer(), signer);
    assert_eq!(home.of(KeyState::Old).len(), 70);
    assert_eq!(home.published().len(), 72);
    let checks = home.broker.keyring.checks();
    let found = checks.check(ALG, Some(&first), b"signed", &[0; 64]);
    assert_eq!(found, Err(locum_core::token::SignatureFlaw::Bad));
}

#[tokio::test]
async fn an_old_key_is_retired_by_itself_once_its_last_token_has_expired() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    let kids = home.published();
    home.old(150, home.now_ms() - OLD_FOR_MS).await;
    // What its last token has expired under need not even open.
    let broken = SigningKeyEntry {
        sealed: "sealed under another key".into(),
        superseded_ms: Some(1),
        ..home.now().generate(SERIES, Some(1)).unwrap()
    };
    home.recorded(vec![Change::SigningKey { key: broken }])
        .await;
    let home = home.again();
    assert_eq!(home.published(), kids);
    let before = home.broker.records.ledger.reader().len();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    assert_eq!(home.of(KeyState::Old), []);
    assert_eq!(home.published(), kids);
    let after = home.broker.records.ledger.reader().len();
    assert_eq!(after - before, 3, "each record has room for what is in it");
    assert_eq!(home.broker.records.state.read().view.revocations(), 0);
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    assert_eq!(home.broker.records.ledger.reader().len(), after);
}

#[tokio::test]
async fn a_key_whose_last_token_may_live_is_not_retired() {
    let home = Home::new();
    home.old(1, 1_000).await;
    let due = |now_ms: u64| expired(&home.at(now_ms)).unwrap().is_some();
    assert!(!due(1_000 + OLD_FOR_MS - 1));
    assert!(due(1_000 + OLD_FOR_MS));
}

#[tokio::test]
async fn a_rotation_beyond_the_bound_changes_nothing_and_says_when_the_next_is_possible() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    while home.keys().len() < KEYS_PER_ALG_MAX {
        home.rotate().await.unwrap();
    }
    let (keys, signer) = (home.keys(), home.signer());
    let first = home.of(KeyState::Old)[0].superseded_ms.unwrap() + OLD_FOR_MS;
    let said = home.rotate().await.unwrap_err().to_string();
    assert!(said.contains(&crate::times::shown(first)), "{said}");
    assert_eq!((home.keys(), home.signer()), (keys, signer.clone()));
    // Other algorithms have room of their own, and an emergency always has it.
    rotation(&home.now(), Series::tokens(Alg::EdDSA)).unwrap();
    let turn = retirement(&home.now(), &signer);
    let living = turn.unwrap().unwrap();
    let changing = home.broker.records.changing().await.unwrap();
    record(&home.broker.records, &changing, &living, "test")
        .await
        .unwrap();
    drop(changing);
    assert_eq!(home.published().len(), KEYS_PER_ALG_MAX);
    home.broker.records.clock.at_least(first);
    home.rotate().await.unwrap();
    assert_ne!(home.signer(), signer);
}

#[tokio::test]
async fn a_rotation_that_is_recorded_is_in_force_however_many_went_before() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    for _ in 0..100 {
        home.broker
            .records
            .clock
            .at_least(home.now_ms() + OLD_FOR_MS);
        let next = home.of(KeyState::Next)[0].kid.clone();
        home.rotate().await.unwrap();
        assert_eq!(home.signer(), next);
        let changing = home.broker.records.changing().await.unwrap();
        home.broker
            .keyring
            .retire_expired(&home.broker.records, &changing)
            .await
            .unwrap();
        assert!(home.published().len() <= 3);
    }
    let retired = home.of(KeyState::Retired);
    assert_eq!(retired.len(), locum_stores::state::RETIRED_KEYS_MAX);
    assert!(retired.iter().all(|key| key.sealed.is_empty()));
    let signer = home.signer();
    assert_eq!(home.again().signer(), signer);
}

fn of_key(kid: &str) -> What {
    What {
        kind: LineageKind::Key,
        id: format!("locum:{kid}"),
    }
}

fn revocation(broker: &Broker, kid: &str) -> Change {
    Change::Revocation {
        revocation: RevocationEntry {
            id: RevocationId(broker.records.mint()),
            what: of_key(kid),
            before_ms: None,
            reason: "test".into(),
            effective_ms: 0,
            by: "test".into(),
            key: None,
        },
    }
}

#[tokio::test]
async fn a_key_of_ours_that_is_revoked_leaves_jwks_and_use_with_the_record() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    home.rotate().await.unwrap();
    for state in [KeyState::Active, KeyState::Next, KeyState::Old] {
        let kid = home.of(state)[0].kid.clone();
        let changing = home.broker.records.changing().await.unwrap();
        let named = of_key(&kid);
        let turn = of_revocation(home.broker.keys(), &changing, &named)
            .await
            .unwrap();
        let mut changes = vec![revocation(&home.broker, &kid)];
        changes.extend(turn.changes());
        let draft = home
            .broker
            .records
            .draft(&changes, &Author::itself("test"))
            .unwrap();
        let recorded = home.broker.records.change(&changing, draft);
        recorded.await.unwrap();
        assert!(!home.published().contains(&kid), "{state:?}");
        assert_ne!(home.signer(), kid);
        assert_eq!(home.of(KeyState::Active).len(), 1);
        assert_eq!(home.of(KeyState::Next).len(), 1);
        assert!(home.broker.keyring.ring().key(&kid).is_none());
    }
    let changing = home.broker.records.changing().await.unwrap();
    for what in [
        of_key("unknown"),
        of_key(&home.of(KeyState::Retired)[0].kid),
    ] {
        let turn = of_revocation(home.broker.keys(), &changing, &what).await;
        assert!(turn.unwrap().keys().is_empty());
    }
    let (kind, id) = (LineageKind::Person, "locum:x".to_owned());
    let other = What { kind, id };
    let turn = of_revocation(home.broker.keys(), &changing, &other).await;
    assert!(turn.unwrap().keys().is_empty());
}

#[tokio::test]
async fn a_folder_whose_signing_key_was_revoked_before_gets_another_at_the_start() {
    let home = Home::new();
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    let signer = home.signer();
    // As versions before this one recorded it: the revocation alone.
    home.recorded(vec![revocation(&home.broker, &signer)]).await;
    let home = home.again();
    assert!(home.broker.keyring.signer(ALG).is_none());
    assert!(!home.published().contains(&signer));
    home.broker
        .keyring
        .settle(&home.broker.records)
        .await
        .unwrap();
    assert_ne!(home.signer(), signer);
    assert_eq!(home.published().len(), 2);
    let home = home.again();
    assert_ne!(home.signer(), signer);
}

#[tokio::test]
async fn while_keys_are_made_others_change_the_state_and_are_answered() {
    let home = Home::new();
    let changing = home.broker.records.changing().await.unwrap();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let (goes_on, wait) = std::sync::mpsc::channel();
    let slow = planned(home.broker.keys(), &changing, move |planning| {
        begun.send(()).unwrap();
        let in_time = wait.recv_timeout(std::time::Duration::from_secs(60));
        in_time.map_err(|_| Unavailable("nobody else was served".into()))?;
        plan::first(planning, SERIES)
    });
    // On one thread: whoever made keys on it would keep the others waiting.
    let others = async {
        begins.await.unwrap();
        let claims = &home.broker.records.claims;
        claims.failed([0; 16]).await;
        goes_on.send(()).unwrap();
    };
    let (turn, ()) = tokio::join!(slow, others);
    assert_eq!(turn.unwrap().keys().len(), 2);
}

#[test]
fn a_revocation_is_recorded_also_while_every_thread_of_the_pool_is_taken() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let home = Home::new();
    runtime
        .block_on(home.broker.keyring.settle(&home.broker.records))
        .unwrap();
    let (frees, waits) = std::sync::mpsc::channel::<()>();
    let taken = runtime.spawn_blocking(move || waits.recv());
    let signer = home.signer();
    runtime.block_on(async {
        let changing = home.broker.records.changing().await.unwrap();
        let named = of_key(&signer);
        let turn = of_revocation(home.broker.keys(), &changing, &named)
            .await
            .unwrap();
        record(&home.broker.records, &changing, &turn, "test")
            .await
            .unwrap();
    });
    assert_ne!(home.signer(), signer);
    frees.send(()).unwrap();
    runtime.block_on(taken).unwrap().unwrap();
}
