//! Stopping agents: suspend, resume, retire.

use super::{known, put_in_state, shown};
use crate::admin::answer::{Answer, etag};
use crate::admin::call::Call;
use crate::admin::problem::Problem;
use crate::app::App;
use axum::Router;
use axum::routing::post;
use locum_core::registry::{Agent, WrongState};
use locum_stores::state::Role;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/agents/{id}/suspend", post(suspend))
        .route("/agents/{id}/resume", post(resume))
        .route("/agents/{id}/retire", post(retire))
}

async fn suspend(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Operator, Agent::suspend).await
}

async fn resume(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Operator, Agent::resume).await
}

async fn retire(call: Call) -> Result<Answer, Problem> {
    step(call, Role::Admin, Agent::retire).await
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
