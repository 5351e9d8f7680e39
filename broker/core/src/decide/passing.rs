//! What of a refused request would pass. A denial must not cost a question a
//! scope: the search has a bound, and what it comes to was asked about as a
//! whole.

use crate::scope::{Scope, ScopeName};

/// Most questions to the policy in search of what of a refused request would
/// pass (contract §6).
pub const PASSING_QUESTIONS_MAX: usize = 8;

/// The names of `candidates` that would pass together, as many as so many
/// questions find: few are tried one by one, many by halves, the larger parts
/// first. `refused` is known not to pass.
pub(super) fn passing(
    refused: &Scope,
    candidates: &Scope,
    questions: usize,
    allows: impl Fn(&Scope) -> bool,
) -> Scope {
    let names: Vec<ScopeName> = candidates.iter().cloned().collect();
    let mut parts: Vec<Vec<ScopeName>> = if names.len() <= questions {
        names.into_iter().map(|name| vec![name]).collect()
    } else {
        vec![names]
    };
    let mut known = vec![refused.clone()];
    let mut found = Scope::default();
    let mut left = questions;
    while let Some(part) = largest(&mut parts) {
        let whole = Scope::of(found.iter().chain(&part).cloned());
        if known.contains(&whole) {
            halve(part, &mut parts);
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        if allows(&whole) {
            found = whole;
        } else {
            known.push(whole);
            halve(part, &mut parts);
        }
    }
    found
}

/// Takes out the part with the most names, the first of several.
fn largest(parts: &mut Vec<Vec<ScopeName>>) -> Option<Vec<ScopeName>> {
    let most = parts.iter().map(Vec::len).max()?;
    let place = parts.iter().position(|part| part.len() == most)?;
    Some(parts.remove(place))
}

/// Puts both halves back; a single name has none.
fn halve(mut part: Vec<ScopeName>, parts: &mut Vec<Vec<ScopeName>>) {
    if part.len() > 1 {
        let second = part.split_off(part.len().div_ceil(2));
        parts.extend([part, second]);
    }
}

#[cfg(test)]
mod tests;
