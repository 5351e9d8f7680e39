//! Issuers of foreign tokens: `/issuers` (contract §12).

mod check;

pub(super) use check::among;

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::Problem;
use super::write::{Moment, Plan};
use super::{read, times};
use http::StatusCode;
use locum_core::ids::IssuerId;
use locum_core::refusal::Code;
use locum_core::registry::{Issuer, IssuerSpec};
use locum_stores::state::{Change, Role};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.app.broker.records.state.read();
    let id = |issuer: &&Arc<Issuer>| issuer.id.to_string();
    call.page(state.registry.issuers(), id, |issuer| shown(issuer))
}

pub(crate) async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.app.broker.records.state.read();
    let issuer = state.registry.issuer(call.param("id"));
    let issuer = issuer.ok_or_else(|| Problem::unknown("an issuer"))?;
    Ok(Answer::ok(shown(issuer)))
}

pub(crate) async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let members = call.replacement(false)?;
    let id = id(call.param("id"))?;
    let spec: IssuerSpec = read::whole(members)?;
    call.write(|now| {
        let current = now.state.registry.issuer(call.param("id"));
        let current = current.map(|issuer| etag(&shown(issuer)));
        call.precondition(current.as_deref())?;
        put(now, id, spec)
    })
    .await
}

/// An issuer's id.
fn id(text: &str) -> Result<IssuerId, Problem> {
    IssuerId::parse(text).map_err(|flaw| Problem::at("/id", flaw.to_string()))
}

/// Puts an issuer: 201 when it is new, else 200.
fn put(now: &Moment<'_>, id: IssuerId, spec: IssuerSpec) -> Result<Plan, Problem> {
    let registry = &now.state.registry;
    let current = registry.issuer(id.as_str());
    let turned = current
        .is_some_and(|issuer| issuer.spec.issuer != spec.issuer || issuer.spec.role != spec.role);
    if turned {
        let detail = "expected the `issuer` and `role` the issuer has, found others; take a new id";
        return Err(Problem::new(Code::State, detail));
    }
    let mut flaws = check::flaws(registry, &now.app.broker.issuer, &id, &spec);
    flaws.extend(Issuer::reserved(&id, current.map(|known| &**known)));
    if !flaws.is_empty() {
        return Err(Problem::invalid(flaws));
    }
    let (status, created_at_ms) = match current {
        Some(issuer) => (StatusCode::OK, issuer.created_at_ms),
        None => (StatusCode::CREATED, now.now_ms),
    };
    let issuer = Issuer {
        id,
        spec,
        created_at_ms,
    };
    let shown = shown(&issuer);
    Ok(Plan::new(status, Change::Issuer { issuer }, shown))
}

/// As the API shows it.
fn shown(issuer: &Issuer) -> Value {
    let id = issuer.id.as_str();
    times::declared(json!(issuer.spec), Some(id), issuer.created_at_ms)
}
