//! Over random ceilings, catalogues, authorities, grants, requests and chains
//! of hops: never wider, never longer, the chain wrapped, the naive reference
//! agreed with, and advice that holds.

use super::reference::{Ceiling, Given, Outcome, World, run};
use crate::registry::{Agent, Grant, Issuer, Target};
use crate::scope::Scope;
use crate::testing::{
    NOW_S, OURS, Scene, Stub, access_token, agent, claims, grant, id_token, issuer, scope, target,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
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
    fn world()(
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

fn sap(world: &World) -> Target {
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

fn actors(world: &World) -> Vec<Agent> {
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

fn given_out(world: &World) -> Vec<Arc<Grant>> {
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

fn root(world: &World, first: &Agent) -> Scene {
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

fn asked(mut scene: Scene, world: &World, hop: usize, agents: &[Agent]) -> Scene {
    let (scopes, expires_in) = &world.asks[hop];
    scene.ask.scope = scopes.as_ref().map(|list| scope(&list.join(" ")));
    scene.ask.expires_in = *expires_in;
    match agents.get(hop + 1) {
        Some(next) => scene.passing_to(next),
        None => scene,
    }
    .under(policy(world))
}

/// The scenes hop by hop, up to the first refusal.
fn scenes(world: &World) -> Vec<Scene> {
    let agents = actors(world);
    let mut out = vec![asked(root(world, &agents[0]), world, 0, &agents)];
    for (hop, agent) in agents.iter().enumerate().skip(1) {
        let last = out.last().unwrap();
        if last.decide().is_err() {
            break;
        }
        let next = last.next(agent, &sap(world));
        out.push(asked(next, world, hop, &agents));
    }
    out
}

fn outcome(scene: &Scene, world: &World) -> Outcome {
    match scene.decide() {
        Err(refused) => Outcome::Refused(refused.refusal.code.text()),
        Ok(permit) => Outcome::Granted {
            scopes: permit.scope.split(' ').map(str::to_owned).collect(),
            lifetime: permit.lifetime.into(),
            basis: permit.del.basis.as_str(),
            grant: permit
                .del
                .grant
                .map(|id| given_out(world).iter().position(|g| g.id == id).unwrap()),
        },
    }
}

fn within(inner: &str, outer: &[String]) -> bool {
    inner
        .split(' ')
        .all(|name| outer.iter().any(|other| other == name))
}

/// The text of a decision, for comparison.
fn shown(scene: &Scene) -> String {
    match scene.decide() {
        Ok(permit) => permit.draft(&scene.frame()).body().to_owned(),
        Err(refused) => refused.draft(&scene.frame()).body().to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_naive_reference_agrees_hop_by_hop(world in world()) {
        let real: Vec<_> = scenes(&world).iter().map(|scene| outcome(scene, &world)).collect();
        prop_assert_eq!(real, run(&world));
    }

    #[test]
    fn what_is_granted_lies_within_every_input_and_lives_no_longer(world in world()) {
        let mut before: Option<(String, u64)> = None;
        for (hop, scene) in scenes(&world).iter().enumerate() {
            let Ok(permit) = scene.decide() else { break };
            let catalogue: Vec<_> = world.catalogue.iter().map(|(name, _)| name.clone()).collect();
            prop_assert!(within(&permit.scope, &world.agents[hop].scopes));
            prop_assert!(within(&permit.scope, &catalogue));
            prop_assert!(within(&permit.scope, &world.exchange));
            if let Some(list) = world.asks[hop].0.as_ref().filter(|list| !list.is_empty()) {
                prop_assert!(within(&permit.scope, list));
            }
            if let Some(authority) = &world.authority {
                prop_assert!(within(&permit.scope, authority));
            }
            if let Some(grant) = permit.del.grant {
                let given = &world.grants[given_out(&world).iter().position(|g| g.id == grant).unwrap()];
                prop_assert!(within(&permit.scope, &given.scopes));
                prop_assert!(u64::from(permit.lifetime) <= given.left);
            }
            let exp = permit.claims["exp"].as_u64().unwrap();
            prop_assert!(exp <= NOW_S + world.subject_left.min(world.target_lifetime));
            prop_assert!(exp > NOW_S);
            if let Some((scopes, parents_exp)) = &before {
                let parents: Vec<_> = scopes.split(' ').map(str::to_owned).collect();
                prop_assert!(within(&permit.scope, &parents));
                prop_assert!(exp <= *parents_exp);
            }
            before = Some((permit.scope.clone(), exp));
        }
    }

    #[test]
    fn the_act_of_a_child_without_its_outermost_is_the_act_of_its_parent(world in world()) {
        let mut before: Option<Value> = None;
        for (hop, scene) in scenes(&world).iter().enumerate() {
            let Ok(permit) = scene.decide() else { break };
            let act = permit.claims["act"].clone();
            prop_assert_eq!(act["sub"].as_str().unwrap(), format!("a{hop}"));
            prop_assert_eq!(act.get("act").cloned(), before);
            prop_assert_eq!(&permit.claims["sub"], &json!("demo:ada"));
            before = Some(act);
        }
    }

    #[test]
    fn deciding_is_deterministic(world in world()) {
        for scene in scenes(&world) {
            prop_assert_eq!(shown(&scene), shown(&scene));
        }
    }

    #[test]
    fn narrowing_the_result_again_changes_nothing(world in world()) {
        for mut scene in scenes(&world) {
            let Ok(permit) = scene.decide() else { break };
            scene.ask.scope = Some(scope(&permit.scope));
            scene.ask.expires_in = Some(permit.lifetime.into());
            let again = scene.decide().unwrap();
            prop_assert_eq!(&again.claims, &permit.claims);
        }
    }

    #[test]
    fn advice_when_followed_is_permitted_or_fails_for_another_reason(world in world(), pairs in any::<bool>()) {
        for mut scene in scenes(&world) {
            if pairs {
                // A policy that looks at combinations.
                scene.policy = Stub::when(|q| q.scopes.iter().count() < 2);
            }
            let Err(refused) = scene.decide() else { continue };
            let Some(advice) = &refused.refusal.would_pass else { continue };
            let Some(text) = advice.get("scope").and_then(Value::as_str) else { continue };
            prop_assert!(!text.is_empty(), "{:?}", refused.refusal);
            let suggested = scope(text);
            prop_assert!(scene.ask.scope.as_ref() != Some(&suggested));
            scene.ask.scope = Some(suggested);
            if let Err(again) = scene.decide() {
                prop_assert_ne!(again.refusal.code, refused.refusal.code, "{:?}", refused.refusal);
            }
        }
    }

    #[test]
    fn less_of_any_input_never_gives_more(world in world(), without in "[a-d]") {
        let mut less = world.clone();
        less.agents[0].scopes.retain(|name| *name != without);
        less.agents[0].default.retain(|name| *name != without);
        let granted = |world: &World| -> Option<BTreeSet<String>> {
            match outcome(&scenes(world)[0], world) {
                Outcome::Granted { scopes, .. } => Some(scopes),
                Outcome::Refused(_) => None,
            }
        };
        if let Some(scopes) = granted(&less) {
            prop_assert!(!scopes.contains(&without));
        }
        prop_assert_eq!(scope("a").narrow(&Scope::default()), Scope::default());
    }
}
