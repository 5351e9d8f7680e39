//! `/grants`: a person's standing delegation, made by an administrator
//! (contract §12).

use super::answer::Answer;
use super::call::Call;
use super::problem::{Problem, sound};
use super::times;
use super::write::Plan;
use http::StatusCode;
use locum_core::ids::{GrantId, TargetId};
use locum_core::lineage::LineageKind;
use locum_core::refusal::Code;
use locum_core::registry::replace::grant;
use locum_core::registry::{Grant, GrantSpec, GrantState, GrantView, KeptLineage};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use serde_json::{Value, json};
use std::sync::Arc;

/// Most grants of a person for an agent that are active at once (contract §12):
/// an exchange looks at all of them.
const ACTIVE_MAX: usize = 64;

/// The states as they are filtered by.
const STATES: [&str; 4] = ["active", "used", "expired", "revoked"];

/// `GET /grants`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let (person, agent) = (call.query("person")?, call.query("agent")?);
    let wanted = call.query("state")?;
    if wanted
        .as_deref()
        .is_some_and(|name| !STATES.contains(&name))
    {
        let detail = format!("expected `state` as one of `{}`", STATES.join("`, `"));
        return Err(Problem::new(Code::Invalid, detail));
    }
    let state = call.api.broker.records.state.read();
    let moment = Moment::new(&call.api.broker, &state);
    let asked = |grant: &&Arc<Grant>| {
        person.as_ref().is_none_or(|p| grant.spec.person == *p)
            && agent
                .as_ref()
                .is_none_or(|a| grant.spec.agent.as_str() == a)
            && wanted
                .as_ref()
                .is_none_or(|w| json!(stand(grant, &moment)) == *w)
    };
    let grants = state.registry.grants().filter(asked);
    call.page(
        grants,
        |grant| grant.id.to_string(),
        |grant| show(grant, &moment),
    )
}

/// `GET /grants/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let moment = Moment::new(&call.api.broker, &state);
    let id = GrantId::parse(call.param("id")).ok();
    let grant = id.and_then(|id| state.registry.grant(id));
    let grant = grant.ok_or_else(|| Problem::unknown("a grant"))?;
    Ok(Answer::ok(show(grant, &moment)))
}

/// `POST /grants`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn make(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    if !call.api.grants_by_administrator {
        let detail = "expected `grants.allow_administrator`, found that it is off; set it in locum.toml and restart";
        return Err(Problem::new(Code::GrantsOff, detail));
    }
    let spec: GrantSpec = call.read()?;
    let plan = |moment: &Moment<'_>| {
        let expires_s = expiry(&spec, moment)?;
        room(&spec, moment)?;
        let reason = spec.reason.clone();
        let owner = moment.state.registry.agent(spec.agent.as_str());
        let grant = Grant {
            id: GrantId(moment.broker.records.mint()),
            spec,
            expires_s,
            state: GrantState::Active,
            uses: 0,
            made_by: call.who.name.clone(),
            created_at_ms: moment.now_ms,
            recorded_ms: None,
            owner_key: owner.map(|agent| agent.owner_key(&*moment.state.names)),
            kept: KeptLineage::default(),
        };
        let shown = show(&grant, moment);
        Ok(Plan::new(StatusCode::CREATED, Change::Grant { grant }, shown).because(reason))
    };
    call.write(plan).await
}

/// Checks a grant; its end in Unix seconds.
///
/// # Errors
/// 422 with every flaw.
fn expiry(spec: &GrantSpec, moment: &Moment<'_>) -> Result<u64, Problem> {
    let expires = times::future_s("/expires_at", &spec.expires_at, moment.now_ms);
    let (expires_s, late) = match expires {
        Ok(expires_s) => (expires_s, Vec::new()),
        Err(problem) => (0, problem.flaws),
    };
    let flaws = grant::flaws(spec, &moment.state.registry, late);
    sound(flaws)?;
    Ok(expires_s)
}

/// Whether the person and the agent may have one more.
///
/// # Errors
/// 409 when they have as many as they may.
fn room(spec: &GrantSpec, moment: &Moment<'_>) -> Result<(), Problem> {
    let now_s = moment.now_ms / 1000;
    let known = &moment.state.registry;
    let known = known.active_grants(&spec.person, &spec.agent, None, now_s);
    let active = known.filter(|grant| stand(grant, moment) == GrantView::Active);
    if active.take(ACTIVE_MAX).count() < ACTIVE_MAX {
        return Ok(());
    }
    let detail = format!(
        "expected fewer than {ACTIVE_MAX} active grants of this person for this agent, found {ACTIVE_MAX}; revoke one that is no longer needed, or make one grant for several targets"
    );
    Err(Problem::new(Code::State, detail))
}

/// A grant as it is shown.
fn show(grant: &Grant, moment: &Moment<'_>) -> Value {
    let spec = &grant.spec;
    json!({
        "id": grant.id,
        "state": stand(grant, moment),
        "created_at": times::shown(grant.created_at_ms),
        "person": spec.person,
        "groups": spec.groups,
        "agent": spec.agent,
        "expires_at": spec.expires_at,
        "max_uses": spec.max_uses,
        "uses": grant.uses,
        "max_depth": spec.max_depth,
        "targets": spec.targets,
        "reason": spec.reason,
        "made_by": grant.made_by,
    })
}

/// How it stands: also revoked when whom it was for, or all it leads to, was
/// revoked after it was made (contract §12: finally dead).
fn stand(grant: &Grant, moment: &Moment<'_>) -> GrantView {
    let world = moment.state.world(moment.now_ms);
    let mut targets = grant.spec.targets.iter();
    let ended = |target: &TargetId| {
        let key = world.keys.key(LineageKind::Target, target.as_str());
        world.view.is_revoked(&key, grant.since_ms())
    };
    if world.is_dead(grant.lineage(world.keys)) || targets.all(|at| ended(&at.target)) {
        return GrantView::Revoked;
    }
    grant.view(moment.now_ms / 1000)
}
