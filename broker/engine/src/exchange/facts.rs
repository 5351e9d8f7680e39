//! Gathering the facts, and deciding on them. A grant's use is reserved before
//! the decision is recorded; where another request took the last one
//! meanwhile, the decision is made again.

use super::lookups::{active_grants, ends_at, target};
use super::request::Request;
use crate::broker::Broker;
use crate::deciding::INLINE_POLICIES_MAX;
use crate::keyring::Series;
use crate::unavailable::Unavailable;
use crate::unavailable::unavailable;
use locum_ambient::Stopwatch;
use locum_ambient::metrics::Histogram;
use locum_core::decide::{
    self, Case, Decision, DelegateTo, Facts, Permit, Refused, Standings, TargetRequest, VendorTerms,
};
use locum_core::lineage::LineageKind;
use locum_core::policy::{PolicyAnswer, PolicyCheck, PolicyFault, Question};
use locum_core::registry::{Grant, Target};
use locum_core::standing::{Standing, World, actors};
use locum_core::token::Alg;
use locum_policy::Bundle;
use locum_stores::state::State;
use std::sync::Arc;

/// How often a decision is made again because a use was taken meanwhile.
const TRIES: usize = 8;

/// Decides. A permit's use is reserved when this returns.
///
/// # Errors
/// The refusal, not yet recorded.
pub(crate) async fn decide(request: &Request<'_>, case: Case) -> Result<Permit, Box<Refused>> {
    let broker = request.broker;
    for _ in 0..TRIES {
        let bundle = broker.bundle();
        let facts = {
            let state = broker.records.state.read();
            gather(request, &case, &state)
        };
        let decision = worked_out(request, case.clone(), facts, bundle).await;
        match decision.map_err(|error| fault(request, &error))? {
            Decision::Refusal(refused) => return Err(refused),
            Decision::Permit(permit) => {
                let reserved = reserve(request, &permit).await;
                if reserved.map_err(|error| fault(request, &error))? {
                    let ready = ready_to_sign(request, &permit).await;
                    ready.map_err(|error| fault(request, &error))?;
                    return Ok(*permit);
                }
            }
        }
    }
    Err(fault(
        request,
        &Unavailable("uses of a grant kept being taken".into()),
    ))
}

/// Decides on those facts: here, or elsewhere where that may take long.
async fn worked_out(
    request: &Request<'_>,
    case: Case,
    facts: Facts,
    bundle: Arc<Bundle>,
) -> Result<Decision, Unavailable> {
    let broker = request.broker;
    let met = match &facts.named {
        TargetRequest::One(target, _) => bundle.concerning(case.actor.agent_id(), &target.id),
        TargetRequest::Ourselves
        | TargetRequest::Nothing
        | TargetRequest::Unknown(_)
        | TargetRequest::Several => 0,
    };
    if met <= INLINE_POLICIES_MAX {
        let policy = Timed(&bundle, &broker.metrics.policy_seconds);
        return Ok(decide::decide(case, &facts, &policy));
    }
    let metrics = broker.metrics.clone();
    let work = move || {
        let policy = Timed(&bundle, &metrics.policy_seconds);
        decide::decide(case, &facts, &policy)
    };
    broker
        .deciding
        .run(request.client.client.get().id(), work)
        .await
}

/// The bundle, with a watch beside it.
struct Timed<'a>(&'a Bundle, &'a Histogram);

impl PolicyCheck for Timed<'_> {
    fn ask(&self, question: &Question) -> Result<PolicyAnswer, PolicyFault> {
        let watch = Stopwatch::start();
        let answer = self.0.ask(question);
        self.1.took(watch.elapsed());
        answer
    }

    fn bundle(&self) -> &str {
        self.0.bundle()
    }
}

fn fault(request: &Request<'_>, error: &Unavailable) -> Box<Refused> {
    Box::new(Refused::early(
        unavailable().because(error.to_string()),
        "issue",
        request.broker.bundle().address(),
    ))
}

/// Makes sure there is a published key of whatever has to be signed.
async fn ready_to_sign(request: &Request<'_>, permit: &Permit) -> Result<(), Unavailable> {
    let broker = request.broker;
    let needed = signed_by(broker, permit);
    let ready = async {
        for series in needed.into_iter().flatten() {
            broker.keyring.ensure(&broker.records, series).await?;
        }
        Ok::<(), Unavailable>(())
    };
    let made = request.waiter.patiently(ready).await;
    if let (Err(_), Some(grant)) = (&made, permit.takes_use_of()) {
        request.broker.records.claims.release(grant).await;
    }
    made
}

/// The keys of ours that sign: the token, or the assertion that its vendor is
/// shown, and the receipt of what does not carry the chain.
fn signed_by(broker: &Broker, permit: &Permit) -> [Option<Series>; 2] {
    if permit.handout().is_none() {
        return [Some(Series::tokens(permit.alg())), None];
    }
    let spec = permit.target().map(|target| &target.spec);
    let prepared = spec.and_then(|spec| broker.vendors.prepared(spec).ok().flatten());
    let Some(prepared) = prepared else {
        return [None, None];
    };
    let assertion = prepared.needs_published_key();
    [
        assertion.then_some(Series::tokens(Alg::RS256)),
        (!prepared.carries_chain()).then_some(Series::RECEIPTS),
    ]
}

/// Takes one use of the grant the permit rests on; `false` when the last was
/// taken since the facts were read. It fails where nobody knows.
async fn reserve(request: &Request<'_>, permit: &Permit) -> Result<bool, Unavailable> {
    let Some(id) = permit.takes_use_of() else {
        return Ok(true);
    };
    let records = &request.broker.records;
    let reserved = records.claims.reserve(id, records.clock.now_s()).await;
    reserved.map_err(|flaw| Unavailable(flaw.to_string()))
}

fn gather(request: &Request<'_>, case: &Case, state: &State) -> Facts {
    let broker = request.broker;
    let world = broker.records.world(state);
    let named = target(broker, state, request.form, case.ask.grant_type);
    let at = match &named {
        TargetRequest::One(target, _) => Some(&**target),
        TargetRequest::Ourselves
        | TargetRequest::Nothing
        | TargetRequest::Unknown(_)
        | TargetRequest::Several => None,
    };
    Facts {
        now_ms: world.now_ms,
        issuer: broker.issuer.clone(),
        limits: broker.limits(),
        vendor: at.map_or(VendorTerms::NotAsked, |target| {
            broker.vendors.terms(state, target)
        }),
        standings: Standings {
            subject: subject(&world, case),
            actor: actor(&world, case),
            target: at.map_or(Standing::Live, |t| locked(&world, t)),
        },
        delegate: delegate(case, state, world.now_ms / 1000),
        grants: grants(case, &world, at),
        ended_grants: ended_grants(case, &world, at),
        root_grant: root_grant(&world, case, state, at),
        named,
    }
}

/// Whether the target is locked. A revocation of it kills what was issued
/// before, and nothing that is issued now.
fn locked(world: &World<'_>, target: &Target) -> Standing {
    let lock = world.locked_by_name(&[
        (LineageKind::Target, target.id.as_str()),
        (LineageKind::All, ""),
    ]);
    lock.map_or(Standing::Live, |lock| Standing::Locked(lock.clone()))
}

fn subject(world: &World<'_>, case: &Case) -> Standing {
    let actors = actors(case.subject.inbound(), case.subject.subject(), None);
    world.standing(case.subject.lineage(), &actors)
}

/// The actor by all its names, then its token by what that descends from: the
/// token may be of an older version than the one that the agent acts in now.
fn actor(world: &World<'_>, case: &Case) -> Standing {
    let agent = case.actor.agent_id();
    let by_name = world.stopped(case.actor.lineage(), &mut std::iter::once(agent));
    match (by_name, case.actor.token()) {
        (Standing::Live, Some(token)) => world.standing(token, &[(agent.clone(), None)]),
        (found, _) => found,
    }
}

/// The grant at the root of the subject token. At another target than the
/// token's it counts only while it stands there.
fn root_grant(
    world: &World<'_>,
    case: &Case,
    state: &State,
    at: Option<&Target>,
) -> Option<Arc<Grant>> {
    let parent = case.subject.parent()?;
    let grant = state.registry.grant(parent.token.del.grant?)?;
    let dead = parent.derives && at.is_some_and(|at| ends_at(world, grant, at));
    (!dead).then(|| grant.clone())
}

fn delegate(case: &Case, state: &State, now_s: u64) -> DelegateTo {
    let Some(id) = &case.ask.delegate_to else {
        return DelegateTo::NotAsked;
    };
    let active = state
        .registry
        .agent(id.as_str())
        .filter(|agent| agent.certified(now_s).is_some());
    match active.filter(|agent| agent.spec.id != *case.actor.agent_id()) {
        Some(agent) => DelegateTo::Agent(agent.clone()),
        None => DelegateTo::Nowhere,
    }
}

/// Grants that would have been looked at were they not over.
fn ended_grants(case: &Case, world: &World<'_>, at: Option<&Target>) -> Vec<Arc<Grant>> {
    let Some(target) = at.filter(|_| case.subject.parent().is_none()) else {
        return Vec::new();
    };
    let (person, now_s) = (case.subject.subject().sub(), world.now_ms / 1000);
    let agent = case.actor.agent_id();
    let ended = world.registry.ended_grants(&person, agent, now_s);
    ended
        .filter(|grant| grant.at(&target.id).is_some())
        .cloned()
        .collect()
}

/// Live grants of the subject for the actor at the target: earliest expiry
/// first, then lowest id (contract §6). A later hop rests on its root's.
fn grants(case: &Case, world: &World<'_>, at: Option<&Target>) -> Vec<Arc<Grant>> {
    let Some(target) = at.filter(|_| case.subject.parent().is_none()) else {
        return Vec::new();
    };
    let person = case.subject.subject().sub();
    active_grants(world, (&person, case.actor.agent_id()), target)
        .cloned()
        .collect()
}
