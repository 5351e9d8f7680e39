//! Keys of receipts stand apart from those of tokens (contract §15, "Receipts").

use super::super::series::{OLD_RECEIPTS_FOR_MS, RECEIPT_KEYS_MAX};
use super::*;
use locum_core::token::SignatureFlaw;

const RECEIPTS: Series = Series::RECEIPTS;

async fn with_receipts() -> Home {
    let home = Home::new();
    let keyring = &home.broker.keyring;
    keyring.settle(&home.broker.records).await.unwrap();
    let ensured = keyring.ensure(&home.broker.records, RECEIPTS);
    ensured.await.unwrap();
    home
}

fn kids(jwks: &Value) -> Vec<String> {
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

impl Home {
    fn receipts(&self) -> Vec<String> {
        kids(&self.broker.keyring.receipts_jwks(self.now_ms()))
    }

    fn receipt_signer(&self) -> String {
        let signer = self.broker.keyring.signer_of(RECEIPTS);
        signer.unwrap().kid().to_owned()
    }

    async fn turn(&self, turn: &Turn) {
        let changing = self.broker.records.changing().await.unwrap();
        let recorded = record(&self.broker.records, &changing, turn, "test");
        recorded.await.unwrap();
    }
}

#[tokio::test]
async fn there_are_none_until_a_receipt_is_signed() {
    let home = Home::new();
    let keyring = &home.broker.keyring;
    keyring.settle(&home.broker.records).await.unwrap();
    assert_eq!(home.receipts(), [""; 0]);
    assert!(keyring.signer_of(RECEIPTS).is_none());
}

#[tokio::test]
async fn a_key_of_receipts_is_never_in_jwks_and_verifies_no_token_nor_the_other_way_round() {
    let home = with_receipts().await;
    let home = home.again();
    let (tokens, receipts) = (home.published(), home.receipts());
    assert_eq!((tokens.len(), receipts.len()), (2, 2));
    assert!(receipts.iter().all(|kid| !tokens.contains(kid)));
    assert!(receipts.contains(&home.receipt_signer()));
    let checks = home.broker.keyring.checks();
    for kid in &receipts {
        let found = checks.check(RECEIPTS.alg, Some(kid), b"signed", &[0; 64]);
        assert_eq!(found, Err(SignatureFlaw::UnknownKid));
    }
    assert!(home.broker.keyring.signer(RECEIPTS.alg).is_none());
    // Tokens of the same algorithm have keys of their own.
    let of_tokens = Series::tokens(RECEIPTS.alg);
    let ensured = home.broker.keyring.ensure(&home.broker.records, of_tokens);
    ensured.await.unwrap();
    assert_ne!(
        home.broker.keyring.signer(RECEIPTS.alg).unwrap().kid(),
        home.receipt_signer()
    );
    assert_eq!((home.published().len(), home.receipts()), (4, receipts));
}

#[tokio::test]
async fn a_key_of_receipts_that_was_superseded_stays_published_until_its_last_receipt_ends() {
    let home = with_receipts().await;
    let first = home.receipt_signer();
    home.turn(&rotation(&home.now(), RECEIPTS).unwrap()).await;
    assert_ne!(home.receipt_signer(), first);
    let superseded_ms = home.of(KeyState::Old)[0].superseded_ms.unwrap();
    let last_s = superseded_ms / 1_000 + locum_core::decide::RECEIPT_LIFE_S;
    assert!(superseded_ms + OLD_RECEIPTS_FOR_MS > last_s * 1_000);
    home.broker
        .records
        .clock
        .at_least(superseded_ms + OLD_RECEIPTS_FOR_MS - 1);
    assert!(home.receipts().contains(&first));
    let due = |now_ms: u64| expired(&home.at(now_ms)).unwrap().is_some();
    assert!(!due(superseded_ms + OLD_RECEIPTS_FOR_MS - 1));
    assert!(due(superseded_ms + OLD_RECEIPTS_FOR_MS));
}

#[tokio::test]
async fn a_key_of_receipts_that_is_revoked_leaves_at_once_and_another_signs() {
    let home = with_receipts().await;
    let (first, token) = (home.receipt_signer(), home.signer());
    let changing = home.broker.records.changing().await.unwrap();
    let named = of_key(&first);
    let turn = of_revocation(home.broker.keys(), &changing, &named).await;
    let turn = turn.unwrap();
    let mut changes = vec![revocation(&home.broker, &first)];
    changes.extend(turn.changes());
    drop(changing);
    home.recorded(changes).await;
    assert!(!home.receipts().contains(&first));
    assert_ne!(home.receipt_signer(), first);
    assert_eq!(home.signer(), token);
    let home = home.again();
    assert!(!home.receipts().contains(&first));
    assert_eq!(home.receipts().len(), 2);
}

#[tokio::test]
async fn the_keys_of_receipts_fill_what_strict_readers_take_and_no_more() {
    let home = with_receipts().await;
    while home.receipts().len() < RECEIPT_KEYS_MAX {
        home.turn(&rotation(&home.now(), RECEIPTS).unwrap()).await;
    }
    let said = rotation(&home.now(), RECEIPTS).err().unwrap().to_string();
    assert!(
        said.starts_with(
            "expected fewer than 64 keys of `EdDSA` whose receipts may live, found 64"
        ),
        "{said}"
    );
    // An emergency always has room.
    let turn = retirement(&home.now(), &home.receipt_signer());
    home.turn(&turn.unwrap().unwrap()).await;
    assert_eq!(home.receipts().len(), RECEIPT_KEYS_MAX);
}
