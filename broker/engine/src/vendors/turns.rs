//! Whose turn it is to send which refresh token.

use locum_core::ids::SecretName;
use locum_core::secret::Secret;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// From so many names on, those that nobody uses are let go.
const NAMES_KEPT: usize = 1_024;

/// Who may send which refresh token.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<SecretName, Arc<Slot>>>);

/// Whose turn it is has what is not on record yet.
pub(super) type Slot = tokio::sync::Mutex<Option<Rotated>>;

/// A refresh token that a vendor gave, and that could not be recorded so far. The
/// one before is spent, so it waits here, and nothing is sent until it is on record.
pub(super) struct Rotated {
    /// Index of the record whose value was sent.
    pub(super) over: u64,
    pub(super) token: Secret<String>,
}

impl Turns {
    /// All slots.
    pub(super) fn slots(&self) -> Vec<(SecretName, Arc<Slot>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .map(|(name, slot)| (name.clone(), slot.clone()))
            .collect()
    }

    /// The slot of that name.
    pub(super) fn slot(&self, name: &SecretName) -> Arc<Slot> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= NAMES_KEPT && !all.contains_key(name) {
            all.retain(|_, slot| {
                Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|held| held.is_some())
            });
        }
        all.entry(name.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn name(text: &str) -> SecretName {
        SecretName::parse(text).unwrap()
    }

    #[test]
    fn names_that_nobody_uses_are_let_go_and_what_waits_stays() {
        let turns = Turns::default();
        let used = turns.slot(&name("used"));
        let waits = turns.slot(&name("waits"));
        *waits.try_lock().unwrap() = Some(Rotated {
            over: 1,
            token: Secret::new("two".into()),
        });
        drop(waits);
        for number in 0..2 * NAMES_KEPT {
            turns.slot(&name(&format!("n{number}")));
        }
        let all = turns.0.lock().unwrap();
        assert!(all.len() <= NAMES_KEPT, "{}", all.len());
        assert!(all.contains_key(&name("waits")) && all.contains_key(&name("used")));
        drop(used);
    }
}
