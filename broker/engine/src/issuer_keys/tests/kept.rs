//! What was verified with a key does not outlive it.

use super::bench::{Server, issuer, ok};
use crate::broker::Broker;
use crate::exchange::foreign::{self, SentAs};
use crate::oauth::waiting::Waiter;
use locum_ambient::Clock;
use locum_core::refusal::Code;
use locum_core::registry::Issuer;
use locum_core::token::Alg;
use locum_stores::state::{Author, Change};
use locum_tokens::keys::SigningKey;
use serde_json::{Value, json};
use std::sync::Arc;

const DAY_MS: u64 = 86_400_000;

struct World {
    broker: Arc<Broker>,
    server: Arc<Server>,
    uri: String,
    _folder: tempfile::TempDir,
}

/// A broker that trusts one issuer, whose server gives out the key sets in turn.
async fn world(sets: &[&[&SigningKey]]) -> World {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let broker = crate::testing::broker(folder.path(), Clock::default());
    crate::open::settle(&broker).await.unwrap();
    // Far ahead of the machine's: from here on it only moves when told.
    broker
        .records
        .clock
        .at_least(broker.records.clock.now_ms() + DAY_MS);
    let (server, addr) = Server::start().await;
    for set in sets {
        let keys: Vec<Value> = set.iter().map(|key| key.public_jwk()).collect();
        server.say(ok(&json!({ "keys": keys })));
    }
    let uri = format!("http://{addr}/jwks");
    let world = World {
        broker,
        server,
        uri,
        _folder: folder,
    };
    world.declare(json!({})).await;
    world
}

impl World {
    async fn declare(&self, changes: Value) {
        let mut spec = json!({"issuer": "https://idp.example", "kind": "jwt",
            "jwks_uri": self.uri, "audiences": ["broker"]});
        for (name, value) in changes.as_object().unwrap() {
            spec[name] = value.clone();
        }
        let issuer = Issuer::clone(&issuer(spec));
        let author = Author {
            by: "test".into(),
            credential: None,
            reason: String::new(),
            request_id: None,
        };
        let change = Change::Issuer { issuer };
        self.broker
            .records
            .record(&[change], &author)
            .await
            .unwrap();
    }

    fn token(&self, key: &SigningKey) -> String {
        let now_s = self.broker.records.clock.now_s();
        let claims = json!({"iss": "https://idp.example", "sub": "ada", "aud": "broker",
            "iat": now_s, "exp": now_s + 300});
        key.sign("JWT", &claims).unwrap()
    }

    async fn refused(&self, token: &str) -> Option<Code> {
        let waiter = Waiter::client(&self.broker.waiting, "a", 0);
        let accepted = foreign::accept((&self.broker, &waiter), token, SentAs::IdToken).await;
        accepted.err().map(|refusal| refusal.code)
    }

    fn later(&self, seconds: u64) {
        let clock = &self.broker.records.clock;
        clock.at_least(clock.now_ms() + seconds * 1_000);
    }
}

fn key() -> SigningKey {
    SigningKey::generate(Alg::ES256, None).unwrap()
}

#[tokio::test]
async fn a_token_that_was_verified_is_refused_once_its_key_is_gone() {
    let (old, new) = (key(), key());
    let world = world(&[&[&old, &new], &[&new], &[&new]]).await;
    let token = world.token(&old);
    for _ in 0..3 {
        assert_eq!(world.refused(&token).await, None);
    }
    assert_eq!(world.server.asked().len(), 1);
    // A stranger's key makes the set be fetched anew; the old key is gone.
    world.later(10);
    let stranger = world.token(&key());
    assert_eq!(world.refused(&stranger).await, Some(Code::SubjectInvalid));
    assert_eq!(world.server.asked().len(), 2);
    assert_eq!(world.refused(&token).await, Some(Code::SubjectInvalid));
    let fresh = world.token(&new);
    assert_eq!(world.refused(&fresh).await, None);
}

#[tokio::test]
async fn rotations_one_after_another_cost_no_honest_exchange_and_strangers_are_told_to_wait() {
    let keys: Vec<_> = (0..5).map(|_| key()).collect();
    let sets: Vec<_> = keys.iter().map(|key| vec![key]).collect();
    let mut sets: Vec<&[&SigningKey]> = sets.iter().map(Vec::as_slice).collect();
    sets.extend([sets[4]; 5]);
    let world = world(&sets).await;
    for key in &keys {
        assert_eq!(world.refused(&world.token(key)).await, None);
        assert_eq!(world.refused(&world.token(key)).await, None);
    }
    assert_eq!(world.server.asked().len(), 5);
    let stranger = world.token(&key());
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(world.refused(&stranger).await.unwrap());
    }
    let expected = [Code::SubjectInvalid, Code::Unavailable, Code::Unavailable];
    assert_eq!(answers, expected);
    assert_eq!(world.server.asked().len(), 6);
    assert_eq!(world.refused(&world.token(&keys[4])).await, None);
}

#[tokio::test]
async fn a_token_that_was_verified_is_refused_once_keys_cannot_be_had_any_more() {
    let key = key();
    let world = world(&[&[&key]]).await;
    let token = {
        let now_s = world.broker.records.clock.now_s();
        let claims = json!({"iss": "https://idp.example", "sub": "ada", "aud": "broker",
            "iat": now_s, "exp": now_s + 10_000});
        key.sign("JWT", &claims).unwrap()
    };
    assert_eq!(world.refused(&token).await, None);
    world.later(3_600);
    assert_eq!(world.refused(&token).await, None, "the grace");
    world.later(3_600);
    assert_eq!(world.refused(&token).await, Some(Code::Unavailable));
}

#[tokio::test]
async fn a_token_that_was_verified_is_verified_again_for_another_declaration() {
    let key = key();
    let world = world(&[&[&key]]).await;
    let token = world.token(&key);
    assert_eq!(world.refused(&token).await, None);
    world.declare(json!({"audiences": ["other"]})).await;
    assert_eq!(world.refused(&token).await, Some(Code::SubjectInvalid));
    world.declare(json!({"groups_claim": "roles"})).await;
    assert_eq!(world.refused(&token).await, None);
    assert_eq!(
        world.server.asked().len(),
        1,
        "the keys are found as before"
    );
}
