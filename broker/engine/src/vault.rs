//! Keys derived from the master key, one a purpose: peppers, the lineage key,
//! the sealing key.

use crate::secrets::LIVE_MAX;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_ambient::Randomness;
use locum_core::lineage::{Key, Keyed};
use locum_core::proof::SecretCheck;
use locum_core::record::DEFAULT_TENANT;
use locum_core::secret::Secret;
use locum_stores::redis::Sealing;
use locum_stores::state::{State, StoredSecret};
use locum_tokens::mac::{self, NameKey, derive};
use locum_tokens::seal::{ManySealKey, SealFlaw, SealKey};

/// The purposes' keys.
pub struct Vault {
    pepper: [u8; 32],
    lineage: NameKey,
    replay: NameKey,
    seal: SealKey,
}

/// Seals what a store that others can write holds (contract §16).
pub struct StoreSeal {
    key: ManySealKey,
    random: Randomness,
}

impl StoreSeal {
    /// The key of the master key.
    #[must_use]
    pub fn new(master: &[u8; 32], random: Randomness) -> Self {
        Self {
            key: ManySealKey::from_bytes(derive(master, "locum store v1")),
            random,
        }
    }
}

impl Sealing for StoreSeal {
    fn seal(&self, plain: &[u8], place: &str) -> Result<Vec<u8>, String> {
        let sealed = self.key.seal(plain, place.as_bytes(), self.random.bytes());
        sealed.map_err(|flaw| flaw.to_string())
    }

    fn open(&self, sealed: &[u8], place: &str) -> Option<Vec<u8>> {
        let plain = self.key.open(sealed, place.as_bytes()).ok()?;
        Some(plain.expose().clone())
    }
}

impl Vault {
    /// Derives all keys from the master key.
    ///
    /// # Errors
    /// [`SealFlaw`] when the library refuses the sealing key.
    pub fn open(master: &[u8; 32]) -> Result<Self, SealFlaw> {
        Ok(Self {
            pepper: derive(master, "locum secret pepper v1"),
            lineage: NameKey::new(&derive(master, "locum lineage v1")),
            replay: NameKey::new(&derive(master, "locum replay v1")),
            seal: SealKey::from_bytes(derive(master, "locum seal v1"))?,
        })
    }

    /// The stored form of a secret.
    pub fn hash(&self, secret: &str, until_s: Option<u64>) -> StoredSecret {
        StoredSecret {
            hash: mac::SecretHash::of(&self.pepper, secret).into(),
            until_s,
        }
    }

    /// Whether a stored hash is of that secret, in constant time.
    pub fn matches(&self, stored: &str, secret: &str) -> bool {
        mac::SecretHash::try_from(stored.to_owned())
            .is_ok_and(|hash| hash.matches(&self.pepper, secret))
    }

    /// The key of a replay mark: who used it, and its `jti`.
    pub fn mark(&self, client: &str, jti: &str) -> [u8; 16] {
        self.replay.of(DEFAULT_TENANT, client, jti)
    }

    /// Seals a private key, or an upstream secret, for the ledger's side record.
    /// `kid` is what it is sealed for, and opens for.
    ///
    /// # Errors
    /// [`SealFlaw`] when the library fails.
    pub fn seal(&self, plain: &str, kid: &str) -> Result<String, SealFlaw> {
        Ok(URL_SAFE_NO_PAD.encode(self.seal.seal(plain.as_bytes(), kid.as_bytes())?))
    }

    /// Opens what [`Self::seal`] sealed.
    ///
    /// # Errors
    /// [`SealFlaw`] under another master key or for other bytes.
    pub fn unseal(&self, sealed: &str, kid: &str) -> Result<Secret<Vec<u8>>, SealFlaw> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
        self.seal.open(&bytes, kid.as_bytes())
    }
}

/// Names to lineage keys; cheap to share.
#[derive(Clone)]
pub struct Names(NameKey);

impl Vault {
    /// The part that turns names into lineage keys.
    pub fn names(&self) -> Names {
        Names(self.lineage.clone())
    }
}

impl Keyed for Names {
    fn hash(&self, kind: &str, id: &str) -> Key {
        self.0.of(DEFAULT_TENANT, kind, id)
    }
}

/// Checks clients' secrets against what the state holds at one moment.
pub struct Secrets<'a> {
    /// The vault with the pepper.
    pub vault: &'a Vault,
    /// The state with the hashes.
    pub state: &'a State,
    /// Unix seconds.
    pub now_s: u64,
}

impl SecretCheck for Secrets<'_> {
    fn matches(&self, client: &str, presented: &Secret<String>) -> bool {
        let known = self
            .state
            .secrets
            .get(client)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let live = known
            .iter()
            .filter(|hash| hash.until_s.is_none_or(|until| until > self.now_s));
        let presented = mac::SecretHash::of(&self.vault.pepper, presented.expose());
        let stored = live.map(|hash| hash.hash.as_str());
        any(stored, |stored| {
            mac::SecretHash::try_from(stored.to_owned()).is_ok_and(|hash| hash.is(&presented))
        })
    }
}

/// Whether any of a client's hashes matches. Nobody's hash stands in for those
/// that a client does not have, so that their number does not show.
fn any<'a>(stored: impl Iterator<Item = &'a str>, mut is: impl FnMut(&str) -> bool) -> bool {
    const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let mut stored = stored.fuse();
    let mut found = false;
    for _ in 0..LIVE_MAX {
        let own = stored.next();
        found |= is(own.unwrap_or(NOBODY)) & own.is_some();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_as_often_whether_its_client_has_none_or_many() {
        for many in [0, 1, 5, LIVE_MAX] {
            let stored: Vec<String> = (0..many).map(|n| n.to_string()).collect();
            let mut compared = 0;
            let found = any(stored.iter().map(String::as_str), |text| {
                compared += 1;
                text == "0"
            });
            assert_eq!((found, compared), (many > 0, LIVE_MAX));
        }
    }

    #[test]
    fn what_stands_in_for_a_hash_matches_nothing() {
        assert!(!any(std::iter::empty(), |_| true));
        let first = ["x"].into_iter();
        assert!(any(first, |text| text == "x"));
    }
}
