//! The claims of the token to be issued (contract §7), and its size.

use super::aim::Aim;
use super::case::Case;
use super::facts::{DelegateTo, Facts};
use super::work::Work;
use crate::own::{AGENT_AUDIENCE, Del};
use crate::policy::Basis;
use crate::proof::Origin;
use crate::refusal::{Code, Refusal};
use crate::token::Alg;
use serde_json::{Map, Value, json};

/// Bytes of an encoded header with `typ`, `alg` and a 43-character `kid`.
const HEADER: usize = 120;

/// The claims, and the delegation claim that is among them.
pub(super) type Built = (Map<String, Value>, Del);

/// The size rung: an encoded token over the limit is refused, never cut.
pub(super) fn check(case: &Case, facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let alg = work
        .aim
        .target()
        .and_then(|target| target.spec.connector.alg())
        .unwrap_or_default();
    let signature = match alg {
        Alg::ES256 | Alg::EdDSA => 86,
        Alg::RS256 | Alg::PS256 => 342,
    };
    let built = build(case, facts, work);
    let payload = serde_json::to_string(&built.0).map_or(usize::MAX, |text| text.len());
    work.built = Some(built);
    let size = payload
        .div_ceil(3)
        .saturating_mul(4)
        .saturating_add(HEADER + signature + 2);
    if size <= facts.limits.token_bytes {
        return Ok(());
    }
    Err(Refusal::new(
        Code::ChainSize,
        format!(
            "expected a token of at most {} bytes, found {size}; ask for fewer scopes or details",
            facts.limits.token_bytes
        ),
    ))
}

/// Who may use the token: the agent it is passed on to, Locum itself, the
/// resource as it was named, else the target's audience.
fn audience(facts: &Facts, work: &Work) -> String {
    match (&facts.delegate, &work.aim) {
        (DelegateTo::Agent(agent), _) => format!("{AGENT_AUDIENCE}{}", agent.spec.id),
        (DelegateTo::NotAsked | DelegateTo::Nowhere, Aim::At(at)) => {
            let resource = at.resource.clone();
            resource.unwrap_or_else(|| at.target.spec.audience.clone())
        }
        (DelegateTo::NotAsked | DelegateTo::Nowhere, Aim::ActorToken) => facts.issuer.to_string(),
    }
}

/// The delegation claim.
fn del(case: &Case, facts: &Facts, work: &Work) -> Del {
    let parent = case.subject.parent();
    let up = parent.map(|p| {
        std::iter::once(p.token.jti)
            .chain(p.token.del.up.iter().copied())
            .collect()
    });
    let grant = match parent {
        Some(parent) => parent.token.del.grant,
        None => work.grant.as_ref().map(|grant| grant.id),
    };
    let target = match &facts.delegate {
        DelegateTo::Agent(_) => work.aim.target().map(|target| target.id.clone()),
        DelegateTo::NotAsked | DelegateTo::Nowhere => None,
    };
    Del {
        id: crate::ids::DelegationId(case.jti.0),
        grant,
        basis: work.basis.unwrap_or(Basis::Itself),
        up: up.unwrap_or_default(),
        ver: case.chain.links().iter().map(|link| link.version).collect(),
        sid: case.subject.sid().map(str::to_owned),
        target,
    }
}

/// The claims, in the order of contract §7.
pub(super) fn build(case: &Case, facts: &Facts, work: &Work) -> Built {
    let now_s = facts.now_s();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", json!(*facts.issuer));
    put("sub", json!(case.chain.subject().sub()));
    put("aud", json!(audience(facts, work)));
    put("client_id", json!(case.actor.agent_id()));
    put("iat", json!(now_s));
    put("exp", json!(now_s + u64::from(work.lifetime)));
    put("jti", json!(case.jti));
    put("scope", json!(work.scope.to_string()));
    if !work.details.is_empty() {
        put("authorization_details", work.details.to_json());
    }
    let sign_in = case.subject.sign_in();
    let person = !matches!(case.subject.origin(), Origin::Itself);
    if let Some(auth_time) = sign_in.auth_time.filter(|_| person) {
        put("auth_time", json!(auth_time));
    }
    if let Some(acr) = sign_in.acr.as_ref().filter(|_| person) {
        put("acr", json!(acr));
    }
    if !sign_in.amr.is_empty() {
        put("amr", json!(sign_in.amr));
    }
    if let Some(act) = case.chain.act() {
        put("act", act);
    }
    if let DelegateTo::Agent(agent) = &facts.delegate {
        put(
            "may_act",
            json!({ "iss": *facts.issuer, "sub": agent.spec.id }),
        );
    }
    let del = del(case, facts, work);
    put("del", json!(del));
    (claims, del)
}
