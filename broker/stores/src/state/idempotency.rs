//! Answers to `Idempotency-Key`s (contract §12): same key and body, same
//! answer for 24 h, secrets left out.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Seconds an answer is remembered.
pub const REMEMBERED_S: u64 = 86_400;

/// One remembered answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remembered {
    /// Keyed by credential, path and key, hexadecimal.
    pub key: String,
    /// SHA-256 of the body, hexadecimal.
    pub body: String,
    /// HTTP status.
    pub status: u16,
    /// The answer without secrets.
    pub answer: Value,
    /// Unix seconds until which it is remembered.
    pub until_s: u64,
}

/// All remembered answers.
#[derive(Debug, Default)]
pub(super) struct Answers(HashMap<String, Remembered>);

impl Answers {
    pub(super) fn put(&mut self, remembered: Remembered, now_s: u64) {
        self.0.retain(|_, r| r.until_s > now_s);
        self.0.insert(remembered.key.clone(), remembered);
    }

    pub(super) fn get(&self, key: &str, now_s: u64) -> Option<&Remembered> {
        self.0.get(key).filter(|r| r.until_s > now_s)
    }

    /// What is still remembered, by key.
    pub(super) fn kept(&self, now_s: u64) -> Vec<Remembered> {
        let live = self.0.values().filter(|r| r.until_s > now_s);
        let mut all: Vec<Remembered> = live.cloned().collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    pub(super) fn of(all: Vec<Remembered>) -> Self {
        Self(all.into_iter().map(|r| (r.key.clone(), r)).collect())
    }
}
