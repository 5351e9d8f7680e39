//! Clients that are no agents: `/clients` (contract §12).

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::{Problem, kept, sound};
use super::write::Plan;
use super::{read, secrets, times};
use http::StatusCode;
use locum_core::registry::replace::{Worlds, client};
use locum_core::registry::{Client, ClientSpec};
use locum_engine::moment::Moment;
use locum_stores::state::{Change, Role};
use locum_tokens::keys::JwksCheck;
use serde_json::{Value, json};
use std::sync::Arc;

/// `GET /clients`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let id = |client: &&Arc<Client>| client.spec.id.to_string();
    call.page(state.registry.clients(), id, |client| shown(client))
}

/// `GET /clients/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.api.broker.records.state.read();
    let client = state.registry.client(call.param("id"));
    let client = client.ok_or_else(|| Problem::unknown("a client"))?;
    Ok(Answer::ok(shown(client)))
}

/// `POST /clients`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: ClientSpec = call.read()?;
    call.write(|now| new(now, spec)).await
}

/// `PUT /clients/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: ClientSpec = read::whole(call.replacement(true)?)?;
    call.write(|now| {
        let client = now.state.registry.client(call.param("id"));
        let client = client.ok_or_else(|| Problem::unknown("a client"))?;
        call.precondition(Some(&etag(&shown(client))))?;
        sound(flaws(now, &spec))?;
        let no_secret = !secrets::takes(&spec.auth) && secrets::takes(&client.spec.auth);
        let client = Client::replaced(Some(client), spec, now.now_ms).map_err(kept)?;
        let shown = shown(&client);
        let mut plan = Plan::new(StatusCode::OK, Change::Client { client }, shown);
        if no_secret {
            plan.changes.push(Change::Secrets {
                client: call.param("id").to_owned(),
                hashes: Vec::new(),
            });
        }
        Ok(plan)
    })
    .await
}

/// A new client.
fn new(now: &Moment<'_>, spec: ClientSpec) -> Result<Plan, Problem> {
    if now.state.registry.client_id_taken(spec.id.as_str()) {
        return Err(Problem::taken());
    }
    sound(flaws(now, &spec))?;
    let first = secrets::first(now, spec.id.as_str(), &spec.auth);
    let client = Client::replaced(None, spec, now.now_ms).map_err(kept)?;
    let shown = shown(&client);
    let mut plan = Plan::new(StatusCode::CREATED, Change::Client { client }, shown);
    if let Some((change, secret)) = first {
        plan.changes.push(change);
        plan.secret = Some(("client_secret", secret));
    }
    Ok(plan)
}

/// What is wrong with a client.
fn flaws(now: &Moment<'_>, spec: &ClientSpec) -> Vec<locum_core::registry::FieldProblem> {
    client::flaws(Worlds::known(&now.state.registry), spec, &JwksCheck)
}

/// As the API shows it.
fn shown(client: &Client) -> Value {
    times::declared(json!(client.spec), None, client.created_at_ms)
}
