//! Over random catalogues, ceilings, grants and requests: a catalogue that shrinks
//! never grants more, and what it lost changes nothing else (contract §12).

use crate::registry::Target;
use crate::testing::{NOW_S, Scene, Stub, agent, grant, scope, target};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Scopes `a` to `d`, types `t` and `u`, an agent, grants, a policy.
#[derive(Debug, Clone)]
struct World {
    /// Per scope: whether it is high, and the types it requires.
    scopes: BTreeMap<String, (bool, BTreeSet<String>)>,
    ceiling: Vec<String>,
    default: Vec<String>,
    limits: Vec<Value>,
    /// Per grant: scopes, objects, seconds left.
    grants: Vec<(Vec<String>, Vec<Value>, u64)>,
    pre_authorised: Vec<String>,
}

/// What the catalogue loses: scopes, types (with the scopes that require them),
/// and the field `y` of both types.
#[derive(Debug, Clone)]
struct Loss {
    scopes: BTreeSet<String>,
    types: BTreeSet<String>,
    field: bool,
}

/// What is asked: scopes, details.
type Asked = (Option<Vec<String>>, Option<Vec<Value>>);

fn names(most: usize) -> impl Strategy<Value = Vec<String>> {
    let names = prop::collection::btree_set("[a-d]", 0..=most);
    names.prop_map(|set| set.into_iter().collect())
}

/// An object of `t` or `u`; a field may be missing.
fn object() -> impl Strategy<Value = Value> {
    let x = prop::option::weighted(0.9, 1_u64..4);
    let y = prop::option::weighted(0.7, "[pq]");
    ("[tu]", x, y).prop_map(|(kind, x, y)| {
        let mut object = json!({ "type": kind });
        x.into_iter().for_each(|x| object["x"] = json!(x));
        y.into_iter().for_each(|y| object["y"] = json!(y));
        object
    })
}

fn objects() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(object(), 0..4)
}

prop_compose! {
    fn world()(
        scopes in prop::collection::btree_map("[a-d]",
            (prop::bool::weighted(0.3), prop::collection::btree_set("[tu]", 0..2)), 1..5),
        ceiling in names(4),
        default in names(3),
        limits in objects(),
        grants in prop::collection::vec((names(4), objects(), 1_u64..900), 0..3),
        pre_authorised in names(4),
    ) -> World {
        let default = default.into_iter().filter(|name| ceiling.contains(name)).collect();
        World { scopes, ceiling, default, limits, grants, pre_authorised }
    }
}

prop_compose! {
    fn loss()(
        scopes in prop::collection::btree_set("[a-d]", 0..3),
        types in prop::collection::btree_set("[tu]", 0..2),
        field in any::<bool>(),
    ) -> Loss {
        Loss { scopes, types, field }
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    let details = prop::option::of(objects());
    (prop::option::weighted(0.8, names(2)), details)
}

impl Loss {
    /// Whether an object no longer reads.
    fn takes(&self, object: &Value) -> bool {
        self.types.contains(object["type"].as_str().unwrap())
            || self.field && object.get("y").is_some()
    }

    fn takes_scope(&self, world: &World, name: &str) -> bool {
        let required = world.scopes.get(name).map(|(_, requires)| requires);
        self.scopes.contains(name)
            || required.is_some_and(|requires| !requires.is_disjoint(&self.types))
    }

    /// Whether what the request is about is another than before.
    fn touches(&self, world: &World, (scopes, details): &Asked) -> bool {
        let scopes = scopes.as_ref().filter(|list| !list.is_empty());
        let scopes = scopes.unwrap_or(&world.default);
        let required = scopes.iter().filter_map(|name| world.scopes.get(name));
        let changed = |kind: &String| self.field || self.types.contains(kind);
        let mut required = required.flat_map(|(_, requires)| requires);
        let mut details = details.iter().flatten();
        scopes.iter().any(|name| self.takes_scope(world, name))
            || required.any(changed)
            || details.any(|object| self.field || self.takes(object))
            || world.grants.iter().any(|(_, listed, _)| {
                // Inherited objects may lack the field that is gone, and be whole now.
                let mut listed = listed.iter();
                listed.any(|object| self.field || self.takes(object))
            })
    }
}

fn catalogue(world: &World, loss: &Loss) -> Target {
    let kept = world
        .scopes
        .iter()
        .filter(|(name, _)| !loss.takes_scope(world, name));
    let scopes = kept.map(|(name, (high, requires))| {
        let risk = if *high { "high" } else { "low" };
        (name.clone(), json!({"risk": risk, "requires": requires}))
    });
    let x = json!({"type": "integer", "narrow": "at_most"});
    let y = json!({"type": "string", "narrow": "equal"});
    let fields = if loss.field {
        json!({ "x": x })
    } else {
        json!({"x": x, "y": y})
    };
    let types = ["t", "u"]
        .into_iter()
        .filter(|kind| !loss.types.contains(*kind));
    let types: serde_json::Map<_, _> = types
        .map(|kind| (kind.to_owned(), fields.clone()))
        .collect();
    let scopes: serde_json::Map<_, _> = scopes.collect();
    target("sap", json!({"scopes": scopes, "details": types}))
}

fn scene_of(world: &World, loss: &Loss, (scopes, details): &Asked) -> Scene {
    let entry = json!([{"target": "sap", "scopes": world.ceiling, "default": world.default,
        "authorization_details": world.limits}]);
    let actor = agent("invoice-agent", json!({ "ceiling": entry }));
    let pre = scope(&world.pre_authorised.join(" "));
    let all = scope("a b c d");
    let mut scene = Scene::new(&actor, &catalogue(world, loss)).under(Stub::scopes(all, pre));
    scene.ask.scope = scopes.as_ref().map(|list| scope(&list.join(" ")));
    scene.ask.details = details.as_ref().map(|list| json!(list));
    let grants = world.grants.iter().zip(1..);
    let grants = grants.map(|((scopes, details, left), number)| {
        let at = json!([{"target": "sap", "scopes": scopes, "authorization_details": details}]);
        let mut grant = grant(number, "invoice-agent", at);
        grant.expires_s = NOW_S + left;
        Arc::new(grant)
    });
    scene.facts.grants = grants.collect();
    scene
}

/// What was granted: scopes, objects, and the grant it rests on.
type Granted = (BTreeSet<String>, Vec<Value>, Option<usize>);

/// What came of it, or the code of the refusal.
fn outcome(scene: &Scene) -> Result<Granted, &'static str> {
    match scene.decide() {
        Err(refused) => Err(refused.refusal().code.text()),
        Ok(permit) => {
            let taken = permit.takes_use_of();
            let grants = &scene.facts.grants;
            let chosen = taken.map(|id| grants.iter().position(|g| g.id == id).unwrap());
            let details = permit
                .details
                .iter()
                .flat_map(|list| list.as_array().unwrap().clone());
            let scopes = permit.scope.split(' ').map(str::to_owned).collect();
            Ok((scopes, details.collect(), chosen))
        }
    }
}

/// Whether one object permits nothing that the other does not.
fn part_of(object: &Value, limit: &Value) -> bool {
    let x = |value: &Value| value["x"].as_u64();
    object["type"] == limit["type"]
        && x(limit).is_none_or(|most| x(object).is_some_and(|x| x <= most))
        && limit.get("y").is_none_or(|y| object.get("y") == Some(y))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_catalogue_that_shrinks_never_grants_more(world in world(), loss in loss(), asks in prop::collection::vec(asked(), 6)) {
        let whole = Loss { scopes: BTreeSet::new(), types: BTreeSet::new(), field: false };
        for asked in asks {
            let Ok((scopes, details, chosen)) = outcome(&scene_of(&world, &loss, &asked)) else { continue };
            prop_assert!(scopes.iter().all(|name| world.ceiling.contains(name) && world.scopes.contains_key(name)));
            let granted = chosen.map(|place| &world.grants[place]);
            let lists = [Some(&world.limits), granted.map(|(_, listed, _)| listed)];
            for list in lists.into_iter().flatten().filter(|list| !list.is_empty()) {
                prop_assert!(details.iter().all(|object| list.iter().any(|limit| part_of(object, limit))),
                    "{details:?} in {list:?}");
            }
            if let Some((listed, objects, _)) = granted {
                prop_assert!(scopes.iter().all(|name| listed.contains(name)));
                prop_assert!(objects.is_empty() || !details.is_empty(), "without what limits the grant");
            }
            // The same could be had before. Of a type that lost a field, what is an
            // object now was none then.
            if !details.is_empty() && loss.field { continue }
            let again = (Some(scopes.iter().cloned().collect()), Some(details.clone()));
            let before = outcome(&scene_of(&world, &whole, &again));
            let (had, more, _) = before.map_err(|code| TestCaseError::fail(format!("{code}: {again:?}")))?;
            prop_assert_eq!(had, scopes);
            prop_assert!(details.iter().all(|object| more.contains(object)));
        }
    }

    #[test]
    fn what_does_not_touch_what_is_gone_is_answered_as_before(world in world(), loss in loss(), asks in prop::collection::vec(asked(), 6)) {
        let whole = Loss { scopes: BTreeSet::new(), types: BTreeSet::new(), field: false };
        for asked in asks {
            if loss.touches(&world, &asked) { continue }
            let (before, after) = (scene_of(&world, &whole, &asked), scene_of(&world, &loss, &asked));
            prop_assert_eq!(outcome(&before), outcome(&after), "{:?}", asked);
        }
    }
}
