//! Versions that have ended, read from the record: an agent holds them no more.

use crate::past::blocking;
use crate::problem::Problem;
use locum_core::ids::{AgentId, VersionId};
use locum_core::registry::{Version, VersionState};
use locum_engine::records::Records;
use locum_stores::ledger::{Entry, Reader};
use locum_stores::state::CHANGE;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

/// Versions of that agent that have ended, by their ids.
///
/// # Errors
/// 503 when the ledger cannot be read.
pub(super) async fn ended(
    records: &Records,
    agent: &AgentId,
    ids: Vec<VersionId>,
) -> Result<BTreeMap<VersionId, Version>, Problem> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (records, agent) = (records.clone(), agent.clone());
    blocking(move || read(&records.changes.reader(), &agent, &ids)).await
}

fn read(
    reader: &Reader,
    agent: &AgentId,
    ids: &[VersionId],
) -> io::Result<BTreeMap<VersionId, Version>> {
    let (mut seen, mut out) = (BTreeMap::new(), BTreeMap::new());
    // Newest first: the record that made a version holds the one before it too.
    for id in ids.iter().rev() {
        if !seen.contains_key(id) {
            seen.extend(beside(reader, agent, *id)?);
        }
        let mut version = seen.remove(id).unwrap_or_else(|| unread(*id));
        version.state = VersionState::Ended;
        out.insert(*id, version);
    }
    Ok(out)
}

/// The versions in the record that made that one. Its id tells when that was.
fn beside(
    reader: &Reader,
    agent: &AgentId,
    id: VersionId,
) -> io::Result<Vec<(VersionId, Version)>> {
    let range = reader.made_at(id.ms())?;
    for entry in reader.search(range, vec![format!("\"{id}\"")]) {
        let found = versions(&entry?, agent);
        if found.iter().any(|version| version.id == id) {
            return Ok(found.into_iter().map(|each| (each.id, each)).collect());
        }
    }
    Ok(Vec::new())
}

/// The versions that a record holds of that agent.
fn versions(entry: &Entry, agent: &AgentId) -> Vec<Version> {
    let changes = entry.body.get("changes").and_then(Value::as_array);
    let changes = changes.filter(|_| entry.kind == CHANGE);
    let agents = changes
        .into_iter()
        .flatten()
        .filter_map(|change| change.get("agent"));
    let its =
        |known: &&Value| known.pointer("/spec/id").and_then(Value::as_str) == Some(agent.as_str());
    agents
        .filter(its)
        .filter_map(|known| known.get("versions"))
        .filter_map(|versions| Vec::<Version>::deserialize(versions).ok())
        .flatten()
        .collect()
}

/// One whose record is not here any more: what its id says.
fn unread(id: VersionId) -> Version {
    Version {
        id,
        version: String::new(),
        digest: None,
        model: None,
        state: VersionState::Ended,
        created_at_ms: id.ms(),
    }
}
