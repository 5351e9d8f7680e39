//! Versions of agents, and their certification.

use super::{known, put, shown};
use crate::admin::answer::{Answer, etag};
use crate::admin::call::Call;
use crate::admin::problem::Problem;
use crate::admin::times;
use crate::admin::write::{Moment, Plan, reason};
use crate::app::App;
use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use locum_core::ids::VersionId;
use locum_core::refusal::Code;
use locum_core::registry::{Agent, Problems, Status, Version, VersionState};
use locum_stores::state::{Change, Role};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/agents/{id}/versions", get(list).post(create))
        .route("/agents/{id}/versions/{version}", get(show))
        .route("/agents/{id}/versions/{version}/certify", post(certified))
}

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

async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.app.state.read();
    let agent = state.registry.agent(call.param("id"));
    let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
    let mut versions: Vec<&Version> = agent.versions.iter().collect();
    versions.sort_by_key(|version| version.id);
    call.page(
        versions.into_iter(),
        |version| version.id.to_string(),
        |version| version_shown(agent, version),
    )
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.app.state.read();
    let agent = state.registry.agent(call.param("id"));
    let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
    let version = find(agent, call.param("version"))?;
    Ok(Answer::ok(version_shown(agent, version)))
}

async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let body: VersionBody = call.read()?;
    call.write(|now| add(now, call.param("id"), body)).await
}

async fn certified(call: Call) -> Result<Answer, Problem> {
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
    super::sound(flaws.0)?;
    if agent.status == Status::Retired {
        let detail = "expected an agent that is not retired, found a retired one";
        return Err(Problem::new(Code::State, detail));
    }
    let version = Version {
        id: VersionId(now.app.mint()),
        version: body.version,
        digest: body.digest,
        model: body.model,
        state: VersionState::Draft,
        created_at_ms: now.now_ms,
    };
    let shown = version_shown(&agent, &version);
    agent.versions.push(version);
    let mut plan = put(agent)?;
    plan.status = StatusCode::CREATED;
    plan.shown = shown;
    Ok(plan)
}

/// Certifies a version; answers with the agent.
fn certify(now: &Moment<'_>, id: &str, version: &str, body: &CertifyBody) -> Result<Plan, Problem> {
    let agent = known(now, id)?;
    let version = find(&agent, version)?.id;
    let until = times::future_s("/until", &body.until, now.now_ms)?;
    let reason = reason(&body.reason)?;
    let agent = agent.certify(version, until)?;
    let shown = shown(&agent);
    Ok(Plan::new(StatusCode::OK, Change::Agent { agent }, shown).because(reason))
}

fn find<'a>(agent: &'a Agent, id: &str) -> Result<&'a Version, Problem> {
    let id = VersionId::parse(id).ok();
    let found = agent.versions.iter().find(|known| Some(known.id) == id);
    found.ok_or_else(|| Problem::unknown("a version of this agent"))
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
