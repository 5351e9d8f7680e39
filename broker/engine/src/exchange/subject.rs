//! On whose behalf, and with whom as actor (contract §5, §6, §8).

use super::actor;
use super::actor::Known;
use super::foreign::{self, SentAs};
use super::kept::Foreign;
use super::own;
use super::parse::{SubjectType, Tokens};
use super::request::{EarlyStop, Request};
use super::slot::Slot;
use locum_core::ids::{AgentId, GrantId, TargetId};
use locum_core::own::OwnToken;
use locum_core::proof::{ActorProof, Caller, Parent, Seen, SubjectProof, mismatch};
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::IssuerRole;

/// Both parties, proven.
///
/// # Errors
/// The check that ended it: `actor` or `subject`.
pub(crate) async fn parties(
    request: &Request<'_>,
    tokens: &Tokens<'_>,
) -> Result<(ActorProof, SubjectProof), EarlyStop> {
    let (text, kind) = tokens.subject;
    if kind == SubjectType::AccessToken {
        return of_ours(request, tokens).await;
    }
    let actor = who_acts(request, tokens)
        .await
        .map_err(EarlyStop::at("actor"))?;
    let subject = match kind {
        SubjectType::IdToken => by_id_token(request, text, &actor).await,
        SubjectType::Jwt => by_jwt(request, text).await,
        SubjectType::Grant => by_grant(request, text, &actor),
        SubjectType::AccessToken => Err(mismatch()),
    };
    Ok((actor, subject.map_err(EarlyStop::at("subject"))?))
}

async fn who_acts(request: &Request<'_>, tokens: &Tokens<'_>) -> Result<ActorProof, Refusal> {
    match tokens.actor {
        Some(token) => actor::by_token(request, token).await,
        None => actor::client_itself(request),
    }
}

/// A person by an ID token.
async fn by_id_token(
    request: &Request<'_>,
    text: &str,
    actor: &ActorProof,
) -> Result<SubjectProof, Refusal> {
    let broker = request.broker;
    let found = foreign::accept((broker, request.waiter), text, SentAs::IdToken).await?;
    let seen = seen(request, text, &found).await?;
    SubjectProof::from_id_token(&found.token, &found.issuer, actor.agent_id(), seen)
}

/// `jwt` means an access token of a person's provider, or a workload's token:
/// the issuer's one role decides.
async fn by_jwt(request: &Request<'_>, text: &str) -> Result<SubjectProof, Refusal> {
    let broker = request.broker;
    let found = foreign::accept((broker, request.waiter), text, SentAs::SubjectJwt).await?;
    let seen = seen(request, text, &found).await?;
    let Foreign { token, issuer, .. } = &found;
    match issuer.spec.role {
        IssuerRole::Subject => SubjectProof::from_access_token(token, issuer, seen),
        IssuerRole::Workload => {
            let agent = match actor::known(broker, issuer, token) {
                Known::Agent(agent) => Some(agent),
                Known::Nobody => None,
                Known::Former(agent) => return Err(former(&agent)),
            };
            SubjectProof::from_workload(token, issuer, agent.as_deref(), seen)
        }
    }
}

async fn seen<'a>(request: &Request<'a>, text: &str, found: &Foreign) -> Result<Seen<'a>, Refusal> {
    let broker = request.broker;
    Ok(Seen {
        ours: &broker.issuer,
        keys: &broker.records.names,
        ms: request.first_seen(text, found).await?,
    })
}

/// What an agent was known as does not become a party of its own.
fn former(agent: &AgentId) -> Refusal {
    let refusal = Refusal::new(
        Code::SubjectInvalid,
        "expected a workload token of an identity that never was an agent's, or is one's now, found one that was an agent's; declare it with the agent again, or let an administrator release it",
    );
    refusal.because(format!("it was that of `{agent}`"))
}

/// The id of a live grant whose agent is the actor. Unknown, dead and
/// another's: one text (contract §5, "Grant").
fn by_grant(
    request: &Request<'_>,
    text: &str,
    actor: &ActorProof,
) -> Result<SubjectProof, Refusal> {
    let broker = request.broker;
    let state = broker.records.state.read();
    let found = GrantId::parse(text)
        .ok()
        .and_then(|id| state.registry.grant(id));
    let live = found.filter(|grant| super::lookups::grant_stands(broker, &state, grant, None));
    live.and_then(|grant| SubjectProof::from_grant(grant, actor, broker.records.clock.now_s(), &broker.records.names)).ok_or_else(|| {
        Refusal::new(
            Code::SubjectInvalid,
            "expected the id of a live grant for this agent, found none of that id; ask the person for a grant",
        )
    })
}

/// A token of ours: passed on to the actor, or derived from by the server of
/// the target it is for.
async fn of_ours(
    request: &Request<'_>,
    tokens: &Tokens<'_>,
) -> Result<(ActorProof, SubjectProof), EarlyStop> {
    let broker = request.broker;
    let stop = EarlyStop::at("subject");
    let verified = own::verified_in(broker, tokens.subject.0, Slot::Subject).map_err(&stop)?;
    let token = OwnToken::read(&verified, &broker.issuer)
        .map_err(|found| {
            Slot::Subject.refusal(&format!("expected an access token of ours, found {found}"))
        })
        .map_err(&stop)?;
    let (recalled, signed_by) = own::known(broker, &token, verified.kid(), Slot::Subject)
        .await
        .map_err(&stop)?;
    let (actor, parent) = match server_acts(request, &token, recalled.target.as_ref()) {
        Some(derived) if tokens.actor.is_none() => derived.map_err(EarlyStop::at("presenter"))?,
        None if tokens.actor.is_none() && request.client.client.get().agent().is_none() => {
            return Err(EarlyStop::at("presenter")(mismatch()));
        }
        Some(_) | None => {
            let actor = who_acts(request, tokens)
                .await
                .map_err(EarlyStop::at("actor"))?;
            let parent = Parent::passed_on(token, &actor).map_err(EarlyStop::at("presenter"))?;
            (actor, parent)
        }
    };
    let subject =
        SubjectProof::from_own(parent, recalled.recall.clone(), signed_by).map_err(&stop)?;
    Ok((actor, subject))
}

/// A resource server presents: it may only derive from tokens for its own
/// target (contract §8). `None` when the client is no resource server.
fn server_acts(
    request: &Request<'_>,
    token: &OwnToken,
    recorded: Option<&TargetId>,
) -> Option<Result<(ActorProof, Parent), Refusal>> {
    let Caller::Client(client) = request.client.client.get() else {
        return None;
    };
    let state = request.broker.records.state.read();
    let target = state.registry.target_of_server(client.spec.id.as_str())?;
    let parent = match Parent::derived(token.clone(), recorded, target, &request.client.client) {
        Ok(parent) => parent,
        Err(refusal) => return Some(Err(refusal)),
    };
    let agent = target
        .spec
        .acts_as
        .as_ref()
        .and_then(|id| state.registry.agent(id.as_str()))
        .cloned();
    let actor = agent.and_then(|agent| {
        ActorProof::from_server(agent, target, &request.client.client, request.broker.ours())
    });
    Some(actor.map(|actor| (actor, parent)).ok_or_else(mismatch))
}
