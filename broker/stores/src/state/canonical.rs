//! The state in one form: to compare two states that came about in two ways.

use super::shared::Shared;
use super::snapshot::CopiedState;
use locum_core::jcs;
use serde_json::Value;

/// Bytes of a revoked key, of a mark that was answered, and of one that failed.
const REVOKED: usize = 24;
const ANSWERED: usize = 25;
const FAILED: usize = 57;

impl Shared {
    /// All that a snapshot would keep and that counts at that Unix millisecond, a line a
    /// thing, in order. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn canonical(&self, now_ms: u64) -> Vec<String> {
        let now_s = now_ms / 1000;
        let bytes = CopiedState::at(&self.read(), now_ms).encode();
        let bytes = bytes.unwrap_or_default();
        let mut out = Vec::new();
        let mut parts = SnapshotParts(&bytes);
        let json = parts.part();
        let kept: Value = serde_json::from_slice(json).unwrap_or_default();
        lines("", &kept, &mut out);
        for of in ["revoked", "revoked token"] {
            for key in parts.part().chunks(REVOKED) {
                out.push(format!("{of} {}", jcs::hex(key)));
            }
        }
        let mut marks = parts.0;
        while let Some(kind) = marks.first() {
            let len = if *kind == 0 { ANSWERED } else { FAILED };
            let (mark, rest) = marks.split_at_checked(len).unwrap_or((marks, &[]));
            let until = mark.get(17..25).and_then(|until| until.try_into().ok());
            if until.map(u64::from_le_bytes) >= Some(now_s) {
                out.push(format!("mark {}", jcs::hex(mark)));
            }
            marks = rest;
        }
        out.sort_unstable();
        out
    }
}

/// Parts with their lengths ahead of them.
struct SnapshotParts<'a>(&'a [u8]);

impl<'a> SnapshotParts<'a> {
    fn part(&mut self) -> &'a [u8] {
        let read = |(len, rest): (&[u8; 8], &'a [u8])| {
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
        };
        let split = self.0.split_first_chunk().and_then(read);
        let (part, rest) = split.unwrap_or_default();
        self.0 = rest;
        part
    }
}

/// One line for each member of a list or an object, two levels deep.
fn lines(path: &str, value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(items) => out.extend(
            items
                .iter()
                .map(|item| format!("{path} {}", jcs::text(item))),
        ),
        Value::Object(members) => {
            for (name, member) in members {
                match (path, name.as_str()) {
                    // When the newest record was made is no part of what it did.
                    (_, "last_time_ms") => {}
                    ("" | "/rest", _) => lines(&format!("{path}/{name}"), member, out),
                    (_, _) => out.push(format!("{path}/{name} {}", jcs::text(member))),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push(format!("{path} {value}"));
        }
    }
}
