//! What holds for every request: never wider, as the naive reference says, repeatable.

use super::super::narrow::within;
use super::super::object::Detail;
use super::super::{Details, DetailsFlaw, Enclosing, Listed, narrow, narrowed};
use super::reference::{self, catalogue, world};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// The chance of a field in a list whose objects are meant to be complete.
const WHOLE: f64 = 0.999;

/// An object of the little world; each field is there with the given chance.
fn object(chance: f64) -> BoxedStrategy<Json> {
    let of_type = |(kind, fields): &'static (&'static str, Vec<reference::Field>)| {
        let (kind, fields) = (*kind, fields.iter());
        let member = |field: &'static reference::Field| {
            let values: Vec<Json> = field.values.iter().map(|(json, _)| json.clone()).collect();
            weighted(chance, select(values)).prop_map(move |value| (field.name, value))
        };
        let members: Vec<_> = fields.map(member).collect();
        members.prop_map(move |members| {
            let present = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            let mut object: Map<String, Json> = present
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            object.insert("type".to_owned(), Json::from(kind));
            Json::Object(object)
        })
    };
    proptest::strategy::Union::new(world().iter().map(of_type)).boxed()
}

fn list(chance: f64, most: usize) -> impl Strategy<Value = Vec<Json>> {
    vec(object(chance), 0..=most)
}

/// One hop: what is asked for, and the lists that bind it.
#[derive(Clone, Debug)]
struct Hop {
    requested: Option<Vec<Json>>,
    parent: Option<Vec<Json>>,
    grant: Vec<Json>,
    ceiling: Vec<Json>,
}

prop_compose! {
    fn hop()(
        requested in weighted(0.8, prop_oneof![list(0.3, 2), list(WHOLE, 2)]),
        parent in weighted(0.5, prop_oneof![9 => list(WHOLE, 6), 1 => list(0.9, 6)]),
        grant in prop_oneof![2 => Just(Vec::new()), 3 => list(0.7, 6)],
        ceiling in prop_oneof![2 => Just(Vec::new()), 2 => list(0.3, 6)],
        picks in weighted(0.5, vec((any::<Index>(), any::<u8>()), 1..=2)),
    ) -> Hop {
        // Half of the requests are parts of what they may come from: random ones
        // alone would mostly be refused.
        let source = parent.as_ref().unwrap_or(&grant);
        let requested = match picks {
            Some(picks) if !source.is_empty() => {
                Some(picks.iter().map(|(index, keep)| part(index.get(source), *keep)).collect())
            }
            _ => requested,
        };
        Hop { requested, parent, grant, ceiling }
    }
}

/// The object with only those fields whose bit in `keep` is set.
fn part(object: &Json, keep: u8) -> Json {
    let members = object.as_object().unwrap().iter().enumerate();
    let kept = members.filter(|(n, (name, _))| *name == "type" || keep >> n & 1 == 1);
    let kept = kept.map(|(_, (name, json))| (name.clone(), json.clone()));
    Json::Object(kept.collect())
}

fn read(objects: &[Json]) -> Details {
    Details::parse(&Json::from(objects), &catalogue()).unwrap()
}

impl Hop {
    fn run(&self, required: &BTreeSet<String>) -> Result<Details, DetailsFlaw> {
        let requested = self.requested.as_deref().map(read);
        let parent = self.parent.as_deref().map(read);
        let (grant, ceiling) = (read(&self.grant), read(&self.ceiling));
        let limits = Enclosing {
            parent: parent.as_ref(),
            grant: Some(&grant),
            ceiling: Some(&ceiling),
        };
        let granted = narrow(requested.as_ref(), limits, required, &catalogue());
        let quietly = narrowed(requested.as_ref(), limits, required, &catalogue());
        assert_eq!(quietly.as_ref(), granted.as_ref().ok());
        let listed = Listed::from(self.grant.clone()).read(&catalogue());
        let may_hold = requested
            .as_ref()
            .is_none_or(|asked| listed.may_hold(asked));
        assert!(may_hold || granted.is_err());
        granted
    }

    fn granted(&self) -> Result<Details, DetailsFlaw> {
        self.run(&BTreeSet::new())
    }
}

fn objects(details: &Details) -> Vec<Json> {
    details.to_json().as_array().unwrap().clone()
}

/// Each object lies within one single object of a limit that binds.
fn inside(children: &[Json], limit: &[Json]) -> bool {
    let held = |child| limit.iter().any(|limit| reference::within(child, limit));
    children.iter().all(held)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_answer_is_the_naive_references(hop in hop()) {
        let Hop { requested, parent, grant, ceiling } = &hop;
        let expected = reference::narrow(requested.as_deref(), parent.as_deref(), grant, ceiling);
        let granted = hop.granted().ok().map(|details| objects(&details));
        prop_assert_eq!(granted, expected);
    }

    #[test]
    fn what_is_granted_is_never_wider_than_any_limit(hop in hop()) {
        if let Ok(granted) = hop.granted() {
            let granted = objects(&granted);
            prop_assert!(hop.parent.is_none_or(|parent| inside(&granted, &parent)));
            prop_assert!(hop.grant.is_empty() || inside(&granted, &hop.grant));
            prop_assert!(hop.ceiling.is_empty() || inside(&granted, &hop.ceiling));
        }
    }

    #[test]
    fn a_chain_of_hops_stays_within_all_before(root in hop(), asks in vec(hop(), 3)) {
        let mut passed: Vec<Vec<Json>> = Vec::new();
        for (depth, ask) in asks.iter().enumerate() {
            let parent = if depth == 0 { root.parent.clone() } else { passed.last().cloned() };
            let requested = ask.requested.clone().filter(|_| depth > 0);
            let hop = Hop { requested, parent, grant: root.grant.clone(), ceiling: ask.ceiling.clone() };
            let Ok(granted) = hop.granted() else { break };
            passed.push(objects(&granted));
        }
        for (depth, child) in passed.iter().enumerate() {
            prop_assert!(passed.iter().take(depth).all(|before| inside(child, before)));
            prop_assert!(root.grant.is_empty() || inside(child, &root.grant));
        }
    }

    #[test]
    fn narrowing_is_repeatable_and_idempotent(hop in hop()) {
        let first = hop.granted();
        prop_assert_eq!(&first, &hop.granted());
        if let Ok(granted) = first {
            let again = Hop { requested: Some(objects(&granted)), ..hop.clone() };
            prop_assert_eq!(again.granted(), Ok(granted.clone()));
            let passed_on = Hop { requested: None, parent: Some(objects(&granted)), ..hop };
            prop_assert_eq!(passed_on.granted(), Ok(granted));
        }
    }

    #[test]
    fn requested_fields_are_kept_and_the_others_inherited_unchanged(hop in hop()) {
        if let (Ok(granted), Some(requested)) = (hop.granted(), &hop.requested)
            && !requested.is_empty()
        {
            let granted = objects(&granted);
            prop_assert_eq!(granted.len(), requested.len());
            let source = hop.parent.as_ref().unwrap_or(&hop.grant);
            for (child, asked) in granted.iter().zip(requested) {
                let same = |seed: &&Json| child.as_object().unwrap().iter().all(|(name, value)| {
                    let origin = asked.get(name).or(seed.get(name));
                    origin == Some(value)
                });
                prop_assert!(source.is_empty() && child == asked || source.iter().any(|s| same(&s)));
            }
        }
    }

    #[test]
    fn what_is_suggested_passes_and_is_granted_unchanged(hop in hop(), need in any::<[bool; 3]>()) {
        let types = ["a", "b", "c"].into_iter().zip(need);
        let required = types.filter(|(_, need)| *need).map(|(kind, _)| kind.to_owned()).collect();
        match hop.run(&required) {
            Ok(granted) => prop_assert!(required.iter().all(|kind| granted.types().contains(kind.as_str()))),
            Err(DetailsFlaw { would_pass: Some(suggested), .. }) => {
                let details = Details::parse(&suggested, &catalogue()).unwrap();
                let requested = Some(suggested.as_array().unwrap().clone());
                let source = hop.parent.as_ref().unwrap_or(&hop.grant);
                let asked = hop.requested.as_ref().filter(|list| !list.is_empty()).unwrap_or(source);
                let (catalogue, asked) = (catalogue(), read(asked));
                let narrower = |(suggested, asked): (&Detail, &Detail)| {
                    let fields = catalogue.fields(&asked.kind);
                    suggested.kind == asked.kind && fields.is_some_and(|fields| within(suggested, asked, fields))
                };
                prop_assert!(details.0.iter().zip(&asked.0).all(narrower));
                prop_assert_eq!(details.0.len(), asked.0.len());
                prop_assert_eq!(Hop { requested, ..hop }.run(&required), Ok(details));
            }
            Err(flaw) => prop_assert!(flaw.public().starts_with("expected ")),
        }
    }

    #[test]
    fn what_was_read_is_written_and_read_again_unchanged(objects in list(0.6, 5)) {
        let details = read(&objects);
        let json = details.to_json();
        prop_assert_eq!(&json, &Json::from(objects));
        prop_assert_eq!(Details::parse(&json, &catalogue()).unwrap(), details);
    }
}
