//! What foreign tokens say, as far as it needs judging: whose they are,
//! `may_act`, `act`, groups (contract §5).

use super::subject::{MayAct, Origin};
use crate::chain::read_act;
use crate::party::Link;
use crate::refusal::{Code, Refusal};
use crate::registry::{Issuer, IssuerRole};
use crate::token::Claims;
use serde_json::Value;
use std::collections::BTreeSet;

/// Whether the token speaks for that issuer, in that issuer's one role: no
/// issuer speaks for another's people or workloads.
pub(super) fn speaks(claims: &Claims, issuer: &Issuer, origin: &Origin) -> Result<(), Refusal> {
    let role = match origin {
        Origin::Workload => IssuerRole::Workload,
        Origin::IdToken
        | Origin::AccessToken
        | Origin::Own(_)
        | Origin::Grant(_)
        | Origin::Itself => IssuerRole::Subject,
    };
    if claims.iss == issuer.spec.issuer && issuer.spec.role == role {
        return Ok(());
    }
    Err(invalid("an issuer trusted for it", "one of another issuer"))
}

pub(super) fn invalid(expected: &str, found: &str) -> Refusal {
    Refusal::new(
        Code::SubjectInvalid,
        format!(
            "expected a subject token of {expected}, found {found}; get a fitting subject token"
        ),
    )
}

pub(super) fn may_act(claims: &Claims, confers: bool) -> Result<Option<MayAct>, Refusal> {
    let Some(claim) = &claims.may_act else {
        return Ok(None);
    };
    let text = |name: &str| claim.get(name).and_then(Value::as_str).map(str::to_owned);
    let sub = text("sub").ok_or_else(|| invalid("a may_act with a sub", "one without"))?;
    let iss = match claim.get("iss") {
        None => claims.iss.clone(),
        Some(_) => text("iss").ok_or_else(|| invalid("a may_act with a textual iss", "another"))?,
    };
    Ok(Some(MayAct { iss, sub, confers }))
}

/// An `act` inside a foreign token refuses it, unless the issuer has
/// `accept_act`; then none of its actors may claim to be ours (contract §5).
pub(super) fn accepted_act(
    claims: &Claims,
    issuer: &Issuer,
    ours: &str,
) -> Result<Vec<Link>, Refusal> {
    let Some(act) = &claims.act else {
        return Ok(Vec::new());
    };
    if !issuer.spec.accept_act {
        return Err(invalid(
            "an issuer without an act claim",
            "one with an act, which is not accepted from it",
        ));
    }
    let links = read_act(act).map_err(|found| invalid("a well-formed act", found))?;
    if links.iter().any(|link| link.iss == ours) {
        return Err(invalid(
            "actors of its own namespace",
            "an act that names our issuer",
        ));
    }
    let itself = |link: &Link| link.iss == claims.iss && link.sub == claims.sub;
    let again = |place: usize, link: &Link| {
        let earlier = links.iter().take(place);
        earlier
            .clone()
            .any(|other| other.iss == link.iss && other.sub == link.sub)
    };
    if links
        .iter()
        .enumerate()
        .any(|(place, link)| itself(link) || again(place, link))
    {
        return Err(Refusal::new(
            Code::ChainCycle,
            "expected every actor once in the chain, found one twice or the subject among them; get a token with another chain",
        ));
    }
    Ok(links)
}

/// The claim that says which claims stand elsewhere (OpenID Connect Core §5.6.2):
/// a list beside it is part of a longer one.
const ELSEWHERE: &str = "_claim_names";

/// A person's groups; a text is one group. Where the whole list stands elsewhere
/// they are not known, and a claim that is there and no list of names refuses.
pub(super) fn groups(
    claims: &Claims,
    issuer: &Issuer,
) -> Result<Option<BTreeSet<String>>, Refusal> {
    let claim = issuer.spec.groups_claim.as_str();
    if elsewhere(claims, claim) {
        return Ok(None);
    }
    let no_list = || invalid("groups as a list of names", "another value");
    let names: Vec<&str> = match claims.at(claim) {
        None => return Ok(None),
        Some(Value::String(one)) if one.is_empty() => Vec::new(),
        Some(Value::String(one)) => vec![one],
        Some(value) => {
            let names = value.as_array().ok_or_else(no_list)?;
            let names: Option<_> = names.iter().map(Value::as_str).collect();
            names.ok_or_else(no_list)?
        }
    };
    let named = |name: &str| format!("{}:{name}", issuer.id);
    Ok(Some(names.into_iter().map(named).collect()))
}

/// Whether the list that a claim should be stands elsewhere.
fn elsewhere(claims: &Claims, claim: &str) -> bool {
    let (top, _) = Claims::claim_of(claim);
    match claims.get(ELSEWHERE) {
        None => false,
        Some(Value::Object(names)) => names.contains_key(&*top),
        Some(_) => true,
    }
}
