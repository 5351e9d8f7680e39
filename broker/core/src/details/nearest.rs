//! Why an object fits nowhere, told by the nearest request that would pass.

use super::catalogue::Fields;
use super::flaw::{DetailsFlaw, list, quote, step};
use super::narrow::{DetailsOrigin, NarrowFrame, complete, missing_type, within};
use super::object::{Detail, Details};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Most combinations of limits looked at for a flaw, and as many for a suggestion
/// in all, however long the lists are; a refusal stays cheap.
const TRIES: usize = 64;
/// What follows a value that the caller did not send.
const INHERITED: &str = " inherited from the parent or grant";

/// One object of each list that binds.
#[derive(Clone, Copy)]
struct Combination<'a> {
    parent: Option<&'a Detail>,
    grant: Option<&'a Detail>,
    ceiling: Option<&'a Detail>,
}

/// What an object means under one combination of limits, and what would fit it.
struct NearObject {
    /// The object with what it inherits.
    filled: Detail,
    /// The object moved into the limits.
    moved: Detail,
    /// Whether that would pass, and each member is narrower than what was asked.
    passes: bool,
}

/// The flaw of the object at `index` of `asked`, without what would pass.
pub(super) fn explain(
    frame: &NarrowFrame<'_>,
    asked: &Details,
    index: usize,
    origin: DetailsOrigin,
) -> DetailsFlaw {
    let none = || DetailsFlaw::new(format!("/{index}"), "a declared type", "none");
    let Some(object) = asked.0.get(index) else {
        return none();
    };
    let Some(declared) = frame.catalogue.fields(&object.kind) else {
        return none();
    };
    let mut flaw = match nearest(frame, object, declared, &mut { TRIES }) {
        Some(near) => field_flaw(object, &near, declared, index),
        None => type_flaw(frame, object, index),
    };
    if origin == DetailsOrigin::Inherited {
        flaw.found.push_str(INHERITED);
    }
    flaw
}

/// The whole list with every object that fits nowhere replaced by the nearest that
/// does; only what was tried and passed is suggested, and never more than was asked
/// for (contract §10). `None` also where that takes more than so many tries in all.
pub(super) fn repaired(
    frame: &NarrowFrame<'_>,
    asked: &Details,
    required: &BTreeSet<String>,
) -> Option<Json> {
    let mut tries = TRIES;
    let repair = |object: &Detail| {
        let declared = frame.catalogue.fields(&object.kind)?;
        frame.place(object).or_else(|| {
            let near = nearest(frame, object, declared, &mut tries)?;
            frame.place(&near.moved).filter(|_| near.passes)
        })
    };
    let list: Option<Vec<Detail>> = asked.0.iter().map(repair).collect();
    let list = list.map(Details)?;
    // An object of a type that was not asked for is not suggested either.
    let complete = missing_type(&list, required).is_none();
    complete.then(|| list.to_json())
}

/// The object moved into the combination of limits that changes the fewest fields;
/// `None` where a limit has no object of the type, or no try is left.
fn nearest(
    frame: &NarrowFrame<'_>,
    object: &Detail,
    declared: &Fields,
    tries: &mut usize,
) -> Option<NearObject> {
    let tried = combinations(frame, &object.kind).take(*tries);
    let candidates = tried.map(|limits| {
        *tries -= 1;
        limits.candidate(object, declared)
    });
    candidates.min_by_key(|near| (!near.passes, near.changes(declared).count()))
}

/// Every choice of one object of the type from each list that binds.
fn combinations<'a>(
    frame: &NarrowFrame<'a>,
    kind: &'a str,
) -> impl Iterator<Item = Combination<'a>> + use<'a> {
    let NarrowFrame {
        parent,
        grant,
        ceiling,
        ..
    } = *frame;
    let of = move |list: Option<&'a Details>| -> Vec<Option<&'a Detail>> {
        list.map_or(vec![None], |list| list.of_kind(kind).map(Some).collect())
    };
    of(parent).into_iter().flat_map(move |parent| {
        of(grant).into_iter().flat_map(move |grant| {
            let ceilings = of(ceiling).into_iter();
            ceilings.map(move |ceiling| Combination {
                parent,
                grant,
                ceiling,
            })
        })
    })
}

impl Combination<'_> {
    fn candidate(&self, object: &Detail, declared: &Fields) -> NearObject {
        let limits = [self.parent, self.grant, self.ceiling];
        let seed = self.parent.or(self.grant);
        let filled = seed.map_or_else(|| object.clone(), |seed| object.filled_from(seed));
        let mut moved = filled.clone();
        for limit in limits.into_iter().flatten() {
            moved = clamped(moved, limit, declared);
        }
        let fits = |limit: &Detail| within(&moved, limit, declared);
        let was_asked = |name: &String| filled.fields.contains_key(name);
        let passes = complete(&moved, declared)
            && within(&moved, &filled, declared)
            && moved.fields.keys().all(was_asked)
            && self.parent.is_none_or(|parent| complete(parent, declared))
            && limits.into_iter().flatten().all(fits);
        NearObject {
            filled,
            moved,
            passes,
        }
    }
}

/// The object with every field moved into the limit's.
fn clamped(mut detail: Detail, limit: &Detail, declared: &Fields) -> Detail {
    for (name, outer) in &limit.fields {
        let value = match (detail.fields.get(name), declared.get(name)) {
            (Some(value), Some(rule)) if rule.admits(outer, value) => continue,
            (Some(value), Some(rule)) => rule.nearest(outer, value),
            (None, _) | (_, None) => outer.clone(),
        };
        detail.fields.insert(name.clone(), value);
    }
    detail
}

impl NearObject {
    /// The declared fields that had to change, or that have no value at all.
    fn changes<'a>(&'a self, declared: &'a Fields) -> impl Iterator<Item = &'a String> {
        declared.keys().filter(|name| {
            let after = self.moved.fields.get(*name);
            after.is_none() || self.filled.fields.get(*name) != after
        })
    }
}

/// The flaw of the first field that keeps the object from its nearest place.
fn field_flaw(object: &Detail, near: &NearObject, declared: &Fields, index: usize) -> DetailsFlaw {
    let name = near.changes(declared).next();
    let Some((name, rule)) = name.and_then(|name| declared.get_key_value(name)) else {
        let expected = "an object within one single, complete object of every limit";
        return DetailsFlaw::new(format!("/{index}"), expected, "one that fits none");
    };
    let at = format!("/{index}{}", step(name));
    let (limit, value) = (near.moved.fields.get(name), near.filled.fields.get(name));
    let expected = match limit {
        Some(limit) => rule.phrase(limit),
        None => format!("a value for {}, a {}", quote(name), rule.label()),
    };
    let found = match (limit, value) {
        (Some(limit), Some(value)) => rule.excess(limit, value),
        (_, _) => "none".to_owned(),
    };
    let inherited = value.is_some() && !object.fields.contains_key(name);
    let from = if inherited { INHERITED } else { "" };
    DetailsFlaw::new(at, expected, format!("{found}{from}"))
}

/// The flaw of a type that one of the limits does not have at all.
fn type_flaw(frame: &NarrowFrame<'_>, object: &Detail, index: usize) -> DetailsFlaw {
    let limits = [
        ("the parent token carries", frame.parent),
        ("the grant lists", frame.grant),
        ("the ceiling lists", frame.ceiling),
    ];
    let lacking = limits.into_iter().find_map(|(what, list)| {
        let list = list.filter(|list| list.of_kind(&object.kind).next().is_none())?;
        Some((what, list))
    });
    let expected = match lacking {
        Some((what, limit)) if limit.is_empty() => format!("no object, {what} none"),
        Some((what, limit)) => format!("a type that {what}: {}", list(limit.types())),
        None => "a type within every limit".to_owned(),
    };
    DetailsFlaw::new(format!("/{index}/type"), expected, quote(&object.kind))
}
