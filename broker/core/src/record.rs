//! Ledger record v1: the bytes and their leaf hash
//! (docs/reference/ledger-format.md, "Record"). A record is the canonical JSON
//! (RFC 8785) of `v, tree, index, time_ms, type, tenant, salt, body`; beside it
//! lies an erasable side record with the personal fields, of which the body holds
//! salted commitments only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Largest record, in bytes: an entry bundle's length prefix is 16 bits
/// (C2SP tlog-tiles), and a margin is kept.
pub const RECORD_MAX: usize = 60_000;
/// Bytes of a record around its body, at least.
pub(crate) const ENVELOPE: usize = 256;
/// The only tenant until tenants are a feature.
pub const DEFAULT_TENANT: &str = "default";

/// What is to be recorded, before its place in the ledger is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    kind: &'static str,
    salt: [u8; 16],
    value: Value,
    body: String,
    side: Option<Value>,
}

impl Draft {
    /// A draft of the given record type. `salt` is 16 random bytes; `side` is
    /// what may later be erased.
    #[must_use]
    pub fn new(kind: &'static str, salt: [u8; 16], body: Value, side: Option<Value>) -> Self {
        Self {
            kind,
            salt,
            body: crate::jcs::text(&body),
            value: body,
            side,
        }
    }

    /// The record type, the member `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> [u8; 16] {
        self.salt
    }

    /// The canonical text of the body.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The body as a value, so that who folds a fresh record need not read its
    /// text back.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The side record as a value.
    #[must_use]
    pub const fn side_value(&self) -> Option<&Value> {
        self.side.as_ref()
    }

    /// The side record's bytes, empty when there is none.
    #[must_use]
    pub fn side(&self) -> Vec<u8> {
        self.side
            .as_ref()
            .map(|side| crate::jcs::text(side).into_bytes())
            .unwrap_or_default()
    }

    /// The record's bytes at its place.
    ///
    /// # Errors
    /// [`TooLarge`] over [`RECORD_MAX`].
    pub fn encode(&self, place: &Place) -> Result<Vec<u8>, TooLarge> {
        // Members in JCS order; tree, type and tenant are our own plain ASCII.
        let mut text = String::with_capacity(self.body.len() + ENVELOPE);
        // INVARIANT: writing to a String cannot fail.
        let _ = write!(
            text,
            "{{\"body\":{},\"index\":{},\"salt\":\"{}\",\"tenant\":\"{DEFAULT_TENANT}\",\"time_ms\":{},\"tree\":\"{}\",\"type\":\"{}\",\"v\":1}}",
            self.body,
            place.index,
            URL_SAFE_NO_PAD.encode(self.salt),
            place.time_ms,
            place.tree,
            self.kind,
        );
        if text.len() > RECORD_MAX {
            return Err(TooLarge { found: text.len() });
        }
        Ok(text.into_bytes())
    }
}

/// A record over [`RECORD_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a record of at most {RECORD_MAX} bytes, found {found}")]
pub struct TooLarge {
    /// The size it would have had, in bytes.
    pub found: usize,
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The tree's name: lower-case base32, one tree a node.
    pub tree: String,
    /// Zero-based, without gaps.
    pub index: u64,
    /// Unix milliseconds, never before the record ahead of it.
    pub time_ms: u64,
}

/// The ledger's word that a record is durable at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Where it stands.
    pub place: Place,
    /// RFC 9162 §2.1.1 leaf hash of the record's bytes.
    pub leaf_hash: [u8; 32],
}

/// The leaf hash of a record's bytes: SHA-256(0x00 ‖ bytes) (RFC 9162 §2.1.1).
#[must_use]
pub fn leaf_hash(record: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update([0])
        .chain_update(record)
        .finalize()
        .into()
}

/// A salted commitment to a personal field: base64url of
/// SHA-256(salt ‖ name ‖ 0x00 ‖ value). The salt lies in the side record, so
/// that erasing the side record leaves nothing to guess against.
#[must_use]
pub fn commitment(salt: &[u8; 16], name: &str, value: &str) -> String {
    let digest = Sha256::new()
        .chain_update(salt)
        .chain_update(name)
        .chain_update([0])
        .chain_update(value)
        .finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// A 16-byte key as text in a record: base64url without padding.
pub mod key_text {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer};

    /// The text.
    #[must_use]
    pub fn of(key: &[u8; 16]) -> String {
        URL_SAFE_NO_PAD.encode(key)
    }

    /// The key of a text; `None` when it is none.
    #[must_use]
    pub fn read(text: &str) -> Option<[u8; 16]> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
    }

    /// For members that may be absent: `#[serde(with = "key_text")]`.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(key: &Option<[u8; 16]>, to: S) -> Result<S::Ok, S::Error> {
        match key {
            Some(key) => to.serialize_some(&of(key)),
            None => to.serialize_none(),
        }
    }

    /// The same back.
    ///
    /// # Errors
    /// For a text that is no key.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 16]>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read = |text: String| {
            read(&text).ok_or_else(|| serde::de::Error::custom("expected a key of 16 bytes"))
        };
        text.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn place() -> Place {
        Place {
            tree: "abc".into(),
            index: 7,
            time_ms: 1_795_400_000_000,
        }
    }

    #[test]
    fn a_record_is_the_canonical_json_of_its_eight_members() {
        let draft = Draft::new("decision", [1; 16], json!({"b": 1, "a": "x"}), None);
        let bytes = draft.encode(&place()).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(crate::jcs::text(&value).as_bytes(), bytes);
        assert_eq!(value.as_object().unwrap().len(), 8);
        assert_eq!(value["body"], json!({"a": "x", "b": 1}));
    }

    #[test]
    fn a_record_over_the_limit_is_refused() {
        let draft = Draft::new("decision", [1; 16], json!("x".repeat(RECORD_MAX)), None);
        assert!(draft.encode(&place()).is_err());
    }

    #[test]
    fn rfc9162_2_1_1_leaf_hash_prefixes_zero() {
        let empty = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(crate::jcs::hex(&leaf_hash(b"")), empty);
    }
}
