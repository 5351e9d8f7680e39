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
use locum_engine::issuer_keys::{IssuerReport, ReportedKey};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use locum_tokens::keys::{JwksCheck, LeftOutKey};
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
    Ok(Answer::ok(shown(&*known(&call)?)))
}

/// `GET /issuers/{id}/keys`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn keys(call: Call) -> Result<Answer, Problem> {
    let issuer = known(&call)?;
    let report = call.api.broker.issuer_keys.report(&issuer);
    Ok(Answer::ok(reported(&report)))
}

/// `POST /issuers/{id}/test`.
///
/// Fetches the keys now; runs anew under the same `Idempotency-Key`. It changes
/// nothing that is on record.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn test(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Operator)?;
    call.reason(false)?;
    let issuer = known(&call)?;
    let (fetched, report) = call.api.broker.issuer_keys.test(&issuer).await;
    let mut shown = reported(&report);
    if let Some(members) = shown.as_object_mut() {
        members.insert("fetched".into(), json!(fetched));
    }
    Ok(Answer::ok(shown))
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

/// The issuer that the path names.
fn known(call: &Call) -> Result<Arc<Issuer>, Problem> {
    let state = call.api.broker.records.state.read();
    let issuer = state.registry.issuer(call.param("id")).cloned();
    issuer.ok_or_else(|| Problem::unknown("an issuer"))
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

/// What is known of its keys.
fn reported(report: &IssuerReport) -> Value {
    let time = |at_s: Option<u64>| at_s.map(|at_s| times::shown(at_s.saturating_mul(1_000)));
    let used = |key: &ReportedKey| json!({ "kid": key.kid, "alg": key.alg });
    let unused = |key: &LeftOutKey| {
        let (reason, detail) = (key.flaw.label(), key.flaw.to_string());
        json!({ "kid": key.kid(), "reason": reason, "detail": detail })
    };
    let problem = report.trouble.as_ref().map(|trouble| {
        json!({ "reason": trouble.reason, "detail": trouble.detail,
                "setting": trouble.setting, "next": trouble.next })
    });
    json!({
        "source": report.source,
        "jwks_uri": report.jwks_uri,
        "fetched_at": time(report.fetched_s),
        "tried_at": time(report.tried_s),
        "keys": report.keys.iter().map(used).collect::<Vec<_>>(),
        "left_out": report.left_out.iter().map(unused).collect::<Vec<_>>(),
        "problem": problem,
    })
}

/// As the API shows it.
fn shown(issuer: &Issuer) -> Value {
    let id = issuer.id.as_str();
    times::declared(json!(issuer.spec), Some(id), issuer.created_at_ms)
}
