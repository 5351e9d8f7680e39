//! Issuers of foreign tokens: `/issuers` (contract §12).

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::{Problem, kept, sound};
use super::write::Plan;
use super::{read, times};
use http::StatusCode;
use locum_core::ids::IssuerId;
use locum_core::registry::replace::{Worlds, issuer};
use locum_core::registry::{Issuer, IssuerSpec};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use locum_tokens::keys::JwksCheck;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /issuers`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let id = |issuer: &&Arc<Issuer>| issuer.id.to_string();
    call.page(state.registry.issuers(), id, |issuer| shown(issuer))
}

/// `GET /issuers/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let issuer = state.registry.issuer(call.param("id"));
    let issuer = issuer.ok_or_else(|| Problem::unknown("an issuer"))?;
    Ok(Answer::ok(shown(issuer)))
}

/// `PUT /issuers/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
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
    let current = registry.issuer(id.as_str()).map(|known| &**known);
    let issuer = Issuer::replaced(current, id, spec, now.now_ms).map_err(kept)?;
    let declared = (&issuer.id, &issuer.spec);
    let ours = &now.broker.issuer;
    let flaws = issuer::flaws(Worlds::known(registry), ours, declared, &JwksCheck);
    sound(flaws)?;
    let status = match current {
        Some(_) => StatusCode::OK,
        None => StatusCode::CREATED,
    };
    let shown = shown(&issuer);
    Ok(Plan::new(status, Change::Issuer { issuer }, shown))
}

/// As the API shows it.
fn shown(issuer: &Issuer) -> Value {
    let id = issuer.id.as_str();
    times::declared(json!(issuer.spec), Some(id), issuer.created_at_ms)
}
