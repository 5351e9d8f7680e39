//! Signing keys as they are folded. One that was revoked or retired is out of
//! use for ever, and what is kept of it is what the API lists.

use super::State;
use super::entries::{KeyState, SigningKeyEntry};
use locum_core::lineage::LineageKind;
use locum_core::standing::FOR_EVER;

/// Most retired signing keys that are kept, the newest: those before them
/// stand on record alone.
pub const RETIRED_KEYS_MAX: usize = 64;

impl State {
    /// Takes over a key. What was retired or revoked before stays so.
    pub(super) fn put_signing_key(&mut self, mut key: SigningKeyEntry, at_ms: u64) {
        let place = self.signing_keys.iter().position(|k| k.kid == key.kid);
        let known = place.and_then(|place| self.signing_keys.get_mut(place));
        let retired_ms = known.as_ref().and_then(|known| known.retired_ms);
        key.retired_ms = key.retired_ms.or(retired_ms);
        match known {
            Some(known) => *known = key,
            None => self.signing_keys.push(key),
        }
        self.settle_signing_keys(at_ms);
    }

    /// Retires every key that was revoked, and forgets what no list shows.
    pub(super) fn settle_signing_keys(&mut self, at_ms: u64) {
        for key in &mut self.signing_keys {
            let in_use = key.state() != KeyState::Retired;
            let revoked = |kid: &str| {
                let name = self.names.key(LineageKind::Key, &format!("locum:{kid}"));
                self.view.is_revoked(&name, FOR_EVER)
            };
            if in_use && revoked(&key.kid) {
                key.retired_ms = Some(at_ms);
            }
            key.strip_if_retired();
        }
        self.forget_retired_keys();
    }

    /// Which are the newest does not hang on the order of records, so that a
    /// snapshot and the records lead to the same.
    fn forget_retired_keys(&mut self) {
        let age = |key: &SigningKeyEntry| Some((key.retired_ms?, key.kid.clone()));
        let mut retired: Vec<_> = self.signing_keys.iter().filter_map(age).collect();
        let over = retired.len().saturating_sub(RETIRED_KEYS_MAX);
        if over == 0 {
            return;
        }
        retired.sort_unstable();
        retired.truncate(over);
        self.signing_keys
            .retain(|key| age(key).is_none_or(|age| !retired.contains(&age)));
    }
}
