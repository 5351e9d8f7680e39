//! `authorization_details` as they were listed when a grant was made, with what
//! they were last read as. Reading a long list costs more than a decision.

use super::{Catalogue, Details};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A list of objects as it was written. A copy shares it, and what it was read
/// as.
#[derive(Clone, Default)]
pub struct Listed(Arc<Inner>);

#[derive(Default)]
struct Inner {
    objects: Vec<Json>,
    kept: Mutex<Kept>,
}

/// What the list was read as. Its size is that of the list, so only what is
/// looked at again and again is kept.
#[derive(Default)]
struct Kept {
    keeps: bool,
    /// By which declaration it was read: under another it is read anew. `None`
    /// where it does not fit the declaration.
    read: Option<(Catalogue, Option<Arc<Details>>)>,
}

impl Listed {
    /// The list as JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Array(self.0.objects.clone())
    }

    /// What the list means under a declaration; `None` where it does not fit it.
    #[must_use]
    pub fn read(&self, catalogue: &Catalogue) -> Option<Arc<Details>> {
        if let Some((by, details)) = &mut self.kept().read
            && by == catalogue
        {
            // The next look sees by the pointer alone that it is the same.
            *by = catalogue.clone();
            return details.clone();
        }
        let details = Details::of(&self.0.objects, catalogue).ok().map(Arc::new);
        let mut kept = self.kept();
        if kept.keeps {
            kept.read = Some((catalogue.clone(), details.clone()));
        }
        details
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

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Vec<Json>> for Listed {
    fn from(objects: Vec<Json>) -> Self {
        Self(Arc::new(Inner {
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
