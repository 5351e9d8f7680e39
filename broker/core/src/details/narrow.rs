//! Narrowing: what is granted lies within parent, grant and ceiling, object by object.

use super::catalogue::{Catalogue, Fields, Rule};
use super::flaw::{DetailsFlaw, list, quote};
use super::nearest;
use super::object::{Detail, Details};
use super::value::Value;
use std::collections::BTreeSet;

/// What the granted details must lie within. An absent limit is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enclosing<'a> {
    /// What the subject token carries, on a later hop. It binds even when empty:
    /// then there is nothing to pass on.
    pub parent: Option<&'a Details>,
    /// What the chosen grant lists. Empty means no limit of its own.
    pub grant: Option<&'a Details>,
    /// What the agent's ceiling lists. Empty means no limit of its own.
    pub ceiling: Option<&'a Details>,
}

/// The details to grant: each object complete and within one single object of
/// parent, grant and ceiling (contract §6).
///
/// A field left out comes from the first parent object (at the root: grant object)
/// that yields a permitted result. Nothing requested, also as an empty list, means the
/// parent's or the grant's details, whole. `required` are the types the granted scopes
/// demand, at least one object of each.
///
/// # Errors
/// The first object that fits nowhere or lacks a field, or a required type without an
/// object; with `would_pass` where a narrower request would succeed.
pub fn narrow(
    requested: Option<&Details>,
    limits: Enclosing<'_>,
    required: &BTreeSet<String>,
    catalogue: &Catalogue,
) -> Result<Details, DetailsFlaw> {
    let frame = NarrowFrame::new(limits, catalogue);
    let none = Details::default();
    let (asked, origin) = frame.asked(requested, &none);
    match frame.place_all(asked) {
        Ok(granted) => match missing_type(&granted, required) {
            None => Ok(granted),
            Some(kind) => Err(demand(&frame, kind)),
        },
        Err(index) => {
            let mut flaw = nearest::explain(&frame, asked, index, origin);
            flaw.would_pass = nearest::repaired(&frame, asked, required).map(Box::new);
            Err(flaw)
        }
    }
}

/// What [`narrow`] would refuse, without what would pass: to look for that costs
/// far more than to see what is wrong.
#[must_use]
pub fn flaw(
    requested: Option<&Details>,
    limits: Enclosing<'_>,
    catalogue: &Catalogue,
) -> Option<DetailsFlaw> {
    let frame = NarrowFrame::new(limits, catalogue);
    let none = Details::default();
    let (asked, origin) = frame.asked(requested, &none);
    let index = frame.place_all(asked).err()?;
    Some(nearest::explain(&frame, asked, index, origin))
}

/// The details to grant, as [`narrow`] finds them; `None` where it would say
/// what is wrong, which costs far more than to see that something is.
#[must_use]
pub fn narrowed(
    requested: Option<&Details>,
    limits: Enclosing<'_>,
    required: &BTreeSet<String>,
    catalogue: &Catalogue,
) -> Option<Details> {
    let frame = NarrowFrame::new(limits, catalogue);
    let none = Details::default();
    let (asked, _) = frame.asked(requested, &none);
    let granted = frame.place_all(asked).ok()?;
    missing_type(&granted, required)
        .is_none()
        .then_some(granted)
}

/// Where the objects to place came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DetailsOrigin {
    Request,
    Inherited,
}

/// The limits that bind, by the rules of one catalogue.
#[derive(Clone, Copy)]
pub(super) struct NarrowFrame<'a> {
    pub(super) parent: Option<&'a Details>,
    pub(super) grant: Option<&'a Details>,
    pub(super) ceiling: Option<&'a Details>,
    pub(super) catalogue: &'a Catalogue,
}

impl<'a> NarrowFrame<'a> {
    fn new(limits: Enclosing<'a>, catalogue: &'a Catalogue) -> Self {
        let limiting = |list: Option<&'a Details>| list.filter(|list| !list.is_empty());
        Self {
            parent: limits.parent,
            grant: limiting(limits.grant),
            ceiling: limiting(limits.ceiling),
            catalogue,
        }
    }

    /// The objects to place: nothing requested means the parent's or the grant's.
    fn asked<'b>(
        &self,
        requested: Option<&'b Details>,
        none: &'b Details,
    ) -> (&'b Details, DetailsOrigin)
    where
        'a: 'b,
    {
        match requested.filter(|list| !list.is_empty()) {
            Some(list) => (list, DetailsOrigin::Request),
            None => (self.source().unwrap_or(none), DetailsOrigin::Inherited),
        }
    }

    /// What fields are inherited from: the parent, at the root the grant.
    pub(super) fn source(&self) -> Option<&'a Details> {
        self.parent.or(self.grant)
    }

    /// Every object placed, or the index of the first that fits nowhere.
    pub(super) fn place_all(&self, asked: &Details) -> Result<Details, usize> {
        let objects = asked.0.iter().enumerate();
        let placed = objects.map(|(index, object)| self.place(object).ok_or(index));
        placed.collect::<Result<_, _>>().map(Details)
    }

    /// The object with inherited fields, within one object of every limit.
    pub(super) fn place(&self, object: &Detail) -> Option<Detail> {
        let declared = self.catalogue.fields(&object.kind)?;
        let Some(source) = self.source() else {
            return self.permits(object, declared).then(|| object.clone());
        };
        // A parent that lacks a declared field never permitted any value of it; a
        // grant that lacks one leaves it to the request and the ceiling.
        let binding = |seed: &&Detail| self.parent.is_none() || complete(seed, declared);
        let filled = |seed: &Detail| {
            if !fits(object, seed, declared) {
                return None;
            }
            let child = object.filled_from(seed);
            self.permits(&child, declared).then_some(child)
        };
        source
            .of_kind(&object.kind)
            .filter(binding)
            .find_map(filled)
    }

    /// Whether a complete object lies within the grant and the ceiling.
    fn permits(&self, child: &Detail, declared: &Fields) -> bool {
        let inside = |list: Option<&Details>| {
            list.is_none_or(|list| {
                list.of_kind(&child.kind)
                    .any(|limit| within(child, limit, declared))
            })
        };
        complete(child, declared) && inside(self.grant) && inside(self.ceiling)
    }
}

impl Detail {
    /// This object, with the fields it leaves out taken from `seed`.
    pub(super) fn filled_from(&self, seed: &Self) -> Self {
        let mut fields = seed.fields.clone();
        fields.extend(self.fields.clone());
        let kind = self.kind.clone();
        Self { kind, fields }
    }
}

/// Whether the object has a value of the declared type for every declared field and
/// no others; it may have been read under an older catalogue.
pub(super) fn complete(detail: &Detail, declared: &Fields) -> bool {
    let typed = |(name, rule): (&String, &Rule)| {
        let value = detail.fields.get(name);
        value.is_some_and(|value| rule.is_for(value))
    };
    detail.fields.len() == declared.len() && declared.iter().all(typed)
}

/// Whether `child` permits nothing that `limit` does not; a field that only `child`
/// has narrows it further, one that only `limit` has would be lost.
pub(super) fn within(child: &Detail, limit: &Detail, declared: &Fields) -> bool {
    let kept = |name: &String| child.fields.contains_key(name);
    child.kind == limit.kind
        && limit.fields.keys().all(kept)
        && child.fields.iter().all(|(name, value)| {
            let outer = limit.fields.get(name);
            let rule = declared.get(name);
            rule.is_some_and(|rule| outer.is_none_or(|outer| rule.admits(outer, value)))
        })
}

/// Whether the object with what it inherits from `seed` lies within `seed`: as
/// [`within`] of both, without making it. What is inherited is equal, so only
/// what the object says itself is compared.
fn fits(object: &Detail, seed: &Detail, declared: &Fields) -> bool {
    let inherited = |name: &String| {
        object.fields.contains_key(name)
            || seed
                .fields
                .get(name)
                .zip(declared.get(name))
                .is_some_and(|(value, rule)| rule.is_for(value))
    };
    let said = |(name, value): (&String, &Value)| {
        let outer = seed.fields.get(name);
        let rule = declared.get(name);
        rule.is_some_and(|rule| outer.is_none_or(|outer| rule.admits(outer, value)))
    };
    object.fields.iter().all(said) && seed.fields.keys().all(inherited)
}

/// The first required type that has no object.
pub(super) fn missing_type<'a>(
    granted: &Details,
    required: &'a BTreeSet<String>,
) -> Option<&'a str> {
    let types = granted.types();
    let mut missing = required
        .iter()
        .filter(|kind| !types.contains(kind.as_str()));
    missing.next().map(String::as_str)
}

/// The flaw of a granted list without an object of the required type `kind`.
fn demand(frame: &NarrowFrame<'_>, kind: &str) -> DetailsFlaw {
    let fields = frame
        .catalogue
        .fields(kind)
        .into_iter()
        .flat_map(Fields::keys);
    let expected = format!(
        "an object of type {} with the fields {}",
        quote(kind),
        list(fields.map(String::as_str))
    );
    // Nothing would pass that was asked for: an object is up to the caller.
    DetailsFlaw::new("", expected, "none")
}
