//! One object that is declared against what is known of it.

use super::{Build, DeclaredAgent, DeclaredSecret, Moment, flaw};
use crate::secrets::{LIVE_MAX, overlapping};
use locum_core::ids::{IssuerId, TargetId, VersionId};
use locum_core::registry::{
    Agent, Certification, Client, ClientSpec, FieldProblem, Issuer, IssuerSpec, Status, Target,
    TargetSpec, Version, VersionState,
};
use locum_stores::state::{Change, StoredSecret};

/// The version text where the files name none.
const VERSION: &str = "file";

type Difference = Result<Option<Change>, FieldProblem>;

pub(super) fn issuer(now: &Moment<'_>, id: &IssuerId, spec: &IssuerSpec) -> Difference {
    let known = now.state.registry.issuer(id.as_str());
    if known.is_some_and(|known| known.spec == *spec) {
        return Ok(None);
    }
    let known = known.map(|known| &**known);
    let issuer = Issuer::replaced(known, id.clone(), spec.clone(), now.now_ms)?;
    Ok(Some(Change::Issuer { issuer }))
}

pub(super) fn target(now: &Moment<'_>, id: &TargetId, spec: &TargetSpec) -> Difference {
    let known = now.state.registry.target(id.as_str());
    if known.is_some_and(|known| *known.spec == *spec) {
        return Ok(None);
    }
    let known = known.map(|known| &**known);
    let target = Target::replaced(known, id.clone(), spec.clone(), now.now_ms)?;
    Ok(Some(Change::Target { target }))
}

pub(super) fn client(now: &Moment<'_>, spec: &ClientSpec) -> Difference {
    let id = spec.id.as_str();
    if now.state.registry.agent(id).is_some() {
        return Err(flaw("/id", "expected an id that no agent has"));
    }
    let known = now.state.registry.client(id);
    if known.is_some_and(|known| known.spec == *spec) {
        return Ok(None);
    }
    let known = known.map(|known| &**known);
    let client = Client::replaced(known, spec.clone(), now.now_ms)?;
    Ok(Some(Change::Client { client }))
}

pub(super) fn agent(now: &Moment<'_>, declared: &DeclaredAgent) -> Difference {
    let id = declared.spec.id.as_str();
    if now.state.registry.client(id).is_some() {
        return Err(flaw("/id", "expected an id that no client has"));
    }
    let known = now.state.registry.agent(id);
    let before = known.map(|known| &**known);
    let agent = Agent::replaced(before, declared.spec.clone(), now.now_ms);
    let agent = agent.map_err(|kept| flaw("", &format!("{}; take a new id", kept.detail)))?;
    let agent = match declared.certified_until {
        Some(until) => certified(now, agent, &declared.build, until)?,
        None => uncertified(agent, now.now_ms / 1000),
    };
    let changed = known.is_none_or(|known| **known != agent);
    Ok(changed.then_some(Change::Agent { agent }))
}

fn certification(status: &Status) -> Option<Certification> {
    match status {
        Status::Active(found) | Status::Suspended { was: Some(found) } => Some(*found),
        Status::Draft | Status::Suspended { was: None } | Status::Retired => None,
    }
}

/// The agent with that build certified until then; as it was, if it is.
fn certified(
    now: &Moment<'_>,
    mut agent: Agent,
    build: &Build,
    until: u64,
) -> Result<Agent, FieldProblem> {
    let text = build.version.as_deref().unwrap_or(VERSION);
    let same = |version: &&Version| {
        version.version == text
            && version.digest == build.digest
            && version.model == build.model
            && version.state != VersionState::Ended
    };
    let version = match agent.versions.iter().rev().find(same) {
        Some(known) => known.id,
        None => {
            let id = VersionId(now.broker.records.mint());
            agent.versions.push(Version {
                id,
                version: text.to_owned(),
                digest: build.digest.clone(),
                model: build.model.clone(),
                state: VersionState::Draft,
                created_at_ms: now.now_ms,
            });
            id
        }
    };
    if certification(&agent.status) == Some(Certification { version, until }) {
        return Ok(agent);
    }
    agent
        .certify(version, until)
        .map_err(|wrong| flaw("", &wrong.to_string()))
}

/// The agent without a certification in force.
fn uncertified(mut agent: Agent, now_s: u64) -> Agent {
    if let Status::Active(found) = &mut agent.status {
        found.until = found.until.min(now_s);
    }
    agent
}

/// The client's secrets, if they are not that one and those that may live on
/// beside it: as `POST …/secrets` leaves them.
pub(super) fn secret(
    now: &Moment<'_>,
    client: &str,
    declared: Option<&DeclaredSecret>,
) -> Option<Change> {
    let known = now.state.secrets.get(client);
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let now_s = now.now_ms / 1_000;
    let hashes = match declared {
        None => Vec::new(),
        Some(declared) => {
            let vault = &now.broker.records.vault;
            let secret = declared.secret.expose();
            let same = |hash: &StoredSecret| vault.matches(&hash.hash, secret);
            let in_force = known
                .last()
                .filter(|last| last.until_s.is_none() && same(last));
            if in_force.is_some() && (declared.overlap_s > 0 || known.len() == 1) {
                return None;
            }
            let before: Vec<_> = known.iter().filter(|hash| !same(hash)).cloned().collect();
            let mut hashes = overlapping(&before, now_s, declared.overlap_s);
            hashes.drain(..hashes.len().saturating_sub(LIVE_MAX - 1));
            hashes.push(vault.hash(secret, None));
            hashes
        }
    };
    (hashes != known).then(|| Change::Secrets {
        client: client.to_owned(),
        hashes,
    })
}
