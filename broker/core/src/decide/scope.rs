//! Scope: granted = requested ∩ subject token's ∩ ceiling ∩ catalogue; the
//! grant's part is the basis's (contract §6, "Authority").

use super::aim::At;
use super::case::Case;
use super::facts::Facts;
use super::work::Work;
use crate::nearest::meant;
use crate::policy::PolicyCheck;
use crate::proof::Origin;
use crate::refusal::{Code, Refusal, quoted};
use crate::scope::{Scope, ScopeName};
use serde_json::json;

pub(super) fn check<P: PolicyCheck>(
    case: &Case,
    _facts: &Facts,
    _policy: &P,
    work: &mut Work,
) -> Result<(), Refusal> {
    let Some(at) = work.aim.at() else {
        return for_ourselves(case);
    };
    let (target, ceiling) = (&at.target, &at.ceiling);
    let mut allowed = ceiling.scopes.narrow(&target.catalogue());
    if let Some(authority) = case.subject.authority() {
        allowed = allowed.narrow(&authority.at(&target.id));
    }
    if case.acts_for_itself() {
        allowed = allowed.narrow(&ceiling.alone);
    }
    // A list without a name asks for nothing, and nothing never means "all".
    let requested = match case.ask.scope.as_ref().filter(|scope| !scope.is_empty()) {
        Some(scope) => scope.clone(),
        None => default(case, at, &allowed)?,
    };
    let outside = requested.outside(&allowed);
    if let Some(first) = outside.iter().next() {
        let remaining = requested.narrow(&allowed);
        return Err(outside_of((case, at), &allowed, first, &remaining));
    }
    work.scope = requested;
    Ok(())
}

/// An actor token carries no scope (contract §6, `client_credentials`).
fn for_ourselves(case: &Case) -> Result<(), Refusal> {
    match case
        .ask
        .scope
        .as_ref()
        .and_then(|scope| scope.iter().next())
    {
        None => Ok(()),
        Some(first) => Err(Refusal::new(
            Code::ScopeRefused,
            format!(
                "expected no scope for an actor token, found {}; leave scope out",
                quoted(first.as_str())
            ),
        )
        .passing(json!({ "scope": "" }))),
    }
}

/// What a request without `scope` means: the ceiling's default, within what is
/// allowed here. Never "all".
fn default(case: &Case, at: &At, allowed: &Scope) -> Result<Scope, Refusal> {
    let mut scope = at.ceiling.default.narrow(allowed);
    if let Origin::Grant(grant) = case.subject.origin() {
        scope = grant
            .at(&at.target.id)
            .map(|at| scope.narrow(&at.scopes))
            .unwrap_or_default();
    }
    if !scope.is_empty() {
        return Ok(scope);
    }
    let text = if allowed.is_empty() {
        "expected a scope that is allowed here, found none requested and none allowed; ask the agent's owner for a wider ceiling".to_owned()
    } else {
        format!(
            "expected a scope, found none and no default for this target; ask for one of {}",
            quoted(&allowed.to_string())
        )
    };
    // No `would_pass`: it never names more than was asked for, and nothing was.
    Err(Refusal::new(Code::ScopeRequired, text))
}

/// What remains of the request would pass: never more than was asked for.
fn outside_of(
    asked: (&Case, &At),
    allowed: &Scope,
    found: &ScopeName,
    remaining: &Scope,
) -> Refusal {
    let ask = format!("ask for scope {}", quoted(&remaining.to_string()));
    let ask = (!remaining.is_empty()).then_some(ask);
    let said: Vec<String> = ask
        .into_iter()
        .chain(cause(asked, allowed, found))
        .collect();
    let next = match said.as_slice() {
        [] if allowed.is_empty() => "ask for another target".to_owned(),
        [] => "ask for a scope of these".to_owned(),
        said => said.join("; "),
    };
    let expected = if allowed.is_empty() {
        "no scope".to_owned()
    } else {
        format!("a subset of {}", quoted(&allowed.to_string()))
    };
    let found = quoted(found.as_str());
    let text = format!("expected {expected}, found {found}; {next}");
    passing(Refusal::new(Code::ScopeRefused, text), remaining)
}

/// Why a name is outside, where that is known. A name that exists is no slip of
/// another. Of the catalogue nothing is told beyond the agent's own ceiling.
fn cause((case, at): (&Case, &At), allowed: &Scope, found: &ScopeName) -> Option<String> {
    let (ceiling, catalogue, found) = (&at.ceiling, at.target.catalogue(), found.as_str());
    if found
        .split(',')
        .any(|piece| piece != found && allowed.has(piece))
    {
        return Some("separate scopes by spaces".to_owned());
    }
    if !catalogue.has(found) || !ceiling.scopes.has(found) {
        let exists = catalogue.has(found) || ceiling.scopes.has(found);
        let known = allowed.iter().map(ScopeName::as_str).filter(|_| !exists);
        return meant(found, known).map(|name| format!("did you mean {}?", quoted(name)));
    }
    let leads = case.subject.authority();
    if leads.is_some_and(|authority| !authority.at(&at.target.id).has(found)) {
        let by = match case.subject.origin() {
            Origin::AccessToken => ", by `scope_map` of its issuer",
            Origin::IdToken
            | Origin::Workload
            | Origin::Own(_)
            | Origin::Grant(_)
            | Origin::Itself => "",
        };
        return Some(format!(
            "the subject token does not lead to it: get one that does{by}"
        ));
    }
    Some("it is not among the agent's `alone`: ask on a person's behalf".to_owned())
}

/// Says what would pass, where anything would.
pub(super) fn passing(refusal: Refusal, scope: &Scope) -> Refusal {
    if scope.is_empty() {
        return refusal;
    }
    refusal.passing(json!({ "scope": scope.to_string() }))
}
