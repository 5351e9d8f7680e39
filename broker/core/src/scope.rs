//! Scope: what may be done at one target, and authority, a set of
//! (target, scope). Both only ever shrink (architecture, "Five promises").

use crate::ids::TargetId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Longest scope name, in bytes.
pub const SCOPE_NAME_MAX: usize = 128;
/// Most scope names in one request, catalogue entry or token.
pub const SCOPES_MAX: usize = 64;

/// One scope token (RFC 6749 §3.3: printable ASCII without space, `"` and `\`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeName(Box<str>);

impl ScopeName {
    /// Parses one scope token. A `*` is refused: there are no wildcards
    /// (contract §6).
    ///
    /// # Errors
    /// [`ScopeFlaw`] when the text has another form.
    pub fn parse(text: &str) -> Result<Self, ScopeFlaw> {
        let legal = |b: u8| (0x21..=0x7e).contains(&b) && !matches!(b, b'"' | b'\\' | b'*' | b'`');
        if !text.is_empty() && text.len() <= SCOPE_NAME_MAX && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(ScopeFlaw)
        }
    }

    /// The scope token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for ScopeName {
    type Error = ScopeFlaw;
    fn try_from(text: String) -> Result<Self, ScopeFlaw> {
        Self::parse(&text)
    }
}
impl From<ScopeName> for String {
    fn from(name: ScopeName) -> Self {
        name.0.into()
    }
}
impl std::borrow::Borrow<str> for ScopeName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A scope that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected scope names of printable ASCII without quotes, backslashes and wildcards")]
pub struct ScopeFlaw;

/// A set of scope names at one target. There is no union: a scope is parsed
/// from what was asked or declared, and from then on only narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(BTreeSet<ScopeName>);

impl Scope {
    /// Parses a space-delimited list (RFC 6749 §3.3); repeated names collapse.
    ///
    /// # Errors
    /// [`ScopeFlaw`] for an illegal or too long list.
    pub fn parse(text: &str) -> Result<Self, ScopeFlaw> {
        let names: BTreeSet<_> = text
            .split(' ')
            .filter(|t| !t.is_empty())
            .map(ScopeName::parse)
            .collect::<Result<_, _>>()?;
        if names.len() > SCOPES_MAX {
            return Err(ScopeFlaw);
        }
        Ok(Self(names))
    }

    /// The scope made of declared names (catalogue, ceiling, grant).
    #[must_use]
    pub fn of(names: impl IntoIterator<Item = ScopeName>) -> Self {
        Self(names.into_iter().collect())
    }

    /// What of `self` lies within `limit`.
    #[must_use]
    pub fn narrow(&self, limit: &Self) -> Self {
        Self(self.0.intersection(&limit.0).cloned().collect())
    }

    /// What of `self` lies outside `limit`.
    #[must_use]
    pub fn outside(&self, limit: &Self) -> Self {
        Self(self.0.difference(&limit.0).cloned().collect())
    }

    /// Whether every name of `self` is in `limit`.
    #[must_use]
    pub fn is_within(&self, limit: &Self) -> bool {
        self.0.is_subset(&limit.0)
    }

    /// Whether the name is in the set.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeName> {
        self.0.iter()
    }
}

impl fmt::Display for Scope {
    /// Space-delimited and sorted, as in the `scope` member (RFC 6749 §3.3).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(name.as_str())?;
        }
        Ok(())
    }
}

/// What a subject token leads to: a set of (target, scope) (contract §6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Authority(BTreeSet<(TargetId, ScopeName)>);

impl Authority {
    /// The authority made of mapped or carried pairs.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (TargetId, ScopeName)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// What the authority allows at one target.
    #[must_use]
    pub fn at(&self, target: &TargetId) -> Scope {
        Scope::of(
            self.0
                .iter()
                .filter(|(t, _)| t == target)
                .map(|(_, s)| s.clone()),
        )
    }
}

#[cfg(test)]
mod tests;
