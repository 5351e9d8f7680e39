//! `authorization_details` as they were listed when a grant was made, with what
//! they were last read as. Reading a long list costs more than a decision.

use super::catalogue::Catalogue;
use super::object::{Detail, Details};
use super::remaining::Remaining;
use super::value::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A list of objects as it was written. A copy shares it, and what it was read
/// as.
#[derive(Clone, Default)]
pub struct Listed(Arc<ListedInner>);

#[derive(Default)]
struct ListedInner {
    objects: Vec<Json>,
    kept: Mutex<KeptJson>,
}

/// What the list was read as. Its size is that of the list, so only what is
/// looked at again and again is kept.
#[derive(Default)]
struct KeptJson {
    keeps: bool,
    /// By which declaration it was read: under another it is read anew.
    read: Option<(Catalogue, Arc<Limit>)>,
}

/// A list that was read, to be compared with what is requested.
#[derive(Debug)]
pub struct Limit {
    remaining: Remaining,
    /// Of a type and a field that all its objects have as a list of strings: the
    /// hashes of all these strings, sorted.
    hashes: BTreeMap<(String, String), Vec<u64>>,
}

impl Limit {
    fn new(remaining: Remaining) -> Self {
        let details = remaining.left();
        let mut hashes: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        for detail in details.iter() {
            for (name, value) in &detail.fields {
                let mut of_kind = details.of_kind(&detail.kind);
                if let Value::Texts(texts) = value
                    && of_kind.all(|other| other.fields.contains_key(name))
                {
                    let place = (detail.kind.clone(), name.clone());
                    hashes.entry(place).or_default().extend(texts.hashes());
                }
            }
        }
        for all in hashes.values_mut() {
            all.sort_unstable();
            all.dedup();
        }
        Self { remaining, hashes }
    }

    /// The objects, as far as the declaration has them.
    #[must_use]
    pub const fn remaining(&self) -> &Remaining {
        &self.remaining
    }

    /// Whether what is requested may be within the list: `false` where it has a
    /// string that none of the objects has. A look at one list in place of many.
    #[must_use]
    pub fn may_hold(&self, requested: &Details) -> bool {
        let fits = |detail: &Detail, name: &String, value: &Value| {
            let Value::Texts(texts) = value else {
                return true;
            };
            let known = self.hashes.iter();
            let mut known =
                known.filter(|((kind, field), _)| *kind == detail.kind && field == name);
            known.all(|(_, known)| {
                texts
                    .hashes()
                    .all(|hash| known.binary_search(&hash).is_ok())
            })
        };
        requested.iter().all(|detail| {
            let mut fields = detail.fields.iter();
            fields.all(|(name, value)| fits(detail, name, value))
        })
    }
}

impl Listed {
    /// The list as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Array(self.0.objects.clone())
    }

    /// What the list means under a declaration.
    #[must_use]
    pub fn read(&self, catalogue: &Catalogue) -> Arc<Limit> {
        if let Some((by, limit)) = &mut self.kept().read
            && by == catalogue
        {
            if !by.is(catalogue) {
                // The next look sees by the pointer alone that it is equal.
                *by = catalogue.clone();
            }
            return limit.clone();
        }
        let limit = Arc::new(Limit::new(Remaining::of(&self.0.objects, catalogue)));
        let mut kept = self.kept();
        if kept.keeps {
            kept.read = Some((catalogue.clone(), limit.clone()));
        }
        limit
    }

    /// From now on, what the list is read as is kept, or is not and is dropped.
    pub fn keep(&self, keeps: bool) {
        let mut kept = self.kept();
        kept.keeps = keeps;
        if !keeps {
            kept.read = None;
        }
    }

    /// Whether what the list was read as is kept.
    #[cfg(test)]
    pub(crate) fn is_kept(&self) -> bool {
        self.kept().read.is_some()
    }

    fn kept(&self) -> MutexGuard<'_, KeptJson> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Vec<Json>> for Listed {
    fn from(objects: Vec<Json>) -> Self {
        Self(Arc::new(ListedInner {
            objects,
            kept: Mutex::default(),
        }))
    }
}

impl Deref for Listed {
    type Target = [Json];
    fn deref(&self) -> &[Json] {
        &self.0.objects
    }
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.objects.fmt(f)
    }
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.objects.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}
