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
        return Err(outside_of(
            &allowed,
            first.as_str(),
            &requested.narrow(&allowed),
        ));
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
fn outside_of(allowed: &Scope, found: &str, remaining: &Scope) -> Refusal {
    let meant = meant(found, allowed.iter().map(ScopeName::as_str));
    let meant = meant.map(|name| format!("did you mean {}?", quoted(name)));
    let ask = format!("ask for scope {}", quoted(&remaining.to_string()));
    let ask = (!remaining.is_empty()).then_some(ask);
    let said: Vec<String> = ask.into_iter().chain(meant).collect();
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
    let refusal = Refusal::new(
        Code::ScopeRefused,
        format!("expected {expected}, found {}; {next}", quoted(found)),
    );
    passing(refusal, remaining)
}

/// Says what would pass, where anything would.
pub(super) fn passing(refusal: Refusal, scope: &Scope) -> Refusal {
    if scope.is_empty() {
        return refusal;
    }
    refusal.passing(json!({ "scope": scope.to_string() }))
}
