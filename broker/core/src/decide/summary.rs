//! Refusals that are not recorded one by one (contract §10): of a client that
//! is refused more often than that in a minute, the rest stands in a summary.
//! It is opened by a record before the first of them is sent, and closed by
//! another with how many there were of each kind.

use super::permit::Refused;
use super::record::{RecordedMark, SeenMark, marks, seen};
use crate::ids::RequestId;
use crate::lineage::{Key, Keyed, LineageKind};
use crate::party::Subject;
use crate::record::{Draft, Place};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The record type of summaries of refusals, and of the replay marks that are
/// taken where one stands.
pub const SUMMARY: &str = "summary";
/// Refusals of a client that are recorded one by one in a minute (contract §10).
pub const SINGLY_MAX: u32 = 60;
/// Kinds of refusals that a summary counts apart; the rest is counted together.
pub const SUMMARY_ROWS_MAX: usize = 48;

/// What is counted together: a code, the target it was about, and for whom, as
/// a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    code: &'static str,
    target: Option<String>,
    subject: Option<Key>,
}

/// The refusals of one summary so far.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    rows: BTreeMap<Row, u64>,
    other: u64,
}

impl Row {
    /// The row of a refusal.
    #[must_use]
    pub fn of(refused: &Refused, keys: &dyn Keyed) -> Self {
        let subject = refused.case.as_ref().map(|case| case.subject.subject());
        Self {
            code: refused.refusal.code.text(),
            target: refused.target.clone(),
            subject: subject.map(|subject| match subject {
                Subject::Person(_) | Subject::Workload(_) => {
                    keys.key(LineageKind::Person, &subject.sub())
                }
                Subject::Agent(agent) => keys.key(LineageKind::Agent, agent.as_str()),
            }),
        }
    }
}

impl Counts {
    /// One more.
    pub fn add(&mut self, row: Row) {
        let room = self.rows.len() < SUMMARY_ROWS_MAX;
        match self.rows.get_mut(&row) {
            Some(count) => *count += 1,
            None if room => drop(self.rows.insert(row, 1)),
            None => self.other += 1,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.values().sum::<u64>() + self.other
    }

    fn rows(&self) -> Value {
        let row = |(row, count): (&Row, &u64)| {
            json!({
                "code": row.code,
                "target": row.target,
                "subject": row.subject.map(|key| URL_SAFE_NO_PAD.encode(key)),
                "count": count,
            })
        };
        self.rows.iter().map(row).collect()
    }
}

/// The record that opens the summary of a client's minute, which began at that
/// Unix millisecond.
#[must_use]
pub fn opened(client: &str, minute_ms: u64, salt: [u8; 16]) -> Draft {
    let body = json!({ "state": "opened", "client_id": client, "minute_ms": minute_ms });
    Draft::new(SUMMARY, salt, body, None)
}

/// The record that closes it. `opened` is where the one that opened it stands.
#[must_use]
pub fn closed(opened: (&Draft, &Place), counts: &Counts, salt: [u8; 16]) -> Draft {
    let (draft, place) = opened;
    let of = |name: &str| draft.value().get(name).cloned().unwrap_or_default();
    let body = json!({
        "state": "closed",
        "client_id": of("client_id"),
        "minute_ms": of("minute_ms"),
        "opened": place.index,
        "counts": counts.rows(),
        "other": counts.other,
        "total": counts.total(),
    });
    Draft::new(SUMMARY, salt, body, None)
}

/// The replay mark of a request whose refusal stands in a summary, and the
/// tokens in it that came ahead of our clock.
#[must_use]
pub fn marked(
    client: &str,
    request: RequestId,
    (mark, ahead): (Option<RecordedMark>, &[SeenMark]),
    salt: [u8; 16],
) -> Draft {
    let mut body = json!({
        "state": "marked",
        "client_id": client,
        "request_id": request,
        "marks": marks(mark.as_slice()),
    });
    if let (Some(members), false) = (body.as_object_mut(), ahead.is_empty()) {
        members.insert("seen".into(), seen(ahead));
    }
    Draft::new(SUMMARY, salt, body, None)
}

/// Whether the draft opens a summary of that client.
pub(super) fn opens(draft: &Draft, client: &str) -> bool {
    let is =
        |name: &str, value: &str| draft.value().get(name).and_then(Value::as_str) == Some(value);
    draft.kind() == SUMMARY && is("state", "opened") && is("client_id", client)
}
