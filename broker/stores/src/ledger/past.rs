//! A record of the past before it is decoded: at open most need no more than
//! their place and a few members of their body.

use locum_core::record::Place;
use serde::Deserialize;

use super::{frame::Frame, identity::Tree};

/// How every record begins: the members are in JCS order.
const BODY: &[u8] = b"{\"body\":";
/// The member after the body. Behind it stand texts of ours alone, which hold
/// no quotes: its last occurrence is the member itself, whatever the body.
const INDEX: &[u8] = b",\"index\":";
/// The record version this build interprets.
const VERSION: u64 = 1;

/// A record as bytes, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// Where it stands.
    pub place: Place,
    /// The record type, the member `type`.
    pub kind: String,
    /// The body's canonical JSON, not yet parsed.
    pub body: &'a [u8],
}

/// What follows the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRest {
    index: u64,
    #[serde(rename = "salt")]
    _salt: String,
    #[serde(rename = "tenant")]
    _tenant: String,
    time_ms: u64,
    tree: String,
    #[serde(rename = "type")]
    kind: String,
    v: u64,
}

impl<'a> RawRecord<'a> {
    /// The record of a frame at this index of this tree; `None` when it is not
    /// exactly that: decoding it says what it is.
    pub(super) fn of(frame: &Frame<'a>, tree: &Tree, index: u64) -> Option<Self> {
        let after = frame.record.strip_prefix(BODY)?;
        let at = after.windows(INDEX.len()).rposition(|w| w == INDEX)?;
        let (body, rest) = after.split_at_checked(at)?;
        let mut text = rest.to_vec();
        *text.first_mut()? = b'{';
        let rest: RawRest = serde_json::from_slice(&text).ok()?;
        let ours = rest.v == VERSION && rest.tree == tree.as_str() && rest.index == index;
        ours.then_some(Self {
            place: Place {
                tree: rest.tree,
                index,
                time_ms: rest.time_ms,
            },
            kind: rest.kind,
            body,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use locum_core::record::Draft;
    use serde_json::json;

    fn tree() -> Tree {
        Tree::from_seed([7; 10])
    }

    fn record(index: u64) -> Vec<u8> {
        // What looks like the rest of a record, in a place that others fill.
        let body = json!({"a": {"index": 1, "salt": "s", "v": 1}, "b": ",\"index\":9}"});
        let place = Place {
            tree: tree().as_str().to_owned(),
            index,
            time_ms: 5,
        };
        let draft = Draft::new("decision", [1; 16], body, None);
        draft.encode(&place).unwrap()
    }

    fn past(record: &[u8], index: u64) -> Option<RawRecord<'_>> {
        RawRecord::of(&Frame { record, side: None }, &tree(), index)
    }

    #[test]
    fn a_record_is_split_into_body_and_place_whatever_the_body_holds() {
        let bytes = record(3);
        let past = past(&bytes, 3).unwrap();
        let whole: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let body: serde_json::Value = serde_json::from_slice(past.body).unwrap();
        assert_eq!(body, whole["body"]);
        assert_eq!((past.place.index, past.place.time_ms), (3, 5));
        assert_eq!(past.kind, "decision");
    }

    #[test]
    fn what_is_not_that_record_is_left_to_decoding() {
        assert_eq!(past(&record(3), 4), None);
        assert_eq!(past(b"{\"body\":{}}", 0), None);
        let other = Tree::from_seed([8; 10]);
        let bytes = record(3);
        let frame = Frame {
            record: &bytes,
            side: None,
        };
        assert_eq!(RawRecord::of(&frame, &other, 3), None);
    }
}
