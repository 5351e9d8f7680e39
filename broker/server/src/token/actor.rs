//! Who acts (contract §6): the actor token's agent if one is sent, else the
//! authenticated client.

use super::Request;
use super::foreign::{self, Foreign, SentAs};
use super::own;
use super::parse::{self, ActorType};
use super::slot::Slot;
use crate::app::App;
use crate::oauth::client_auth::{Proven, rejected};
use crate::oauth::form::Form;
use crate::oauth::waiting::Waiter;
use locum_core::lineage::Keyed;
use locum_core::own::OwnToken;
use locum_core::proof::{ActorProof, Authenticated};
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::{Agent, Issuer, Status};
use locum_core::token::{Claims, Verified};
use std::sync::Arc;

/// The authenticated client as the actor.
///
/// # Errors
/// `LCM-CLIENT-NOT-ALLOWED` when it is no agent.
pub(crate) fn client_itself(request: &Request<'_>) -> Result<ActorProof, Refusal> {
    ActorProof::from_client(&request.client.client, &request.app.issuer)
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
    let app = request.app;
    match kind {
        ActorType::Jwt => {
            let Foreign { token, issuer, .. } =
                foreign::accept((app, request.waiter), text, SentAs::ActorJwt).await?;
            let agent = agent_of(app, &issuer, &token).ok_or_else(no_agent)?;
            let world = (&app.issuer, &app.names as &dyn Keyed);
            ActorProof::from_workload(agent, &issuer.id, &token, client, world)
        }
        ActorType::AccessToken => {
            let verified = own::verified_in(app, text, Slot::Actor)?;
            let token = OwnToken::read(&verified, &app.issuer).map_err(|found| {
                Slot::Actor.refusal(&format!("expected an actor token of ours, found {found}"))
            })?;
            let (recalled, signed_by) = own::known(app, &token, verified.kid(), Slot::Actor)?;
            let agent = app.state.read().registry.agent(&token.sub).cloned();
            let recorded = (&recalled.recall.lineage, signed_by);
            ActorProof::from_own(
                agent.ok_or_else(no_agent)?,
                &token,
                recorded,
                client,
                &app.issuer,
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

/// The agent that a workload token is of; registrations never overlap.
pub(crate) fn agent_of(app: &App, issuer: &Issuer, token: &Verified<Claims>) -> Option<Arc<Agent>> {
    let state = app.state.read();
    let mut agents = state
        .registry
        .agents_of_workload(&issuer.id, &token.get().sub);
    agents
        .find(|agent| agent.status != Status::Retired && agent.is_workload(&issuer.id, token))
        .cloned()
}

/// A request without client credentials: a workload token may be the only
/// proof, where its agent allows it (contract §11). A token of ours never is.
///
/// # Errors
/// `LCM-CLIENT-AUTH`, one text for every cause.
pub(crate) async fn only_proof(
    (app, waiter): (&App, &Waiter),
    form: &Form,
) -> Result<Proven, Refusal> {
    let Ok(Some((text, ActorType::Jwt))) = parse::actor(form) else {
        return Err(rejected());
    };
    let sent = foreign::accept((app, waiter), text, SentAs::ActorJwt).await;
    let Foreign { token, issuer, .. } = sent.map_err(|refusal| {
        if refusal.code == Code::Unavailable {
            refusal
        } else {
            rejected()
        }
    })?;
    let agent = agent_of(app, &issuer, &token).ok_or_else(rejected)?;
    let named = form
        .get("client_id")
        .is_none_or(|id| id == agent.spec.id.as_str());
    let client = Authenticated::by_workload(agent, &issuer.id, &token)
        .filter(|_| named)
        .ok_or_else(rejected)?;
    let issued_ms = token.get().iat.map(|s| s.saturating_mul(1000));
    Ok(Proven {
        client,
        issued_ms,
        mark: None,
    })
}
