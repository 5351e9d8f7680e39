//! Answers to `Idempotency-Key`s (contract §12): same key and body, same
//! answer for 24 h, secrets left out. Where there are too many, the oldest is
//! forgotten: its request, sent again, runs again.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Seconds an answer is remembered.
pub const REMEMBERED_S: u64 = 86_400;
/// Most answers that are remembered at once.
const ANSWERS_MAX: usize = 65_536;
/// Most bytes of them, keys and digests included.
const ANSWERS_BYTES_MAX: usize = 33_554_432;
/// What one answer costs beside its text and its key.
const ANSWER_COST: usize = 256;

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

/// The same as it is kept: an answer as text takes a third of the room.
#[derive(Debug)]
struct KeptAnswer {
    body: Box<str>,
    status: u16,
    answer: Box<str>,
    until_s: u64,
}

/// All remembered answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: HashMap<Arc<str>, Arc<KeptAnswer>>,
    /// The same by when they are forgotten.
    ends: BTreeSet<(u64, Arc<str>)>,
    bytes: usize,
}

impl Answers {
    pub(super) fn put(&mut self, remembered: Remembered, now_s: u64) {
        let (key, kept) = KeptAnswer::of(remembered);
        self.keep(key, kept, now_s);
    }

    fn keep(&mut self, key: Arc<str>, kept: Arc<KeptAnswer>, now_s: u64) {
        self.forget(&key);
        self.bytes += cost(&key, &kept);
        self.ends.insert((kept.until_s, key.clone()));
        self.kept.insert(key, kept);
        // Each is put once and forgotten once, so this costs what putting costs.
        while let Some((until_s, key)) = self.ends.first() {
            let room = self.kept.len() <= ANSWERS_MAX && self.bytes <= ANSWERS_BYTES_MAX;
            if room && *until_s > now_s {
                break;
            }
            let key = key.clone();
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &str) {
        if let Some((key, kept)) = self.kept.remove_entry(key) {
            self.bytes = self.bytes.saturating_sub(cost(&key, &kept));
            self.ends.remove(&(kept.until_s, key));
        }
    }

    pub(super) fn get(&self, key: &str, now_s: u64) -> Option<Remembered> {
        let (key, kept) = self.kept.get_key_value(key)?;
        (kept.until_s > now_s).then(|| shown(key, kept))
    }

    /// What is still remembered, at the price of two pointers each.
    pub(super) fn copied(&self, now_s: u64) -> CopiedAnswers {
        let live = self.kept.iter().filter(|(_, kept)| kept.until_s > now_s);
        CopiedAnswers(
            live.map(|(key, kept)| (key.clone(), kept.clone()))
                .collect(),
        )
    }

    pub(super) fn of(copied: CopiedAnswers, now_s: u64) -> Self {
        let mut all = copied.0;
        // Oldest first, so that the newest are kept where there are too many.
        all.sort_by(|(a, of_a), (b, of_b)| (of_a.until_s, a).cmp(&(of_b.until_s, b)));
        let mut out = Self::default();
        for (key, kept) in all {
            out.keep(key, kept, now_s);
        }
        out
    }
}

/// Answers that were remembered at some moment, in a snapshot a list by key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<Remembered>", into = "Vec<Remembered>")]
pub(super) struct CopiedAnswers(Vec<(Arc<str>, Arc<KeptAnswer>)>);

impl From<Vec<Remembered>> for CopiedAnswers {
    fn from(all: Vec<Remembered>) -> Self {
        Self(all.into_iter().map(KeptAnswer::of).collect())
    }
}

impl From<CopiedAnswers> for Vec<Remembered> {
    fn from(copied: CopiedAnswers) -> Self {
        let each = copied.0.iter();
        let mut all: Self = each.map(|(key, kept)| shown(key, kept)).collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }
}

impl KeptAnswer {
    fn of(remembered: Remembered) -> (Arc<str>, Arc<Self>) {
        let kept = Self {
            body: remembered.body.into(),
            status: remembered.status,
            answer: remembered.answer.to_string().into(),
            until_s: remembered.until_s,
        };
        (remembered.key.into(), Arc::new(kept))
    }
}

fn cost(key: &str, kept: &KeptAnswer) -> usize {
    2 * key.len() + kept.body.len() + kept.answer.len() + ANSWER_COST
}

fn shown(key: &str, kept: &KeptAnswer) -> Remembered {
    Remembered {
        key: key.into(),
        body: kept.body.as_ref().into(),
        status: kept.status,
        // INVARIANT: it was written from a JSON value.
        answer: serde_json::from_str(&kept.answer).unwrap_or_default(),
        until_s: kept.until_s,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn put(answers: &mut Answers, number: usize, answer: &Value) {
        let remembered = Remembered {
            key: format!("{number:032}"),
            body: "00".into(),
            status: 201,
            answer: answer.clone(),
            until_s: 1_000 + number as u64,
        };
        answers.put(remembered, 0);
    }

    fn has(answers: &Answers, number: usize) -> bool {
        answers.get(&format!("{number:032}"), 0).is_some()
    }

    #[test]
    fn beyond_the_bound_on_answers_the_oldest_is_forgotten() {
        let mut answers = Answers::default();
        for number in 0..=ANSWERS_MAX {
            put(&mut answers, number, &json!({}));
        }
        assert_eq!(answers.kept.len(), ANSWERS_MAX);
        assert_eq!(answers.ends.len(), ANSWERS_MAX);
        assert!(!has(&answers, 0) && has(&answers, 1) && has(&answers, ANSWERS_MAX));
    }

    #[test]
    fn beyond_the_bound_on_bytes_the_oldest_is_forgotten() {
        let mut answers = Answers::default();
        let large = json!({ "text": "x".repeat(ANSWERS_BYTES_MAX / 4) });
        (0..5).for_each(|number| put(&mut answers, number, &large));
        assert!(answers.bytes <= ANSWERS_BYTES_MAX);
        assert!(!has(&answers, 0) && has(&answers, 4));
    }

    #[test]
    fn what_is_over_is_forgotten_and_the_same_key_counts_once() {
        let mut answers = Answers::default();
        put(&mut answers, 1, &json!({"a": 1}));
        put(&mut answers, 1, &json!({"a": 2}));
        assert_eq!((answers.kept.len(), answers.ends.len()), (1, 1));
        let found = answers.get(&format!("{:032}", 1), 0).unwrap();
        assert_eq!(found.answer, json!({"a": 2}));
        let next = Remembered {
            key: "next".into(),
            until_s: 9_000,
            ..found
        };
        answers.put(next, 5_000);
        assert!(!has(&answers, 1));
        assert_eq!(
            answers.bytes,
            cost("next", answers.kept.get("next").unwrap())
        );
    }

    #[test]
    fn answers_read_from_a_snapshot_are_the_same_ones() {
        let mut answers = Answers::default();
        (0..3).for_each(|number| put(&mut answers, number, &json!({ "n": number })));
        let all = Vec::from(answers.copied(0));
        assert_eq!(all.len(), 3);
        let again = Answers::of(all.clone().into(), 0);
        assert_eq!(Vec::from(again.copied(0)), all);
        assert_eq!(again.bytes, answers.bytes);
    }
}
