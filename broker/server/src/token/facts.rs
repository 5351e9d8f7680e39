//! Gathering the facts, and deciding on them. A grant's use is reserved before
//! the decision is recorded; where another request took the last one
//! meanwhile, the decision is made again.

use super::lookups::{grant_stands, target};
use super::{Request, Stop};
use crate::ambient::Stopwatch;
use crate::app::Unavailable;
use crate::metrics::Histogram;
use crate::oauth::answer::unavailable;
use locum_core::decide::{self, Case, Decision, Facts, Named, Permit, Place, Refused, Standings};
use locum_core::lineage::Kind;
use locum_core::policy::{Answer, PolicyCheck, PolicyFault, Question};
use locum_core::registry::{Grant, GrantView, Target};
use locum_core::standing::{FOR_EVER, Standing, World, actors};
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
    let app = request.app;
    for _ in 0..TRIES {
        let bundle = app.bundle();
        let facts = {
            let state = app.state.read();
            gather(request, &case, &state)
        };
        let policy = Timed(&bundle, &app.metrics.policy_seconds);
        match decide::decide(case.clone(), &facts, &policy) {
            Decision::Refusal(refused) => return Err(refused),
            Decision::Permit(permit) if reserve(request, &permit) => {
                ready_to_sign(request, &permit)
                    .await
                    .map_err(|error| fault(request, &error))?;
                return Ok(*permit);
            }
            Decision::Permit(_) => {}
        }
    }
    Err(fault(
        request,
        &Unavailable("uses of a grant kept being taken".into()),
    ))
}

/// The bundle, with a watch beside it.
struct Timed<'a>(&'a Bundle, &'a Histogram);

impl PolicyCheck for Timed<'_> {
    fn ask(&self, question: &Question) -> Result<Answer, PolicyFault> {
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
        request.app.bundle().address(),
    ))
}

/// Makes sure there is a published key of the target's algorithm.
async fn ready_to_sign(request: &Request<'_>, permit: &Permit) -> Result<(), Unavailable> {
    let made = crate::keyring::ensure(request.app, permit.alg());
    let made = request.waiter.patiently(made).await;
    if made.is_err() {
        release(request, permit);
    }
    made
}

/// Takes one use of the grant the permit rests on; `false` when the last was
/// taken since the facts were read.
fn reserve(request: &Request<'_>, permit: &Permit) -> bool {
    let Some(id) = permit.takes_use_of() else {
        return true;
    };
    let mut state = request.app.state.write();
    let now_s = request.app.clock.now_s();
    let live = state
        .registry
        .grant(id)
        .is_some_and(|grant| grant.view(now_s) == GrantView::Active);
    if live {
        state.registry.use_grant(id);
    }
    live
}

/// Gives a reserved use back: no record was made.
pub(crate) fn release(request: &Request<'_>, permit: &Permit) {
    if let Some(id) = permit.takes_use_of() {
        request.app.state.write().registry.unuse_grant(id);
    }
}

fn gather(request: &Request<'_>, case: &Case, state: &State) -> Facts {
    let app = request.app;
    let world = app.world(state);
    let named = target(app, state, request.form, case.ask.grant_type);
    let at = match &named {
        Named::One(target, _) => Some(&**target),
        Named::Ourselves | Named::Nothing | Named::Unknown(_) | Named::Several => None,
    };
    Facts {
        now_ms: world.now_ms,
        issuer: app.issuer.clone(),
        limits: app.limits(),
        standings: Standings {
            subject: subject(&world, case),
            actor: actor(&world, request, case),
            target: at.map_or(Standing::Live, |t| {
                world.of_names(&[(Kind::Target, t.id.as_str())], FOR_EVER)
            }),
        },
        delegate: delegate(case, state, world.now_ms / 1000),
        grants: grants(request, case, state, at),
        root_grant: case
            .subject
            .parent()
            .and_then(|p| p.token.del.grant)
            .and_then(|id| state.registry.grant(id))
            .cloned(),
        named,
    }
}

fn subject(world: &World<'_>, case: &Case) -> Standing {
    let actors = actors(case.subject.inbound(), case.subject.subject(), None);
    world.standing(case.subject.lineage(), &actors, case.subject.issued_ms())
}

/// The actor by all its names, then its token by what that descends from: the
/// token may be of an older version than the one that the agent acts in now.
fn actor(world: &World<'_>, request: &Request<'_>, case: &Case) -> Standing {
    match actor_by_name(world, request, case) {
        Standing::Live => {
            let agent = [(case.actor.agent_id().clone(), None)];
            let issued_ms = case.actor.issued_ms().unwrap_or(FOR_EVER);
            world.standing(case.actor.lineage(), &agent, issued_ms)
        }
        fallen => fallen,
    }
}

/// What was proven by a secret has no time of issue, so only what is revoked
/// for ever stops it.
fn actor_by_name(world: &World<'_>, request: &Request<'_>, case: &Case) -> Standing {
    let spec = &case.actor.agent().spec;
    let version = case.actor.link().version.map(|version| version.to_string());
    let mut names = vec![
        (Kind::Agent, spec.id.as_str()),
        (Kind::Client, spec.id.as_str()),
        (Kind::Owner, spec.owner.id.as_str()),
    ];
    names.extend(
        version
            .as_deref()
            .map(|version| (Kind::AgentVersion, version)),
    );
    names.extend(
        case.actor
            .presenter()
            .map(|presenter| (Kind::Client, presenter.as_str())),
    );
    names.push((Kind::Client, request.client.client.get().id()));
    let proofs = [case.actor.issued_ms(), request.client.issued_ms];
    let issued_ms = proofs.into_iter().flatten().min().unwrap_or(FOR_EVER);
    world.of_names(&names, issued_ms)
}

fn delegate(case: &Case, state: &State, now_s: u64) -> Place {
    let Some(id) = &case.ask.delegate_to else {
        return Place::NotAsked;
    };
    let active = state
        .registry
        .agent(id.as_str())
        .filter(|agent| agent.certified(now_s).is_some());
    match active.filter(|agent| agent.spec.id != *case.actor.agent_id()) {
        Some(agent) => Place::Agent(agent.clone()),
        None => Place::Nowhere,
    }
}

/// Live grants of the subject for the actor: earliest expiry first, then
/// lowest id (contract §6).
fn grants(
    request: &Request<'_>,
    case: &Case,
    state: &State,
    at: Option<&Target>,
) -> Vec<Arc<Grant>> {
    let person = case.subject.subject().sub();
    let known = state.registry.grants_for(&person, case.actor.agent_id());
    let mut live: Vec<_> = known
        .filter(|grant| grant_stands(request.app, state, grant, at))
        .cloned()
        .collect();
    live.sort_by_key(|grant| (grant.expires_s, grant.id));
    live
}

impl Stop {
    /// The refusal, to be recorded as it stands.
    pub(super) fn refused(self, bundle: &str) -> Refused {
        Refused::early(*self.refusal, self.check, bundle)
    }
}
