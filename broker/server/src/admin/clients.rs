//! Clients that are no agents: `/clients` (contract §12).

use super::answer::{Answer, etag};
use super::call::Call;
use super::problem::Problem;
use super::write::{Moment, Plan};
use super::{read, secrets, times};
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::{Client, ClientSpec, Problem as Flaw, Problems};
use locum_stores::state::{Change, Role};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn list(call: Call) -> Result<Answer, Problem> {
    let state = call.app.broker.records.state.read();
    let id = |client: &&Arc<Client>| client.spec.id.to_string();
    call.page(state.registry.clients(), id, |client| shown(client))
}

pub(crate) async fn show(call: Call) -> Result<Answer, Problem> {
    let state = call.app.broker.records.state.read();
    let client = state.registry.client(call.param("id"));
    let client = client.ok_or_else(|| Problem::unknown("a client"))?;
    Ok(Answer::ok(shown(client)))
}

pub(crate) async fn create(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: ClientSpec = call.read()?;
    call.write(|now| new(now, spec)).await
}

pub(crate) async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let spec: ClientSpec = read::whole(call.replacement(true)?)?;
    call.write(|now| {
        let client = now.state.registry.client(call.param("id"));
        let client = client.ok_or_else(|| Problem::unknown("a client"))?;
        call.precondition(Some(&etag(&shown(client))))?;
        if spec != client.spec {
            sound(&spec)?;
        }
        if spec.kind != client.spec.kind {
            // Targets and agents rely on what it is for.
            let detail = "expected the `kind` the client has, found another; take a new id";
            return Err(Problem::new(Code::State, detail));
        }
        let no_secret = !secrets::takes(&spec.auth) && secrets::takes(&client.spec.auth);
        let client = Client {
            spec,
            created_at_ms: client.created_at_ms,
        };
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
    sound(&spec)?;
    let first = secrets::first(now, spec.id.as_str(), &spec.auth);
    let client = Client {
        spec,
        created_at_ms: now.now_ms,
    };
    let shown = shown(&client);
    let mut plan = Plan::new(StatusCode::CREATED, Change::Client { client }, shown);
    if let Some((change, secret)) = first {
        plan.changes.push(change);
        plan.secret = Some(("client_secret", secret));
    }
    Ok(plan)
}

fn sound(spec: &ClientSpec) -> Result<(), Problem> {
    let flaws = flaws(spec);
    if flaws.is_empty() {
        return Ok(());
    }
    Err(Problem::invalid(flaws))
}

/// What is wrong with a client.
pub(super) fn flaws(spec: &ClientSpec) -> Vec<Flaw> {
    let mut flaws = Problems(spec.problems());
    secrets::check(&spec.auth, &mut flaws);
    flaws.0
}

/// As the API shows it.
fn shown(client: &Client) -> Value {
    times::declared(json!(client.spec), None, client.created_at_ms)
}
