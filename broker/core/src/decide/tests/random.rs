//! Random worlds, and the scenes they make.

use super::reference::{Ceiling, Given, World};
use crate::registry::{Agent, Grant, Issuer, Target};
use crate::testing::{
    NOW_S, OURS, Scene, Stub, access_token, agent, claims, grant, id_token, issuer, scope, target,
};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::btree_set("[a-d]", 0..4).prop_map(|set| set.into_iter().collect())
}

/// Mostly everything, so that chains get far.
fn wide() -> impl Strategy<Value = Vec<String>> {
    let all = || ["a", "b", "c", "d"].map(String::from).to_vec();
    prop_oneof![1 => names(), 9 => Just(()).prop_map(move |()| all())]
}

fn ceiling() -> impl Strategy<Value = Ceiling> {
    let default = prop::collection::btree_set("[a-c]", 0..4);
    (wide(), default, prop::option::of(1_u64..700)).prop_map(|(scopes, default, max_lifetime)| {
        let default = default
            .into_iter()
            .filter(|name| scopes.contains(name))
            .collect();
        Ceiling {
            scopes,
            default,
            max_lifetime,
        }
    })
}

fn given() -> impl Strategy<Value = Given> {
    (wide(), 0_u64..900, prop::option::of(1_u32..4)).prop_map(|(scopes, left, max_depth)| Given {
        scopes,
        left,
        max_depth,
    })
}

fn asks() -> impl Strategy<Value = (Option<Vec<String>>, Option<u64>)> {
    (
        prop::option::weighted(0.6, prop::collection::btree_set("[a-g]", 0..3)),
        prop::option::of(1_u64..700),
    )
        .prop_map(|(scopes, expires_in)| (scopes.map(|set| set.into_iter().collect()), expires_in))
}

prop_compose! {
    pub(super) fn world()(
        catalogue in prop::collection::vec((prop::bool::weighted(0.9), prop::bool::weighted(0.25)), 4),
        agents in prop::collection::vec(ceiling(), 1..4),
        authority in prop::option::of(wide()),
        trusted in any::<bool>(),
        subject_left in 1_u64..700,
        grants in prop::collection::vec(given(), 0..3),
        exchange in wide(),
        pre_authorise in wide(),
        target_lifetime in 1_u64..700,
        asks in prop::collection::vec(asks(), 3),
    ) -> World {
        World {
            catalogue: ["a", "b", "c", "d"].into_iter().zip(catalogue)
                .filter(|(_, (there, _))| *there)
                .map(|(name, (_, high))| (name.to_owned(), high)).collect(),
            may_act: trusted && authority.is_some(),
            agents, authority, subject_left, grants, exchange, pre_authorise, target_lifetime, asks,
        }
    }
}

pub(super) fn sap(world: &World) -> Target {
    let scopes: serde_json::Map<_, _> = world
        .catalogue
        .iter()
        .map(|(name, high)| {
            (
                name.clone(),
                json!({"risk": if *high { "high" } else { "low" }}),
            )
        })
        .collect();
    target(
        "sap",
        json!({"scopes": scopes, "max_lifetime": world.target_lifetime}),
    )
}

pub(super) fn actors(world: &World) -> Vec<Agent> {
    let entry = |c: &Ceiling| json!([{"target": "sap", "scopes": c.scopes, "default": c.default, "max_lifetime": c.max_lifetime}]);
    let each = world.agents.iter().enumerate();
    each.map(|(hop, ceiling)| agent(&format!("a{hop}"), json!({"ceiling": entry(ceiling)})))
        .collect()
}

fn demo() -> Issuer {
    let map: serde_json::Map<_, _> = ('a'..='d')
        .map(|c| (c.to_string(), json!([format!("sap:{c}")])))
        .collect();
    issuer("demo", json!({"scope_map": map, "trust_may_act": true}))
}

pub(super) fn given_out(world: &World) -> Vec<Arc<Grant>> {
    let each = world.grants.iter().enumerate();
    each.map(|(number, given)| {
        let listed = json!([{"target": "sap", "scopes": given.scopes}]);
        let mut grant = grant(number as u64, "a0", listed);
        grant.expires_s = NOW_S + given.left;
        grant.spec.max_depth = given.max_depth;
        Arc::new(grant)
    })
    .collect()
}

fn policy(world: &World) -> Stub {
    Stub::scopes(
        scope(&world.exchange.join(" ")),
        scope(&world.pre_authorise.join(" ")),
    )
}

pub(super) fn root(world: &World, first: &Agent) -> Scene {
    let demo = demo();
    let exp = NOW_S + world.subject_left;
    let subject = match &world.authority {
        None => id_token(
            &demo,
            &claims(&demo, "ada", "app", json!({"exp": exp})),
            first,
        )
        .unwrap(),
        Some(scopes) => {
            let mut patch = json!({"exp": exp, "scope": scopes.join(" ")});
            if world.may_act {
                patch["may_act"] = json!({"iss": OURS, "sub": "a0"});
            }
            access_token(&demo, patch).unwrap()
        }
    };
    let mut scene = Scene::of(first, subject, &sap(world));
    scene.facts.grants = given_out(world);
    scene
}

pub(super) fn asked(mut scene: Scene, world: &World, hop: usize, agents: &[Agent]) -> Scene {
    let (scopes, expires_in) = &world.asks[hop];
    scene.ask.scope = scopes.as_ref().map(|list| scope(&list.join(" ")));
    scene.ask.expires_in = *expires_in;
    match agents.get(hop + 1) {
        Some(next) => scene.passing_to(next),
        None => scene,
    }
    .under(policy(world))
}
