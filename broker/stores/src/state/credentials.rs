//! Credentials of the admin API: all of them by their ids, the live ones by
//! their hashes, so that a token is looked up by one hash of it.

use super::entries::AdminCredential;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::ids::CredentialId;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Live credentials before those that have expired are first looked for.
const SWEEP_FROM: usize = 64;

/// Credentials of the admin API. One that was revoked keeps its name and dates
/// and no hash.
#[derive(Debug, Default)]
pub struct Credentials {
    all: BTreeMap<CredentialId, Arc<AdminCredential>>,
    live: HashMap<[u8; 32], CredentialId>,
    /// Live ones at which those that have expired are looked for.
    sweep_at: usize,
}

impl Credentials {
    /// The credential of that id, whatever its state.
    #[must_use]
    pub fn get(&self, id: &CredentialId) -> Option<&AdminCredential> {
        self.all.get(id).map(|credential| &**credential)
    }

    /// All of them, by id.
    pub fn values(&self) -> impl Iterator<Item = &AdminCredential> {
        self.all.values().map(|credential| &**credential)
    }

    /// The credential whose token has that keyed hash, if none revoked it.
    /// Whether it has expired is for who asks to see.
    #[must_use]
    pub fn with_hash(&self, hash: &str) -> Option<&AdminCredential> {
        let id = self.live.get(&bytes(hash)?)?;
        self.get(id)
    }

    pub(super) fn put(&mut self, mut credential: AdminCredential, now_s: u64) {
        if let Some(known) = self.all.get(&credential.id) {
            forget(&mut self.live, known);
        }
        if credential.revoked {
            credential.hash = String::new();
        }
        if let Some(hash) = bytes(&credential.hash) {
            self.sweep(now_s);
            self.live.insert(hash, credential.id);
        }
        self.all.insert(credential.id, Arc::new(credential));
    }

    pub(super) fn revoke(&mut self, id: &CredentialId) {
        if let Some(credential) = self.all.get_mut(id) {
            forget(&mut self.live, credential);
            let credential = Arc::make_mut(credential);
            credential.revoked = true;
            credential.hash = String::new();
        }
    }

    /// Takes those that have expired out of the look-up, whenever it has
    /// doubled: each is looked at a bounded number of times.
    fn sweep(&mut self, now_s: u64) {
        if self.live.len() < self.sweep_at.max(SWEEP_FROM) {
            return;
        }
        let all = &self.all;
        self.live.retain(|_, id| {
            let expires = all.get(id).and_then(|credential| credential.expires_s);
            expires.is_none_or(|end| end > now_s)
        });
        self.live.shrink_to(2 * self.live.len());
        self.sweep_at = 2 * self.live.len();
    }

    /// All of them, by id, at the price of a pointer each.
    pub(super) fn copied(&self) -> BTreeMap<CredentialId, Arc<AdminCredential>> {
        self.all.clone()
    }

    pub(super) fn of(all: BTreeMap<CredentialId, Arc<AdminCredential>>, now_s: u64) -> Self {
        let mut out = Self::default();
        for credential in all.into_values() {
            out.put(Arc::unwrap_or_clone(credential), now_s);
        }
        out
    }
}

fn forget(live: &mut HashMap<[u8; 32], CredentialId>, credential: &AdminCredential) {
    if let Some(hash) = bytes(&credential.hash) {
        live.remove(&hash);
    }
}

/// A keyed hash; `None` for what is none: erased, or that of a revoked one.
fn bytes(hash: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(hash).ok()?.try_into().ok()
}
