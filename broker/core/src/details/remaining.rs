//! What is left of a list that was declared under another catalogue (contract
//! §12: what refers to something that is gone is inert). An object whose type or
//! fields are gone counts for nothing as a whole, and the list that it stands in
//! limits as before: a list of which nothing is left is none that sets no limit.

use super::catalogue::Catalogue;
use super::flaw::{DetailsFlaw, quote};
use super::narrow::Enclosing;
use super::object::{Detail, Details};
use serde_json::Value as Json;

/// A list of ceiling, grant or parent, as far as the catalogue of now has the
/// types and fields that it names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remaining {
    left: Details,
    listed: bool,
}

/// What the granted details must lie within, as it was declared or carried.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredLimits<'a> {
    /// What the subject token carries, on a later hop. It binds even when empty.
    pub parent: Option<&'a Remaining>,
    /// What the chosen grant lists.
    pub grant: Option<&'a Remaining>,
    /// What the agent's ceiling lists.
    pub ceiling: &'a Remaining,
}

impl Remaining {
    /// Reads what the catalogue still has, and leaves out the rest.
    #[must_use]
    pub fn of(list: &[Json], catalogue: &Catalogue) -> Self {
        let left = list.iter();
        let left = left.filter_map(|json| Detail::parse("", json, catalogue).ok());
        Self {
            left: Details(left.collect()),
            listed: !list.is_empty(),
        }
    }

    /// The objects that the catalogue still has.
    pub(super) const fn left(&self) -> &Details {
        &self.left
    }

    /// Whether objects were listed, and the catalogue has none of them any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.listed && self.left.is_empty()
    }
}

/// The objects of a list that the catalogue does not have: place and flaw.
#[must_use]
pub fn gone(list: &[Json], catalogue: &Catalogue) -> Vec<(usize, DetailsFlaw)> {
    let each = list.iter().enumerate();
    let flaw = |(place, json)| {
        let read = Detail::parse("", json, catalogue);
        read.err().map(|flaw| (place, flaw))
    };
    each.filter_map(flaw).collect()
}

impl<'a> DeclaredLimits<'a> {
    /// What is left of them, to narrow a request by.
    ///
    /// # Errors
    /// Where what was listed is gone as a whole: of the list that a request
    /// inherits from, whatever is asked, since what it would inherit cannot be said
    /// any more; of the ceiling, whatever object is asked or inherited.
    pub fn limits(self, requested: Option<&Details>) -> Result<Enclosing<'a>, DetailsFlaw> {
        let source = self.parent.or(self.grant);
        if source.is_some_and(Remaining::is_gone) {
            let expected = "objects in the parent token or grant that the target still declares";
            return Err(DetailsFlaw::new("", expected, "none"));
        }
        let asked = requested.filter(|list| !list.is_empty());
        let asked = asked.or_else(|| source.map(|source| &source.left));
        if self.ceiling.is_gone()
            && let Some(object) = asked.and_then(|list| list.iter().next())
        {
            let expected = "no object, the target declares none of those in the ceiling any more";
            return Err(DetailsFlaw::new("/0/type", expected, quote(object.kind())));
        }
        Ok(Enclosing {
            parent: self.parent.map(|list| &list.left),
            grant: self.grant.map(|list| &list.left),
            ceiling: Some(&self.ceiling.left),
        })
    }
}
