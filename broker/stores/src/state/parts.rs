//! A policy bundle larger than a record: its files go ahead in parts, one
//! record each, and hold only with the record that names their number. Parts
//! whose bundle never came are nothing.

use super::change::Change;
use super::entries::Policies;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use locum_core::jcs;
use std::collections::BTreeMap;

/// Bytes of files in one record: encoded, they leave room for the rest of the
/// side record.
const PART: usize = 40_000;

/// The records, each with its changes, that put a bundle in force, in order.
///
/// # Errors
/// When the files do not serialise, which texts always do.
pub fn bundle_records(policies: Policies) -> Result<Vec<Vec<Change>>, serde_json::Error> {
    let text = jcs::of(&policies.files)?;
    if text.len() <= PART {
        return Ok(vec![vec![Change::Policies { policies }]]);
    }
    let mut out: Vec<Vec<Change>> = Vec::new();
    for (part, bytes) in text.as_bytes().chunks(PART).enumerate() {
        out.push(vec![Change::PolicyPart {
            bundle: policies.bundle.clone(),
            part,
            text: STANDARD_NO_PAD.encode(bytes),
        }]);
    }
    let parts = out.len();
    out.push(vec![Change::PolicyParts {
        policies: Policies {
            files: BTreeMap::new(),
            ..policies
        },
        parts,
    }]);
    Ok(out)
}

/// Parts whose bundle did not come yet: by bundle and number.
#[derive(Debug, Default)]
pub(super) struct Parts(BTreeMap<(String, usize), String>);

impl Parts {
    pub(super) fn put(&mut self, bundle: String, part: usize, text: String) {
        self.0.insert((bundle, part), text);
    }

    /// The bundle with its files; all parts are forgotten.
    ///
    /// # Errors
    /// What is missing or damaged.
    pub(super) fn join(
        &mut self,
        mut policies: Policies,
        parts: usize,
    ) -> Result<Policies, String> {
        let kept = std::mem::take(&mut self.0);
        let mut bytes = Vec::new();
        for part in 0..parts {
            let text = kept.get(&(policies.bundle.clone(), part));
            let text =
                text.ok_or_else(|| format!("expected part {part} of the policies, found none"))?;
            let part = STANDARD_NO_PAD.decode(text).map_err(|e| e.to_string())?;
            bytes.extend(part);
        }
        policies.files = serde_json::from_slice(&bytes).map_err(|e| format!("policies: {e}"))?;
        Ok(policies)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;
    use crate::state::{Author, draft};

    fn bundle(files: usize) -> Policies {
        let file = |n| (format!("f{n}.cedar"), "\"ä\\\n".repeat(500));
        Policies {
            bundle: "sha256:0".into(),
            count: files,
            files: (0..files).map(file).collect(),
        }
    }

    #[test]
    fn a_small_bundle_is_one_record() {
        let records = bundle_records(bundle(3)).unwrap();
        assert_eq!(
            records,
            [[Change::Policies {
                policies: bundle(3)
            }]]
        );
    }

    #[test]
    fn a_large_bundle_goes_ahead_in_parts_that_fit_and_comes_back_whole() {
        let records = bundle_records(bundle(300)).unwrap();
        assert!(records.len() > 10);
        let author = Author {
            by: "a".repeat(500),
            reason: "\u{1}".repeat(500),
            request_id: None,
        };
        let mut parts = Parts::default();
        let mut joined = None;
        for changes in records {
            let side = draft(&changes, &author, [[1; 16]; 2]).unwrap().side();
            assert!(side.len() <= crate::ledger::SIDE_MAX, "{}", side.len());
            for change in changes {
                match change {
                    Change::PolicyPart { bundle, part, text } => parts.put(bundle, part, text),
                    Change::PolicyParts { policies, parts: n } => {
                        joined = Some(parts.join(policies, n).unwrap());
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(joined.unwrap(), bundle(300));
    }

    #[test]
    fn a_bundle_without_all_its_parts_is_damage() {
        let mut parts = Parts::default();
        parts.put("sha256:0".into(), 0, "e30".into());
        parts.put("sha256:1".into(), 1, "e30".into());
        assert!(parts.join(bundle(0), 2).is_err());
    }
}
