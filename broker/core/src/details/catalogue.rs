//! The types of `authorization_details` a target declares, and how each field narrows.

use super::flaw::step;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most types a target declares, and most fields a type has.
const SIZE_LIMIT: usize = 64;
/// Most bytes of a type's name.
const TYPE_NAME_LIMIT: usize = 128;
/// Most bytes of a field's name.
const FIELD_NAME_LIMIT: usize = 64;

/// A target's declared types, the `details` member of `PUT /targets/{id}` (contract §12).
///
/// Reading it refuses unknown comparators and members; [`Catalogue::check`] finds the rest.
/// A copy shares the declaration.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Catalogue(#[serde(with = "shared")] Arc<BTreeMap<String, Fields>>);

impl PartialEq for Catalogue {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// The declaration as JSON has it.
mod shared {
    use crate::details::catalogue::Fields;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(
        declared: &Arc<BTreeMap<String, Fields>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        declared.as_ref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<BTreeMap<String, Fields>>, D::Error> {
        BTreeMap::deserialize(deserializer).map(Arc::new)
    }
}

/// The declared fields of one type.
pub(super) type Fields = BTreeMap<String, Rule>;

/// How one field is compared: its type and the way it narrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(super) enum Rule {
    StringEqual,
    StringPrefix,
    StringsSubset,
    IntegerEqual,
    IntegerAtMost,
    IntegerAtLeast,
    DecimalEqual,
    DecimalAtMost,
    DecimalAtLeast,
    TimeSpanWithin,
    CidrWithin,
}

/// A rule as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    r#type: String,
    narrow: String,
}

impl Catalogue {
    /// What is wrong beyond the JSON shape: JSON pointer below the catalogue (RFC 6901)
    /// and what to change. Empty when the catalogue is usable.
    #[must_use]
    pub fn check(&self) -> Vec<(String, String)> {
        let mut flaws = Vec::new();
        if self.0.len() > SIZE_LIMIT {
            let detail = format!(
                "expected at most {SIZE_LIMIT} types, found {}",
                self.0.len()
            );
            flaws.push((String::new(), detail));
        }
        for (kind, fields) in self.0.iter() {
            flaws.extend(type_name_flaw(kind).map(|detail| (step(kind), detail)));
            if fields.len() > SIZE_LIMIT {
                let detail = format!(
                    "expected at most {SIZE_LIMIT} fields, found {}",
                    fields.len()
                );
                flaws.push((step(kind), detail));
            }
            let named = |name: &String| {
                let pointer = format!("{}{}", step(kind), step(name));
                field_name_flaw(name).map(|detail| (pointer, detail))
            };
            flaws.extend(fields.keys().filter_map(named));
        }
        flaws
    }

    /// Whether this is the same declaration and not only an equal one.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether the target declares no types.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the target declares the type `kind` (a scope's `requires` may name only these).
    #[must_use]
    pub fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    /// The declared types, in order.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The declared fields of a type.
    pub(super) fn fields(&self, kind: &str) -> Option<&Fields> {
        self.0.get(kind)
    }
}

fn type_name_flaw(name: &str) -> Option<String> {
    let valid = (1..=TYPE_NAME_LIMIT).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._~:/#-".contains(&b));
    (!valid).then(|| {
        format!(
            "expected a type name of 1 to {TYPE_NAME_LIMIT} of `A-Z a-z 0-9 . _ ~ : / # -` \
             that starts with a letter or digit"
        )
    })
}

fn field_name_flaw(name: &str) -> Option<String> {
    if name == "type" {
        return Some(
            "expected another name, `type` names the type (RFC 9396 section 2)".to_owned(),
        );
    }
    let valid = (1..=FIELD_NAME_LIMIT).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    (!valid).then(|| {
        format!(
            "expected a field name of 1 to {FIELD_NAME_LIMIT} of `A-Z a-z 0-9 . _ -` \
             that starts with a letter or `_`"
        )
    })
}

impl Rule {
    /// Every rule there is.
    const ALL: [Self; 11] = [
        Self::StringEqual,
        Self::StringPrefix,
        Self::StringsSubset,
        Self::IntegerEqual,
        Self::IntegerAtMost,
        Self::IntegerAtLeast,
        Self::DecimalEqual,
        Self::DecimalAtMost,
        Self::DecimalAtLeast,
        Self::TimeSpanWithin,
        Self::CidrWithin,
    ];

    /// The two words JSON has for the rule: `type` and `narrow`.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::StringEqual => ("string", "equal"),
            Self::StringPrefix => ("string", "prefix"),
            Self::StringsSubset => ("strings", "subset"),
            Self::IntegerEqual => ("integer", "equal"),
            Self::IntegerAtMost => ("integer", "at_most"),
            Self::IntegerAtLeast => ("integer", "at_least"),
            Self::DecimalEqual => ("decimal", "equal"),
            Self::DecimalAtMost => ("decimal", "at_most"),
            Self::DecimalAtLeast => ("decimal", "at_least"),
            Self::TimeSpanWithin => ("time_span", "within"),
            Self::CidrWithin => ("cidr", "within"),
        }
    }
}

impl TryFrom<Written> for Rule {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let words = (written.r#type.as_str(), written.narrow.as_str());
        let found = Self::ALL.into_iter().find(|rule| rule.words() == words);
        found.ok_or_else(|| {
            let known: Vec<String> = Self::ALL.iter().map(|rule| rule.label()).collect();
            let (kind, narrow) = (super::flaw::quote(words.0), super::flaw::quote(words.1));
            format!(
                "expected one of {}, found {kind} with {narrow}",
                known.join(", ")
            )
        })
    }
}

impl Rule {
    /// The rule in a message: `decimal at_most`.
    pub(super) fn label(self) -> String {
        let (kind, narrow) = self.words();
        format!("`{kind} {narrow}`")
    }
}

impl From<Rule> for Written {
    fn from(rule: Rule) -> Self {
        let (kind, narrow) = rule.words();
        Self {
            r#type: kind.to_owned(),
            narrow: narrow.to_owned(),
        }
    }
}
