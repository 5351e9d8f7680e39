//! Credentials of this API: `/credentials` (contract §12).

use super::answer::{Answer, etag};
use super::call::{Call, role_name};
use super::problem::Problem;
use super::times;
use super::write::Plan;
use http::StatusCode;
use locum_core::ids::CredentialId;
use locum_core::refusal::Code;
use locum_core::registry::Problems;
use locum_engine::moment::Moment;
use locum_stores::state::{AdminCredential, Change, Role};
use locum_tokens::secrets::generate;
use serde::Deserialize;
use serde_json::{Value, json};

/// `POST /credentials`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialWish {
    role: Role,
    name: String,
    #[serde(default)]
    expires_at: Option<String>,
}

/// `GET /credentials`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let now_ms = call.api.broker.records.clock.now_ms();
    call.page(
        state.credentials.values(),
        |credential| credential.id.to_string(),
        |credential| shown(credential, now_ms),
    )
}

/// `GET /credentials/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let id = CredentialId::parse(call.param("id")).ok();
    let credential = id.and_then(|id| state.credentials.get(&id));
    let credential = credential.ok_or_else(|| Problem::unknown("a credential"))?;
    Ok(Answer::ok(shown(
        credential,
        call.api.broker.records.clock.now_ms(),
    )))
}

/// `POST /credentials`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let body: CredentialWish = call.read()?;
    call.write(|now| {
        let expires_s = body
            .expires_at
            .map(|at| times::future_s("/expires_at", &at, now.now_ms))
            .transpose()?;
        new(now, (body.role, &body.name), expires_s)
    })
    .await
}

/// `POST /credentials/{id}/revoke`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn revoke(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let reason = call.reason(false)?;
    call.write(|now| {
        let id = CredentialId::parse(call.param("id")).ok();
        let credential = id.and_then(|id| now.state.credentials.get(&id));
        let credential = credential.ok_or_else(|| Problem::unknown("a credential"))?;
        call.precondition(Some(&etag(&shown(credential, now.now_ms))))?;
        if credential.revoked {
            let detail = "expected a credential that is not revoked, found a revoked one";
            return Err(Problem::new(Code::State, detail));
        }
        let mut after = credential.clone();
        after.revoked = true;
        let change = Change::CredentialRevoked { id: credential.id };
        let shown = shown(&after, now.now_ms);
        Ok(Plan::new(StatusCode::OK, change, shown).because(reason))
    })
    .await
}

/// A new credential, whose token names it.
fn new(
    now: &Moment<'_>,
    (role, name): (Role, &str),
    expires_s: Option<u64>,
) -> Result<Plan, Problem> {
    let mut flaws = Problems::default();
    flaws.text("/name", name);
    flaws.require(!name.trim().is_empty(), "/name", "expected a name");
    if !flaws.0.is_empty() {
        return Err(Problem::invalid(flaws.0));
    }
    let id = CredentialId(now.broker.records.mint());
    let token = format!("{id}.{}", generate(now.broker.records.random.bytes()));
    let credential = AdminCredential {
        id,
        name: name.to_owned(),
        role,
        expires_s,
        created_at_ms: now.now_ms,
        revoked: false,
        hash: now.broker.records.vault.hash(&token, None).hash,
    };
    let shown = shown(&credential, now.now_ms);
    let mut plan = Plan::new(
        StatusCode::CREATED,
        Change::Credential { credential },
        shown,
    );
    plan.secret = Some(("token", token));
    Ok(plan)
}

/// As the API shows it: never its hash.
fn shown(credential: &AdminCredential, now_ms: u64) -> Value {
    let expired = credential.expires_s.is_some_and(|end| end <= now_ms / 1000);
    let state = match (credential.revoked, expired) {
        (true, _) => "revoked",
        (false, true) => "expired",
        (false, false) => "active",
    };
    json!({
        "id": credential.id,
        "name": credential.name,
        "role": role_name(credential.role),
        "expires_at": credential.expires_s.map(times::shown_s),
        "state": state,
        "created_at": times::shown(credential.created_at_ms),
    })
}
