//! Stopping agents: suspend, resume, retire; and giving up what they were.

use super::{known, put_in_state, shown};
use crate::answer::{Answer, etag};
use crate::call::Call;
use crate::problem::Problem;
use crate::write::Plan;
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::{Agent, WrongState};
use locum_stores::state::{Change, Role};

/// `POST /agents/{id}/suspend`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn suspend(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Operator, Agent::suspend).await
}

/// `POST /agents/{id}/resume`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn resume(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Operator, Agent::resume).await
}

/// `POST /agents/{id}/retire`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn retire(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Admin, Agent::retire).await
}

/// `POST /agents/{id}/workload/release`.
///
/// What was the agent's workload identity may be another's, or nobody's.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn release(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let reason = call.reason(true)?;
    call.write(|now| {
        let agent = known(now, call.param("id"))?;
        let shown = shown(&agent);
        call.precondition(Some(&etag(&shown)))?;
        let id = agent.id().clone();
        if now.state.registry.former_workloads(id.as_str()).is_empty() {
            let detail = "expected an agent with a former workload identity, found one that has none to release";
            return Err(Problem::new(Code::State, detail));
        }
        let change = Change::WorkloadReleased { agent: id };
        Ok(Plan::new(StatusCode::OK, change, shown).because(reason))
    })
    .await
}

async fn step(
    call: Call,
    role: Role,
    transition: fn(Agent) -> Result<Agent, WrongState>,
) -> Result<Answer, Problem> {
    call.require(role)?;
    let reason = call.reason(true)?;
    call.write(|now| {
        let agent = known(now, call.param("id"))?;
        call.precondition(Some(&etag(&shown(&agent))))?;
        Ok(put_in_state(transition(agent)?).because(reason))
    })
    .await
}
