//! Client secrets of agents and clients, and the keys beside them.

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::write::Plan;
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::{AuthMethod, Status};
use locum_engine::moment::Moment;
use locum_engine::secrets::{LIVE_MAX, OVERLAP_MAX, overlapping};
use locum_stores::state::{Change, Role};
use locum_tokens::secrets::generate;
use serde::Deserialize;
use serde_json::json;

/// `POST …/secrets`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    #[serde(default)]
    overlap_seconds: u64,
}

/// `POST /agents/{id}/secrets`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn of_agent(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let renewal = renewal(&call)?;
    call.write(|now| {
        let agent = now.state.registry.agent(call.param("id"));
        let agent = agent.ok_or_else(|| Problem::unknown("an agent"))?;
        if agent.status == Status::Retired {
            let detail = "expected an agent that is not retired, found a retired one";
            return Err(Problem::new(Code::State, detail));
        }
        renew(now, agent.id().as_str(), &agent.spec.auth, &renewal)
    })
    .await
}

/// `POST /clients/{id}/secrets`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn of_client(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let renewal = renewal(&call)?;
    call.write(|now| {
        let client = now.state.registry.client(call.param("id"));
        let client = client.ok_or_else(|| Problem::unknown("a client"))?;
        renew(now, client.spec.id.as_str(), &client.spec.auth, &renewal)
    })
    .await
}

fn renewal(call: &Call) -> Result<Renewal, Problem> {
    let renewal: Renewal = call.read()?;
    if renewal.overlap_seconds > OVERLAP_MAX {
        return Err(Problem::at(
            "/overlap_seconds",
            format!("expected 0 to {OVERLAP_MAX} seconds"),
        ));
    }
    Ok(renewal)
}

/// A new secret; those before it end after the overlap, at once without one.
fn renew(
    now: &Moment<'_>,
    client: &str,
    auth: &[AuthMethod],
    renewal: &Renewal,
) -> Result<Plan, Problem> {
    if !takes(auth) {
        let detail = "expected a client whose `auth` has `client_secret`, found another";
        return Err(Problem::new(Code::State, detail));
    }
    let known = now.state.secrets.get(client);
    let known = known.map(Vec::as_slice).unwrap_or_default();
    let mut hashes = overlapping(known, now.now_ms / 1000, renewal.overlap_seconds);
    if hashes.len() >= LIVE_MAX {
        let detail = format!("expected fewer than {LIVE_MAX} secrets that live, found as many");
        return Err(Problem::new(Code::State, detail));
    }
    let secret = generate(now.broker.records.random.bytes());
    hashes.push(now.broker.records.vault.hash(&secret, None));
    let change = Change::Secrets {
        client: client.to_owned(),
        hashes,
    };
    let mut plan = Plan::new(StatusCode::CREATED, change, json!({}));
    plan.secret = Some(("client_secret", secret));
    Ok(plan)
}

/// The first secret of a new client whose methods have one.
pub(super) fn first(
    now: &Moment<'_>,
    client: &str,
    auth: &[AuthMethod],
) -> Option<(Change, String)> {
    if !takes(auth) {
        return None;
    }
    let secret = generate(now.broker.records.random.bytes());
    let change = Change::Secrets {
        client: client.to_owned(),
        hashes: vec![now.broker.records.vault.hash(&secret, None)],
    };
    Some((change, secret))
}

/// Whether a client's methods have a secret.
pub(super) fn takes(auth: &[AuthMethod]) -> bool {
    auth.iter()
        .any(|method| matches!(method, AuthMethod::ClientSecret {}))
}
