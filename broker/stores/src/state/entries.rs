//! The remembered things that are no registry objects.

use locum_core::ids::{CredentialId, LockId, RevocationId};
use locum_core::lineage::{Key, What};
use locum_core::record::key_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A revocation as it was made (contract §12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEntry {
    /// Its generated id.
    pub id: RevocationId,
    /// What is dead.
    pub what: What,
    /// Unix milliseconds: issued at or before is dead; `None`: the record's own time.
    pub before_ms: Option<u64>,
    /// Why.
    pub reason: String,
    /// Unix milliseconds of its record; 0 until it has one.
    #[serde(default)]
    pub effective_ms: u64,
    /// The admin credential's name, or the client that revoked its own token.
    pub by: String,
    /// The key of what is named, which outlives the erasure of its name; set
    /// when it is recorded.
    #[serde(default, with = "key_text", skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

/// A lock as it was set (contract §12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockEntry {
    /// Its generated id.
    pub id: LockId,
    /// What it locks.
    pub what: What,
    /// Why.
    pub reason: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds after which it no longer holds.
    pub expires_ms: Option<u64>,
    /// Whether it was lifted.
    #[serde(default)]
    pub lifted: bool,
    /// The admin credential's name.
    pub by: String,
    /// The key of what is named, which outlives the erasure of its name; set
    /// when it is recorded.
    #[serde(default, with = "key_text", skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
}

/// The key of what an earlier record names, from a time when records held the
/// name alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum NamedKey {
    /// Of a revocation.
    Revocation {
        /// Which.
        id: RevocationId,
        /// The key, base64url.
        key: String,
        /// What counts from then or earlier is dead, Unix milliseconds; `None`:
        /// for ever.
        until_ms: Option<u64>,
    },
    /// Of a token's revocation.
    Token {
        /// Which.
        id: RevocationId,
        /// The key, base64url.
        key: String,
        /// Unix milliseconds after which nothing under the token lives.
        ends_ms: u64,
    },
    /// Of a lock.
    Lock {
        /// Which.
        id: LockId,
        /// The key, base64url.
        key: String,
    },
}

impl NamedKey {
    /// Whether it still matters at `now_ms`.
    #[must_use]
    pub const fn counts(&self, now_ms: u64) -> bool {
        match self {
            Self::Token { ends_ms, .. } => *ends_ms > now_ms,
            Self::Revocation { .. } | Self::Lock { .. } => true,
        }
    }
}

/// What a credential of the admin API may do (contract §12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Reads, suspend and resume, locks, revocations.
    Operator,
    /// Reads, decisions, ledger.
    Auditor,
}

/// A credential of the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminCredential {
    /// Its generated id.
    pub id: CredentialId,
    /// For people and the record.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Unix seconds after which it is refused.
    pub expires_s: Option<u64>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Whether it was revoked.
    #[serde(default)]
    pub revoked: bool,
    /// Keyed hash of the token, base64url.
    pub hash: String,
}

/// Keyed hash of one client secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSecret {
    /// Keyed hash, base64url.
    pub hash: String,
    /// Unix seconds until which it is accepted; `None`: until replaced.
    pub until_s: Option<u64>,
}

/// The policy bundle in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Its content address, `sha256:<hex>`.
    pub bundle: String,
    /// Number of policies.
    pub count: usize,
    /// The files.
    pub files: BTreeMap<String, String>,
}

/// What a signing key of ours signs. Keys of one use verify nothing of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Tokens, and assertions that vendors are shown: published at `/jwks`.
    #[default]
    #[serde(rename = "sig")]
    Token,
    /// Receipts: published at `/receipts/jwks`.
    Receipt,
}

impl KeyUse {
    /// As in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "sig",
            Self::Receipt => "receipt",
        }
    }

    /// Records of keys of tokens do not say it: those of a time before cannot.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    const fn is_token(&self) -> bool {
        matches!(self, Self::Token)
    }
}

/// A signing key of ours, its private part sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKeyEntry {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// JWS algorithm.
    pub alg: locum_core::token::Alg,
    /// What it signs.
    #[serde(rename = "use", default, skip_serializing_if = "KeyUse::is_token")]
    pub key_use: KeyUse,
    /// The public JWK; null of a retired key.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub public: serde_json::Value,
    /// The private JWK, sealed under the master key, base64url; empty of a
    /// retired key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sealed: String,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// Unix milliseconds from which it signs; `None`: published before use.
    pub activated_ms: Option<u64>,
    /// Unix milliseconds from which another signs.
    pub superseded_ms: Option<u64>,
    /// Unix milliseconds from which nothing it signed counts.
    pub retired_ms: Option<u64>,
}

/// Where a signing key stands: next → active → old → retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published before use.
    Next,
    /// Signs.
    Active,
    /// Published until the last of what it signed has expired.
    Old,
    /// Out of use for ever.
    Retired,
}

impl SigningKeyEntry {
    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> KeyState {
        match (self.retired_ms, self.superseded_ms, self.activated_ms) {
            (Some(_), _, _) => KeyState::Retired,
            (None, Some(_), _) => KeyState::Old,
            (None, None, Some(_)) => KeyState::Active,
            (None, None, None) => KeyState::Next,
        }
    }

    /// The same key out of use for ever, with nothing left of it that signs or
    /// verifies.
    #[must_use]
    pub fn retired(mut self, at_ms: u64) -> Self {
        self.retired_ms = Some(at_ms);
        self.strip_if_retired();
        self
    }

    /// Only what is listed is kept of a retired key.
    pub(super) fn strip_if_retired(&mut self) {
        if self.retired_ms.is_some() {
            self.public = serde_json::Value::Null;
            self.sealed = String::new();
        }
    }
}
