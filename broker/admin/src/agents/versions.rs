//! Versions of agents, and their certification.

use super::{history, known, put, shown};
use crate::answer::{Answer, etag};
use crate::call::Call;
use crate::page::Window;
use crate::problem::{Problem, sound};
use crate::times;
use crate::write::{Plan, reason};
use http::StatusCode;
use locum_core::ids::VersionId;
use locum_core::refusal::Code;
use locum_core::registry::{Agent, DRAFTS_MAX, Problems, Status, Version, VersionState};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use serde::Deserialize;
use serde_json::{Value, json};

/// `POST /agents/{id}/versions`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionBody {
    version: String,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    model: Option<String>,
}

/// `POST /agents/{id}/versions/{ver}/certify`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertifyBody {
    until: String,
    reason: String,
}

/// `GET /agents/{id}/versions`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let window = call.window()?;
    let (agent, ids, next) = {
        let state = call.api.broker.records.state.read();
        let agent = state.registry.agent(call.param("id"));
        let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
        let ended = state.registry.ended_versions(agent.id().as_str());
        let (ids, more) = page(&agent.versions, ended, &window)?;
        let next = ids.last().filter(|_| more).map(VersionId::to_string);
        (agent.clone(), ids, next)
    };
    let held = |id: &VersionId| agent.versions.iter().find(|version| version.id == *id);
    let ended: Vec<VersionId> = ids
        .iter()
        .filter(|id| held(id).is_none())
        .copied()
        .collect();
    let mut ended = history::ended(&call.api.broker.records, agent.id(), ended).await?;
    let items: Vec<Value> = ids
        .iter()
        .filter_map(|id| held(id).cloned().or_else(|| ended.remove(id)))
        .map(|version| version_shown(&agent, &version))
        .collect();
    let next = next.map(|last| call.cursor(&last));
    Ok(Answer::ok(json!({ "items": items, "next": next })))
}

/// The ids of a window, in their order, and whether there are more.
fn page(
    held: &[Version],
    ended: &[VersionId],
    window: &Window,
) -> Result<(Vec<VersionId>, bool), Problem> {
    let after = window.after.as_deref().map(VersionId::parse).transpose();
    let after = after.map_err(|_| Problem::unknown("a page"))?;
    let later = |id: &VersionId| after.is_none_or(|after| *id > after);
    let first = ended.partition_point(|id| !later(id));
    let held = held.iter().map(|version| version.id).filter(later);
    let ended = ended.iter().skip(first).take(window.limit + 1).copied();
    let mut ids: Vec<VersionId> = held.chain(ended).collect();
    ids.sort_unstable();
    let more = ids.len() > window.limit;
    ids.truncate(window.limit);
    Ok((ids, more))
}

/// `GET /agents/{id}/versions/{version}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let unknown = || Problem::unknown("a version of this agent");
    let id = VersionId::parse(call.param("version")).map_err(|_| unknown())?;
    let agent = {
        let state = call.api.broker.records.state.read();
        let agent = state.registry.agent(call.param("id"));
        let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
        let ended = state.registry.ended_versions(agent.id().as_str());
        let known = agent.versions.iter().any(|version| version.id == id);
        if !known && ended.binary_search(&id).is_err() {
            return Err(unknown());
        }
        agent.clone()
    };
    let version = match find(&agent, id) {
        Some(held) => Some(held.clone()),
        None => history::ended(&call.api.broker.records, agent.id(), vec![id])
            .await?
            .remove(&id),
    };
    let version = version.ok_or_else(unknown)?;
    Ok(Answer::ok(version_shown(&agent, &version)))
}

/// `POST /agents/{id}/versions`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let body: VersionBody = call.read()?;
    call.write(|now| add(now, call.param("id"), body)).await
}

/// `POST /agents/{id}/versions/{version}/certify`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn certified(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let body: CertifyBody = call.read()?;
    call.write(|now| {
        let agent = known(now, call.param("id"))?;
        call.precondition(Some(&etag(&shown(&agent))))?;
        certify(now, call.param("id"), call.param("version"), &body)
    })
    .await
}

/// A new version, a draft.
fn add(now: &Moment<'_>, id: &str, body: VersionBody) -> Result<Plan, Problem> {
    let mut agent = known(now, id)?;
    let mut flaws = Problems::default();
    flaws.require(
        !body.version.is_empty(),
        "/version",
        "expected a version, found an empty text",
    );
    flaws.text("/version", &body.version);
    flaws.text("/digest", body.digest.as_deref().unwrap_or_default());
    flaws.text("/model", body.model.as_deref().unwrap_or_default());
    sound(flaws.0)?;
    if agent.status == Status::Retired {
        let detail = "expected an agent that is not retired, found a retired one";
        return Err(Problem::new(Code::State, detail));
    }
    if agent.drafts().count() >= DRAFTS_MAX {
        let detail = format!(
            "expected an agent with fewer than {DRAFTS_MAX} drafts, found as many; certify one of them, which ends those older than it"
        );
        return Err(Problem::new(Code::State, detail));
    }
    let version = Version {
        id: VersionId(now.broker.records.mint()),
        version: body.version,
        digest: body.digest,
        model: body.model,
        state: VersionState::Draft,
        created_at_ms: now.now_ms,
    };
    let shown = version_shown(&agent, &version);
    agent.versions.push(version);
    let mut plan = put(now, agent)?;
    plan.status = StatusCode::CREATED;
    plan.shown = shown;
    Ok(plan)
}

/// Certifies a version; answers with the agent.
fn certify(now: &Moment<'_>, id: &str, version: &str, body: &CertifyBody) -> Result<Plan, Problem> {
    let agent = known(now, id)?;
    let version = VersionId::parse(version).ok();
    let registry = &now.state.registry;
    let known = |id: &VersionId| {
        let ended = registry.ended_versions(agent.id().as_str());
        find(&agent, *id).is_some() || ended.binary_search(id).is_ok()
    };
    let version = version
        .filter(known)
        .ok_or_else(|| Problem::unknown("a version of this agent"))?;
    let until = times::future_s("/until", &body.until, now.now_ms)?;
    let reason = reason(&body.reason)?;
    let agent = agent.certify(version, until)?;
    let shown = shown(&agent);
    Ok(Plan::new(StatusCode::OK, Change::Agent { agent }, shown).because(reason))
}

fn find(agent: &Agent, id: VersionId) -> Option<&Version> {
    agent.versions.iter().find(|known| known.id == id)
}

/// As the API shows it; `certified_until` is of the current one.
fn version_shown(agent: &Agent, version: &Version) -> Value {
    let certification = match agent.status {
        Status::Active(certification)
        | Status::Suspended {
            was: Some(certification),
        } => Some(certification),
        Status::Draft | Status::Suspended { was: None } | Status::Retired => None,
    };
    let until = certification
        .filter(|certification| certification.version == version.id)
        .map(|certification| times::shown_s(certification.until));
    json!({
        "id": version.id,
        "version": version.version,
        "digest": version.digest,
        "model": version.model,
        "state": version.state,
        "certified_until": until,
        "created_at": times::shown(version.created_at_ms),
    })
}
