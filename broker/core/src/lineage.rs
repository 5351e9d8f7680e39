//! Lineage: the ids a token descends from, as 16-byte keys. A token is dead if
//! anything in its lineage is (architecture, "Words"), so a cascade is a
//! handful of set look-ups.

use serde::{Deserialize, Serialize};

/// One id of a lineage as a 16-byte keyed hash: it fits a compact set and says
/// nothing about the person behind it to who lacks the key.
pub type Key = [u8; 16];

/// What can be revoked (contract §12). `Delegation` shares its key with
/// `Token`: a delegation and its token have the same 26 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
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
    /// An owner's id; resolved live, never stored in a lineage.
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

impl Kind {
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
    pub kind: Kind,
    /// Which one; empty or absent for `all`.
    #[serde(default)]
    pub id: String,
}

/// Whoever can turn a name into its [`Key`].
pub trait Keyed: Send + Sync {
    /// The keyed hash of kind and id, cut to 16 bytes.
    fn hash(&self, kind: &str, id: &str) -> Key;

    /// The key of one name.
    fn key(&self, kind: Kind, id: &str) -> Key {
        match kind {
            Kind::Delegation => self.hash(Kind::Token.as_str(), id.trim_start_matches("dlg_")),
            Kind::All => self.hash(kind.as_str(), ""),
            Kind::Token
            | Kind::Grant
            | Kind::Agent
            | Kind::AgentVersion
            | Kind::Client
            | Kind::Person
            | Kind::Owner
            | Kind::Session
            | Kind::Target
            | Kind::Issuer
            | Kind::Key => self.hash(kind.as_str(), id),
        }
    }
}

/// The ids a token descends from. It only grows along a chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage(Vec<Key>);

impl Lineage {
    /// The lineage made of keys read back from a record.
    #[must_use]
    pub const fn of(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Adds one id.
    pub fn add(&mut self, key: Key) {
        if !self.0.contains(&key) {
            self.0.push(key);
        }
    }

    /// Adds everything another lineage descends from.
    pub fn inherit(&mut self, other: &Self) {
        other.0.iter().for_each(|key| self.add(*key));
    }

    /// Whether the id is in it.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains(key)
    }

    /// The keys, in the order they came in.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }
}
