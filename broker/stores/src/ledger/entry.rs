//! A record read back.

use locum_core::record::{Place, key_text};
use serde::Deserialize;
use serde_json::Value;

use super::{frame::Frame, identity::Tree};

/// The record version this build interprets.
const VERSION: u64 = 1;

/// A decoded record and its side record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Where it stands.
    pub place: Place,
    /// The record type, the member `type`.
    pub kind: String,
    /// The record's salt, which no other record has.
    pub salt: [u8; 16],
    /// The body.
    pub body: Value,
    /// The side record; absent when there was none or it was erased.
    pub side: Option<Value>,
}

/// Record v1 (docs/reference/ledger-format.md, "Record"); the tenant is not
/// interpreted on this side.
#[derive(Deserialize)]
struct Record {
    body: Value,
    index: u64,
    salt: String,
    time_ms: u64,
    tree: String,
    #[serde(rename = "type")]
    kind: String,
    v: u64,
}

/// The one member that a search by time looks at.
#[derive(Deserialize)]
struct RecordTime {
    time_ms: u64,
}

/// The time of a frame's record, without the rest of it.
pub(super) fn time_ms(frame: &Frame<'_>) -> Result<u64, String> {
    serde_json::from_slice(frame.record)
        .map(|stamp: RecordTime| stamp.time_ms)
        .map_err(|e| format!("expected a record with `time_ms`: {e}"))
}

/// Decodes a frame and checks that it belongs at this index of this tree.
pub(super) fn decode(frame: &Frame<'_>, tree: &Tree, index: u64) -> Result<Entry, String> {
    let record: Record = serde_json::from_slice(frame.record)
        .map_err(|e| format!("expected a record of version `{VERSION}`: {e}"))?;
    if record.v != VERSION {
        let found = record.v;
        return Err(format!(
            "expected record version `{VERSION}`, found `{found}`"
        ));
    }
    if record.tree != tree.as_str() {
        let (expected, found) = (tree.as_str(), record.tree);
        return Err(format!(
            "expected a record of tree `{expected}`, found `{found}`"
        ));
    }
    if record.index != index {
        return Err(format!("expected record {index}, found {}", record.index));
    }
    let side = frame.side.map(serde_json::from_slice).transpose();
    let salt = key_text::read(&record.salt);
    Ok(Entry {
        place: Place {
            tree: record.tree,
            index,
            time_ms: record.time_ms,
        },
        kind: record.kind,
        salt: salt.ok_or("expected a salt of 16 bytes")?,
        body: record.body,
        side: side.map_err(|e| format!("expected a side record in JSON: {e}"))?,
    })
}
