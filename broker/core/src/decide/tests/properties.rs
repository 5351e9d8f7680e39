//! Over random ceilings, catalogues, authorities, grants, requests and chains
//! of hops: never wider, never longer, the chain wrapped, the naive reference
//! agreed with, and advice that holds.

use super::random::{actors, asked, given_out, root, sap, world};
use super::reference::{Outcome, World, run};
use crate::scope::Scope;
use crate::testing::{NOW_S, Scene, Stub, scope};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
