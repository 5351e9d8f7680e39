//! Lineage: the ids a token descends from, as 16-byte keys, each with the time
//! from which it counts. A token is dead if anything in its lineage is
//! (architecture, "After the exchange"), so a cascade is a handful of look-ups.

use crate::record::key_text;
use serde::{Deserialize, Serialize};

/// One id of a lineage as a 16-byte keyed hash: it fits a compact set and says
/// nothing about the person behind it to who lacks the key.
pub type Key = [u8; 16];

/// What can be revoked (contract §12). `Delegation` shares its key with
/// `Token`: a delegation and its token have the same 26 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageKind {
    /// A `jti`: of ours, or an actor token's.
    Token,
    /// A `dlg_` id.
    Delegation,
    /// A `grt_` id.
    Grant,
    /// An agent id.
    Agent,
    /// A `ver_` id.
    AgentVersion,
    /// A client id: the actor's or the presenter's.
    Client,
    /// A person's, or a foreign workload's, `<issuer id>:<sub>`.
    Person,
    /// An owner's id: of each agent at its hop, of a grant's agent at its making.
    /// Only locks look at the owner of now.
    Owner,
    /// `<issuer id>:<sid>`.
    Session,
    /// A target id.
    Target,
    /// An issuer id.
    Issuer,
    /// `<issuer id>:<kid>` or `locum:<kid>`.
    Key,
    /// Everything; its id is empty.
    All,
}

impl LineageKind {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Delegation => "delegation",
            Self::Grant => "grant",
            Self::Agent => "agent",
            Self::AgentVersion => "agent_version",
            Self::Client => "client",
            Self::Person => "person",
            Self::Owner => "owner",
            Self::Session => "session",
            Self::Target => "target",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::All => "all",
        }
    }

    /// Whether what is revoked stays dead for ever; to others credentials may
    /// be issued anew (contract §12).
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Token | Self::Delegation | Self::Grant | Self::Session | Self::Key => true,
            Self::Agent
            | Self::AgentVersion
            | Self::Client
            | Self::Person
            | Self::Owner
            | Self::Target
            | Self::Issuer
            | Self::All => false,
        }
    }

    /// Whether a lock may name it (contract §12).
    #[must_use]
    pub const fn can_be_locked(self) -> bool {
        match self {
            Self::Agent
            | Self::AgentVersion
            | Self::Owner
            | Self::Person
            | Self::Client
            | Self::Issuer
            | Self::Target
            | Self::All => true,
            Self::Token | Self::Delegation | Self::Grant | Self::Session | Self::Key => false,
        }
    }
}

/// What a lock or revocation names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct What {
    /// Of which kind.
    pub kind: LineageKind,
    /// Which one; empty or absent for `all`.
    #[serde(default)]
    pub id: String,
}

/// Whoever can turn a name into its [`Key`].
pub trait Keyed: Send + Sync {
    /// The keyed hash of kind and id, cut to 16 bytes.
    fn hash(&self, kind: &str, id: &str) -> Key;

    /// The key of one name.
    fn key(&self, kind: LineageKind, id: &str) -> Key {
        match kind {
            LineageKind::Delegation => {
                self.hash(LineageKind::Token.as_str(), id.trim_start_matches("dlg_"))
            }
            LineageKind::All => self.hash(kind.as_str(), ""),
            LineageKind::Token
            | LineageKind::Grant
            | LineageKind::Agent
            | LineageKind::AgentVersion
            | LineageKind::Client
            | LineageKind::Person
            | LineageKind::Owner
            | LineageKind::Session
            | LineageKind::Target
            | LineageKind::Issuer
            | LineageKind::Key => self.hash(kind.as_str(), id),
        }
    }
}

/// One thing that a token descends from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ancestor {
    /// Its key.
    pub key: Key,
    /// Unix milliseconds from which it counts: a revocation of the key up to
    /// then or later kills what descends from this (contract §12).
    pub since_ms: u64,
}

/// What a token descends from. It only grows along a chain, and what is in it
/// only becomes older.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage(Vec<Ancestor>);

/// Why the lineage of a record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a lineage of 16-byte keys with a time for each, found another")]
pub struct LineageFlaw;

impl Lineage {
    /// The lineage in a permit's record: `lineage`, and `since` beside it.
    /// Without that (every record until there was such a member) all counts
    /// from the token's own time.
    ///
    /// # Errors
    /// [`LineageFlaw`] for anything else.
    pub fn read(
        keys: &[String],
        since: Option<&[u64]>,
        token_ms: u64,
    ) -> Result<Self, LineageFlaw> {
        if since.is_some_and(|since| since.len() != keys.len()) {
            return Err(LineageFlaw);
        }
        let mut out = Self::default();
        for (place, text) in keys.iter().enumerate() {
            let key = key_text::read(text).ok_or(LineageFlaw)?;
            let since_ms = since.and_then(|since| since.get(place).copied());
            out.add(key, since_ms.unwrap_or(token_ms));
        }
        Ok(out)
    }

    /// Adds one id that counts from then. One that is in it already counts from
    /// the earlier of both times.
    pub fn add(&mut self, key: Key, since_ms: u64) {
        match self.0.iter_mut().find(|entry| entry.key == key) {
            Some(known) => known.since_ms = known.since_ms.min(since_ms),
            None => self.0.push(Ancestor { key, since_ms }),
        }
    }

    /// Adds everything another lineage descends from, with its times.
    pub fn inherit(&mut self, other: &Self) {
        other
            .0
            .iter()
            .for_each(|entry| self.add(entry.key, entry.since_ms));
    }

    /// Whether the id is in it.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.iter().any(|entry| entry.key == *key)
    }

    /// The earliest time from which anything in it counts; `None` when nothing
    /// is in it.
    #[must_use]
    pub fn earliest_ms(&self) -> Option<u64> {
        self.0.iter().map(|entry| entry.since_ms).min()
    }

    /// The entries, in the order they came in.
    pub fn iter(&self) -> impl Iterator<Item = &Ancestor> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_twice_counts_from_the_earlier_time() {
        let (mut one, mut other) = (Lineage::default(), Lineage::default());
        one.add([1; 16], 20);
        one.add([1; 16], 30);
        other.add([1; 16], 10);
        other.add([2; 16], 40);
        one.inherit(&other);
        let found: Vec<_> = one.iter().map(|e| (e.key, e.since_ms)).collect();
        assert_eq!(found, [([1; 16], 10), ([2; 16], 40)]);
        assert_eq!(one.earliest_ms(), Some(10));
    }

    #[test]
    fn a_record_without_times_counts_from_the_tokens_own() {
        let keys = [key_text::of(&[1; 16]), key_text::of(&[2; 16])];
        let whole = Lineage::read(&keys, None, 7).map(|l| l.earliest_ms());
        assert_eq!(whole, Ok(Some(7)));
        let timed = Lineage::read(&keys, Some(&[3, 9]), 7).map(|l| l.earliest_ms());
        assert_eq!(timed, Ok(Some(3)));
        assert_eq!(Lineage::read(&keys, Some(&[3]), 7), Err(LineageFlaw));
        assert_eq!(Lineage::read(&["x".into()], None, 7), Err(LineageFlaw));
    }
}
