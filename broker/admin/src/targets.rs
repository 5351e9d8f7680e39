//! Targets: `/targets` (contract §12).

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::{Problem, kept, sound};
use super::write::Plan;
use super::{read, times};
use http::StatusCode;
use locum_core::ids::TargetId;
use locum_core::registry::replace::{Worlds, target};
use locum_core::registry::{Target, TargetSpec};
use locum_engine::moment::Moment;
use locum_engine::vendors::Vendors;
use locum_engine::vendors::fit::{FitResult, FitStep, fit};
use locum_stores::state::{Change, Role};
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /targets`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let (state, vendors) = (
        call.api.broker.records.state.read(),
        &call.api.broker.vendors,
    );
    let id = |target: &&Arc<Target>| target.id.to_string();
    call.page(state.registry.targets(), id, |target| {
        shown(vendors, target)
    })
}

/// `GET /targets/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let target = state.registry.target(call.param("id"));
    let target = target.ok_or_else(|| Problem::unknown("a target"))?;
    Ok(Answer::ok(shown(&call.api.broker.vendors, target)))
}

/// `POST /targets/{id}/test`.
///
/// Tries it now, without a person; runs anew under the same `Idempotency-Key`. It
/// obtains no credential.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn test(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Operator)?;
    call.reason(false)?;
    let target = {
        let state = call.api.broker.records.state.read();
        state.registry.target(call.param("id")).cloned()
    };
    let target = target.ok_or_else(|| Problem::unknown("a target"))?;
    let steps = fit(&call.api.broker, &target).await;
    let fits = !steps.iter().any(|step| step.result == FitResult::Failed);
    let steps: Vec<Value> = steps.iter().map(step).collect();
    Ok(Answer::ok(json!({ "fits": fits, "steps": steps })))
}

fn step(step: &FitStep) -> Value {
    json!({ "name": step.name, "about": step.about, "result": step.result.as_str(),
            "detail": step.detail, "setting": step.setting, "next": step.next })
}

/// `PUT /targets/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let members = call.replacement(false)?;
    let id = id(call.param("id"))?;
    let spec: TargetSpec = read::whole(members)?;
    let answer = call
        .write(|now| {
            let current = now.state.registry.target(call.param("id"));
            let current = current.map(|target| etag(&shown(&now.broker.vendors, target)));
            call.precondition(current.as_deref())?;
            put(now, id, spec)
        })
        .await?;
    // Its key is published before its first token. The target is declared: without
    // the key the first exchange makes it.
    let broker = &call.api.broker;
    if let Err(error) = broker.ensure_declared_keys().await {
        tracing::warn!(%error, "no signing key for a target's algorithm yet");
    }
    Ok(answer)
}

/// A target's id.
fn id(text: &str) -> Result<TargetId, Problem> {
    TargetId::parse(text).map_err(|flaw| Problem::at("/id", flaw.to_string()))
}

/// Puts a target: 201 when it is new, else 200.
fn put(now: &Moment<'_>, id: TargetId, spec: TargetSpec) -> Result<Plan, Problem> {
    let registry = &now.state.registry;
    let current = registry.target(id.as_str()).map(|known| &**known);
    let target = Target::replaced(current, id, spec, now.now_ms).map_err(kept)?;
    let (ours, worlds) = (&now.broker.issuer, Worlds::known(registry));
    let flaws = target::flaws(
        worlds,
        ours,
        (&target.id, &target.spec),
        &now.broker.vendors.check(),
    );
    sound(flaws)?;
    let status = match current {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let shown = shown(&now.broker.vendors, &target);
    Ok(Plan::new(status, Change::Target { target }, shown))
}

/// As the API shows it: with what its credentials are able to do, and whether any
/// handout of them is safe (contract §15).
fn shown(vendors: &Vendors, target: &Target) -> Value {
    let spec = &target.spec;
    let mut shown = times::declared(json!(spec), Some(target.id.as_str()), target.created_at_ms);
    let Some(members) = shown.as_object_mut() else {
        return shown;
    };
    let mut because = json!([]);
    if let Ok(Some(prepared)) = vendors.prepared(spec) {
        let terms = prepared.terms();
        because = json!(terms.never_safe(&target.catalogue(), spec.max_lifetime));
        members.insert("credential".into(), terms.able.to_json());
    }
    let safe = because == json!([]);
    members.insert(
        "handout".into(),
        json!({ "safe": safe, "because": because }),
    );
    shown
}
