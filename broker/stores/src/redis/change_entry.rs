//! A change as it lies in the log: sealed, and at its place by what it holds. It says
//! when it was made, and a planned one names the planned one before it: whoever can
//! write to Redis cannot put it anywhere else, nor put it there again.

use super::keys;
use super::settings::Sealing;
use crate::formats::Formats;
use crate::ledger::Entry;
use crate::state::CHANGE;
use locum_core::record::{Draft, key_text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The member of a change's body by which a planned one names the one before it.
const AFTER: &str = "after";
/// The member that says when it was made, Unix milliseconds.
const AT: &str = "at";
/// The version of what is sealed.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedChange {
    v: u32,
    /// The format that it needs.
    f: u32,
    salt: String,
    body: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    side: Option<Value>,
}

/// Why what lies in the log is no change to this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotOpened {
    /// Other bytes.
    Other(String),
    /// It was written by a node that reads newer formats.
    TooNew(String),
}

impl From<String> for NotOpened {
    fn from(text: String) -> Self {
        Self::Other(text)
    }
}

impl From<&str> for NotOpened {
    fn from(text: &str) -> Self {
        Self::Other(text.to_owned())
    }
}

/// The version of what was sealed, and the format that it needs.
fn versions(plain: &[u8]) -> Result<(u32, u32), String> {
    #[derive(Deserialize)]
    struct Versions {
        v: u32,
        f: u32,
    }
    let found: Versions = serde_json::from_slice(plain).map_err(|e| e.to_string())?;
    Ok((found.v, found.f))
}

/// A change of the log.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LoggedChange {
    pub(super) draft: Draft,
}

impl LoggedChange {
    /// A change that was made at that Unix millisecond: a planned one comes behind the
    /// one of that id.
    pub(super) fn new(draft: &Draft, after: Option<&[u8; 16]>, at_ms: u64) -> Self {
        let mut body = draft.value().clone();
        if let Value::Object(members) = &mut body {
            members.insert(AT.into(), at_ms.into());
            if let Some(after) = after {
                members.insert(AFTER.into(), key_text::of(after).into());
            }
        }
        let side = draft.side_value().cloned();
        Self {
            draft: Draft::new(CHANGE, draft.salt(), body, side),
        }
    }

    /// One of the journal.
    pub(super) fn of(entry: Entry) -> Self {
        Self {
            draft: Draft::new(CHANGE, entry.salt, entry.body, entry.side),
        }
    }

    /// Its id, which no other has.
    pub(super) const fn id(&self) -> [u8; 16] {
        self.draft.salt()
    }

    /// The planned change before it; `None` for one that rests on nothing.
    pub(super) fn after(&self) -> Option<[u8; 16]> {
        after(self.draft.value())
    }

    /// When it was made, Unix milliseconds.
    pub(super) fn at_ms(&self) -> u64 {
        at_ms(self.draft.value())
    }

    /// Its sealed bytes.
    ///
    /// # Errors
    /// When it does not seal.
    pub(super) fn seal(&self, sealing: &dyn Sealing, formats: Formats) -> Result<Vec<u8>, String> {
        let sealed = SealedChange {
            v: VERSION,
            f: formats.needed(&self.draft),
            salt: key_text::of(&self.draft.salt()),
            body: self.draft.value().clone(),
            side: self.draft.side_value().cloned(),
        };
        let plain = serde_json::to_vec(&sealed).map_err(|e| e.to_string())?;
        sealing.seal(&plain, &keys::log())
    }

    /// The change of sealed bytes.
    ///
    /// # Errors
    /// What it is instead.
    pub(super) fn open(
        sealed: &[u8],
        sealing: &dyn Sealing,
        formats: Formats,
    ) -> Result<Self, NotOpened> {
        let plain = sealing.open(sealed, &keys::log());
        let plain =
            plain.ok_or("expected a change sealed under this master key, found other bytes")?;
        let (v, f) = versions(&plain)?;
        if v != VERSION || f > formats.reads {
            let reads = formats.reads;
            return Err(NotOpened::TooNew(format!(
                "expected a change of format {reads} or older, found format {f} of version {v}: upgrade this node"
            )));
        }
        let found: SealedChange = serde_json::from_slice(&plain).map_err(|e| e.to_string())?;
        let salt = key_text::read(&found.salt).ok_or("expected an id of 16 bytes")?;
        Ok(Self {
            draft: Draft::new(CHANGE, salt, found.body, found.side),
        })
    }
}

/// The planned change that a body names as the one before it.
pub(super) fn after(body: &Value) -> Option<[u8; 16]> {
    key_text::read(body.get(AFTER)?.as_str()?)
}

/// When a change of that body was made, Unix milliseconds.
pub(super) fn at_ms(body: &Value) -> u64 {
    body.get(AT).and_then(Value::as_u64).unwrap_or_default()
}
