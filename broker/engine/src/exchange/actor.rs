//! Who acts (contract §6): the actor token's agent if one is sent, else the
//! authenticated client.

use super::foreign::{self, SentAs};
use super::kept::Foreign;
use super::own;
use super::parse::{self, ActorType};
use super::request::Request;
use super::seen;
use super::slot::Slot;
use crate::broker::Broker;
use crate::oauth::client_auth::rejected;
use crate::oauth::form::Form;
use crate::oauth::proven::Proven;
use crate::oauth::waiting::Waiter;
use locum_core::ids::AgentId;
use locum_core::own::OwnToken;
use locum_core::proof::{ActorProof, Authenticated};
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::{Agent, Issuer, Status};
use locum_core::token::{Claims, Unverified, Verified};
use std::sync::Arc;

/// The authenticated client as the actor.
///
/// # Errors
/// `LCM-CLIENT-NOT-ALLOWED` when it is no agent.
pub(crate) fn client_itself(request: &Request<'_>) -> Result<ActorProof, Refusal> {
    ActorProof::from_client(&request.client.client, request.broker.ours())
}

/// The actor by the token that was sent for it.
///
/// # Errors
/// `LCM-ACTOR-INVALID`, `LCM-ACTOR-MISMATCH`, `LCM-UNAVAILABLE`.
pub(crate) async fn by_token(
    request: &Request<'_>,
    token: (&str, ActorType),
) -> Result<ActorProof, Refusal> {
    let (text, kind) = token;
    let client = &request.client.client;
    let broker = request.broker;
    match kind {
        ActorType::Jwt => {
            let found = foreign::accept((broker, request.waiter), text, SentAs::ActorJwt).await?;
            let agent = agent_of(broker, &found.issuer, &found.token).ok_or_else(no_agent)?;
            let seen_ms = request.first_seen(text, &found).await?;
            let Foreign { token, issuer, .. } = found;
            ActorProof::from_workload(agent, &issuer.id, &token, seen_ms, client, broker.ours())
        }
        ActorType::AccessToken => {
            let verified = own::verified_in(broker, text, Slot::Actor)?;
            let token = OwnToken::read(&verified, &broker.issuer).map_err(|found| {
                Slot::Actor.refusal(&format!("expected an actor token of ours, found {found}"))
            })?;
            let (recalled, signed_by) =
                own::known(broker, &token, verified.kid(), Slot::Actor).await?;
            let agent = broker
                .records
                .state
                .read()
                .registry
                .agent(&token.sub)
                .cloned();
            let recorded = (&recalled.recall.lineage, signed_by);
            ActorProof::from_own(
                agent.ok_or_else(no_agent)?,
                &token,
                recorded,
                client,
                broker.ours(),
            )
        }
    }
}

fn no_agent() -> Refusal {
    Refusal::new(
        Code::ActorInvalid,
        "expected a workload token that matches a registered agent, found one that matches none; register its exact sub with the agent",
    )
}

/// Whose a verified workload token is.
pub(crate) enum Known {
    /// An agent's; registrations never overlap.
    Agent(Arc<Agent>),
    /// Nobody's now: the identity was that agent's, and was not released.
    Former(AgentId),
    /// No agent's, then or now.
    Nobody,
}

/// Whose a verified workload token is, by one state of what is known.
pub(crate) fn known(broker: &Broker, issuer: &Issuer, token: &Verified<Claims>) -> Known {
    let state = broker.records.state.read();
    let (registry, claims) = (&state.registry, token.get());
    let mut agents = registry.agents_of_workload(&issuer.id, &claims.sub);
    let its = |agent: &&Arc<Agent>| {
        agent.status != Status::Retired && agent.is_workload(&issuer.id, token)
    };
    if let Some(agent) = agents.find(its) {
        return Known::Agent(agent.clone());
    }
    let mut former = registry.former_workloads_with(&issuer.id, &claims.sub);
    match former.find(|(_, workload)| workload.fits(claims)) {
        Some((agent, _)) => Known::Former(agent.clone()),
        None => Known::Nobody,
    }
}

/// The agent that a workload token is of.
pub(crate) fn agent_of(
    broker: &Broker,
    issuer: &Issuer,
    token: &Verified<Claims>,
) -> Option<Arc<Agent>> {
    match known(broker, issuer, token) {
        Known::Agent(agent) => Some(agent),
        Known::Former(_) | Known::Nobody => None,
    }
}

/// Whether the issuer that a token names has an agent whose token may be the only
/// proof. For others no caller that is not authenticated has keys fetched.
fn may_authenticate(broker: &Broker, text: &str) -> bool {
    let Ok(unverified) = Unverified::parse(text, broker.bounds.token_bytes) else {
        return false;
    };
    let Some(issuer) = foreign::issuer_unverified(broker, &unverified) else {
        return false;
    };
    let state = broker.records.state.read();
    let mut its = state.registry.agents_of_issuer(&issuer.id);
    its.any(|agent| agent.spec.actor_token_authenticates && agent.status != Status::Retired)
}

/// A request without client credentials: a workload token may be the only
/// proof, where its agent allows it (contract §11). A token of ours never is.
///
/// # Errors
/// `LCM-CLIENT-AUTH`, one text for every cause.
pub(crate) async fn only_proof(
    (broker, waiter): (&Broker, &Waiter),
    form: &Form,
) -> Result<Proven, Refusal> {
    let Ok(Some((text, ActorType::Jwt))) = parse::actor(form) else {
        return Err(rejected());
    };
    if !may_authenticate(broker, text) {
        return Err(rejected());
    }
    // That keys cannot be had is no exception: it would tell whom Locum trusts.
    let sent = foreign::accept((broker, waiter), text, SentAs::ActorJwt).await;
    let found = sent.map_err(|refusal| Refusal {
        detail: refusal.detail,
        ..rejected()
    })?;
    let Foreign { token, issuer, .. } = &found;
    let agent = agent_of(broker, issuer, token).ok_or_else(rejected)?;
    let named = form
        .get("client_id")
        .is_none_or(|id| id == agent.spec.id.as_str());
    let first = seen::first(broker, text, &found).await?;
    let client = Authenticated::by_workload(agent, &issuer.id, token, first.ms)
        .filter(|_| named)
        .ok_or_else(rejected)?;
    Ok(Proven {
        client,
        mark: None,
        seen: first.mark,
    })
}
