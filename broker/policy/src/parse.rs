//! From the texts of all files to checked policies, or all flaws at once.

use crate::annotations::{self, Annotations};
use crate::bundle::{POLICIES_MAX, TEXT_MAX};
use crate::flaw::{FLAWS_MAX, PolicyFlaw, sentence};
use crate::statements::{self, Statement};
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, ValidationMode, ValidationWarning, Validator,
};
use locum_core::ids::AgentId;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A policy with where it stands and what its annotations say.
pub(crate) struct ParsedPolicies<'a> {
    pub(crate) policy: Policy,
    pub(crate) marks: Annotations,
    pub(crate) statement: Statement<'a>,
}

/// Parses all files: policies by `@id`.
///
/// # Errors
/// Limits, names, syntax and annotations.
pub(crate) fn all(
    files: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ParsedPolicies<'_>>, Vec<PolicyFlaw>> {
    let mut flaws = Vec::new();
    let mut loaded: BTreeMap<String, ParsedPolicies<'_>> = BTreeMap::new();
    for statement in cut(files)? {
        let (id, one) = match policy(statement) {
            Ok(parsed) => parsed,
            Err(found) => {
                flaws.extend(found);
                continue;
            }
        };
        match loaded.entry(id) {
            Entry::Vacant(place) => drop(place.insert(one)),
            Entry::Occupied(taken) => flaws.push(statement.flaw(
                0,
                format!(
                    "expected a unique `@id`, found `{}` again (first in `{}`)",
                    taken.key(),
                    taken.get().statement.file
                ),
            )),
        }
    }
    none_of(flaws)?;
    Ok(loaded)
}

/// Checks all policies strictly against the schema.
///
/// # Errors
/// What Cedar's validator found, each at its place, and forbids that can
/// never apply.
pub(crate) fn validate(
    loaded: &BTreeMap<String, ParsedPolicies<'_>>,
    validator: &Validator,
) -> Result<(), Vec<PolicyFlaw>> {
    let policies = loaded.values().map(|one| one.policy.clone());
    let set = PolicySet::from_policies(policies)
        .map_err(|e| vec![PolicyFlaw::of_bundle(e.to_string())])?;
    let result = validator.validate(&set, ValidationMode::Strict);
    let place = |id: &PolicyId, byte: usize, detail: String| {
        let one = loaded.get(AsRef::<str>::as_ref(id));
        one.map_or_else(
            || PolicyFlaw::of_bundle(detail.clone()),
            |one| one.statement.flaw(byte, detail.clone()),
        )
    };
    let mut flaws = Vec::new();
    for error in result.validation_errors() {
        let (byte, detail) = sentence(&DetailedError::from(error));
        flaws.push(place(error.policy_id(), byte, detail));
    }
    for warning in result.validation_warnings() {
        let id = warning.policy_id();
        let forbids = set.policy(id).is_some_and(|p| p.effect() == Effect::Forbid);
        // Say, `principal in Group::"…"`: the principal is the agent. Such a
        // permit is harmless, such a forbid protects nobody.
        if forbids && matches!(warning, ValidationWarning::ImpossiblePolicy(_)) {
            let detail = "expected a forbid that can apply, found one that never does";
            flaws.push(place(id, 0, detail.to_owned()));
        }
    }
    // Cedar reports in no fixed order; the same bundle gets the same answer.
    flaws.sort_by(|a, b| {
        (&a.file, a.line, a.column, &a.detail).cmp(&(&b.file, b.line, b.column, &b.detail))
    });
    none_of(flaws)
}

fn cut(files: &BTreeMap<String, String>) -> Result<Vec<Statement<'_>>, Vec<PolicyFlaw>> {
    let size: usize = files
        .iter()
        .map(|(name, text)| name.len() + text.len())
        .sum();
    if size > TEXT_MAX {
        let detail = format!("expected at most {TEXT_MAX} bytes of policies, found {size}");
        return Err(vec![PolicyFlaw::of_bundle(detail)]);
    }
    let mut flaws = Vec::new();
    let mut found = Vec::new();
    for (name, text) in files {
        // The same form as any operator-chosen id (contract §2).
        let stem = name.strip_suffix(".cedar").unwrap_or_default();
        if AgentId::parse(stem).is_err() {
            let detail = "expected a file name of 1 to 63 of a-z, 0-9 and `-`, not starting with `-`, and `.cedar`";
            flaws.push(PolicyFlaw::at(name, text, 0, detail));
            continue;
        }
        match statements::split(name, text) {
            Ok(statements) => found.extend(statements),
            Err(flaw) => flaws.push(flaw),
        }
    }
    if found.len() > POLICIES_MAX {
        let detail = format!(
            "expected at most {POLICIES_MAX} policies, found {}",
            found.len()
        );
        flaws.push(PolicyFlaw::of_bundle(detail));
    }
    none_of(flaws)?;
    Ok(found)
}

fn policy(statement: Statement<'_>) -> Result<(String, ParsedPolicies<'_>), Vec<PolicyFlaw>> {
    // A template does not parse as a policy, so it is refused here.
    let policy = Policy::parse(None, statement.text).map_err(|errors| {
        let flaws = errors.iter().map(|error| {
            let (byte, detail) = sentence(&DetailedError::from(error));
            statement.flaw(byte, detail)
        });
        flaws.collect::<Vec<_>>()
    })?;
    let (id, marks) = annotations::read(&policy, &statement)?;
    let policy = policy.new_id(PolicyId::new(&id));
    Ok((
        id,
        ParsedPolicies {
            policy,
            marks,
            statement,
        },
    ))
}

fn none_of(mut flaws: Vec<PolicyFlaw>) -> Result<(), Vec<PolicyFlaw>> {
    flaws.truncate(FLAWS_MAX);
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}
