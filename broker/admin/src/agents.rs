//! Agents: `/agents` (contract §12).

mod history;
pub mod states;
pub mod versions;

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::{Problem, kept, sound};
use super::write::Plan;
use super::{read, secrets, times};
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::replace::{self, Worlds};
use locum_core::registry::{Agent, AgentSpec};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use locum_tokens::keys::JwksCheck;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /agents`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let id = |agent: &&Arc<Agent>| agent.id().to_string();
    call.page(state.registry.agents(), id, |agent| shown(agent))
}

/// `GET /agents/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let agent = state.registry.agent(call.param("id"));
    let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
    Ok(Answer::ok(shown(agent)))
}

/// `POST /agents`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: AgentSpec = call.read()?;
    call.write(|now| draft(now, spec)).await
}

/// `PUT /agents/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: AgentSpec = read::whole(call.replacement(true)?)?;
    call.write(|now| {
        let current = known(now, call.param("id"))?;
        call.precondition(Some(&etag(&shown(&current))))?;
        let agent = Agent::replaced(Some(&current), spec, now.now_ms).map_err(kept)?;
        sound(flaws(now, &agent.spec))?;
        its_own(now, &agent.spec)?;
        let no_secret = !secrets::takes(&agent.spec.auth) && secrets::takes(&current.spec.auth);
        let mut plan = put(now, agent)?;
        if no_secret {
            // A method that is taken away and given back starts without old secrets.
            plan.changes.push(Change::Secrets {
                client: call.param("id").to_owned(),
                hashes: Vec::new(),
            });
        }
        Ok(plan)
    })
    .await
}

/// A new agent, a draft.
fn draft(now: &Moment<'_>, spec: AgentSpec) -> Result<Plan, Problem> {
    let registry = &now.state.registry;
    if registry.client_id_taken(spec.id.as_str()) {
        return Err(Problem::taken());
    }
    sound(flaws(now, &spec))?;
    its_own(now, &spec)?;
    let first = secrets::first(now, spec.id.as_str(), &spec.auth);
    let mut plan = put(now, Agent::new(spec, now.now_ms))?;
    plan.status = StatusCode::CREATED;
    if let Some((change, secret)) = first {
        plan.changes.push(change);
        plan.secret = Some(("client_secret", secret));
    }
    Ok(plan)
}

/// The agent of that id.
fn known(now: &Moment<'_>, id: &str) -> Result<Agent, Problem> {
    let agent = now.state.registry.agent(id);
    let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
    Ok((**agent).clone())
}

/// Puts an agent, if it is small enough to be put again in any state.
fn put(now: &Moment<'_>, agent: Agent) -> Result<Plan, Problem> {
    let before = now.state.registry.agent(agent.id().as_str());
    if let Some(found) = replace::agent::too_large(before.map(|before| &**before), &agent) {
        return Err(Problem::new(Code::Invalid, found));
    }
    Ok(put_in_state(agent))
}

/// What is wrong with a registration among what is known.
fn flaws(now: &Moment<'_>, spec: &AgentSpec) -> Vec<locum_core::registry::FieldProblem> {
    replace::agent::flaws(Worlds::known(&now.state.registry), spec, &JwksCheck)
}

fn its_own(now: &Moment<'_>, spec: &AgentSpec) -> Result<(), Problem> {
    let found = replace::agent::not_its_own(&now.state.registry, spec);
    found.map_or(Ok(()), |found| Err(Problem::new(Code::State, found)))
}

/// Puts an agent whose state alone changed.
fn put_in_state(agent: Agent) -> Plan {
    let shown = shown(&agent);
    Plan::new(StatusCode::OK, Change::Agent { agent }, shown)
}

/// As the API shows it.
fn shown(agent: &Agent) -> Value {
    let mut out = json!(agent.spec);
    if let Some(members) = out.as_object_mut() {
        members.insert("state".into(), agent.status.name().into());
        let created_at = times::shown(agent.created_at_ms);
        members.insert("created_at".into(), created_at.into());
    }
    out
}
