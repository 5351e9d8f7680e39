//! Objects of `authorization_details`, read by what their target declares.

use super::catalogue::{Catalogue, Fields};
use super::flaw::{DetailsFlaw, describe, list, quote, step};
use super::value::Value;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// Most objects in one list.
pub const OBJECT_LIMIT: usize = 32;

/// One object of `authorization_details` (RFC 9396 §2): its type and typed fields.
///
/// Equal objects have the same JSON. Fields may be missing; [`narrow`] fills or refuses them.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    pub(super) kind: String,
    pub(super) fields: BTreeMap<String, Value>,
}

/// A list of `authorization_details`, at most 32 objects.
///
/// The default is the empty list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details(pub(super) Vec<Detail>);

impl Details {
    /// Reads an array of objects of declared types.
    ///
    /// # Errors
    /// An unknown type or field, a value that is not of its declared type, too much
    /// of anything. A missing field is no error here.
    pub fn parse(json: &Json, catalogue: &Catalogue) -> Result<Self, DetailsFlaw> {
        let Json::Array(items) = json else {
            return Err(DetailsFlaw::new("", "an array of objects", describe(json)));
        };
        Self::of(items, catalogue)
    }

    /// Reads the objects of an array, as [`Details::parse`] does.
    pub(super) fn of(items: &[Json], catalogue: &Catalogue) -> Result<Self, DetailsFlaw> {
        if items.len() > OBJECT_LIMIT {
            let expected = format!("at most {OBJECT_LIMIT} objects");
            return Err(DetailsFlaw::new("", expected, items.len().to_string()));
        }
        let objects = items.iter().enumerate();
        objects
            .map(|(index, item)| Detail::parse(&format!("/{index}"), item, catalogue))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The list as JSON, members sorted by name and `type` among them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Array(self.0.iter().map(Detail::to_json).collect())
    }

    /// Whether there are no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The objects, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = &Detail> {
        self.0.iter()
    }

    /// The types that occur.
    #[must_use]
    pub fn types(&self) -> BTreeSet<&str> {
        self.0.iter().map(Detail::kind).collect()
    }

    /// The objects of one type, in the order they were written.
    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Detail> {
        self.0.iter().filter(move |detail| detail.kind == kind)
    }
}

impl Detail {
    pub(super) fn parse(
        pointer: &str,
        json: &Json,
        catalogue: &Catalogue,
    ) -> Result<Self, DetailsFlaw> {
        let Json::Object(members) = json else {
            return Err(DetailsFlaw::new(pointer, "an object", describe(json)));
        };
        let (kind, declared) = declared(pointer, members, catalogue)?;
        let mut fields = BTreeMap::new();
        for (name, json) in members.iter().filter(|(name, _)| *name != "type") {
            let at = format!("{pointer}{}", step(name));
            let Some(rule) = declared.get(name) else {
                let known = list(declared.keys().map(String::as_str));
                let expected = format!("one of the fields of {}: {known}", quote(kind));
                return Err(DetailsFlaw::new(at, expected, quote(name)));
            };
            let value = Value::parse(*rule, json);
            let value = value.map_err(|(expected, found)| DetailsFlaw::new(at, expected, found))?;
            fields.insert(name.clone(), value);
        }
        let kind = kind.to_owned();
        Ok(Self { kind, fields })
    }

    /// The object's `type`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The object as JSON, members sorted by name and `type` among them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let fields = self.fields.iter();
        let mut members: BTreeMap<&str, Json> = fields
            .map(|(name, value)| (name.as_str(), value.to_json()))
            .collect();
        members.insert("type", Json::String(self.kind.clone()));
        let members = members
            .into_iter()
            .map(|(name, json)| (name.to_owned(), json));
        Json::Object(members.collect::<Map<_, _>>())
    }
}

/// The `type` of an object and the fields its target declares for it.
fn declared<'a>(
    pointer: &str,
    members: &'a Map<String, Json>,
    catalogue: &'a Catalogue,
) -> Result<(&'a str, &'a Fields), DetailsFlaw> {
    let at = || format!("{pointer}/type");
    let kind = match members.get("type") {
        Some(Json::String(kind)) => kind,
        Some(other) => return Err(DetailsFlaw::new(at(), "a string", describe(other))),
        None => return Err(DetailsFlaw::new(at(), "a type", "none")),
    };
    match catalogue.fields(kind) {
        Some(fields) => Ok((kind, fields)),
        None if catalogue.is_empty() => {
            let expected = "no `authorization_details`, the target declares no types";
            Err(DetailsFlaw::new(at(), expected, quote(kind)))
        }
        None => {
            let expected = format!("one of the types {}", list(catalogue.types()));
            Err(DetailsFlaw::new(at(), expected, quote(kind)))
        }
    }
}
