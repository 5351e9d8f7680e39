//! Exactly one target, inside the agent's ceiling, to which the subject token
//! leads (contract §6).

use super::ladder::Work;
use super::{Case, Facts, Named};
use crate::refusal::{Code, Refusal, quoted};
use serde_json::json;

pub(super) fn check(case: &Case, facts: &Facts, work: &mut Work) -> Result<(), Refusal> {
    let (target, resource) = match &facts.named {
        Named::One(target, resource) => (target, resource),
        Named::Ourselves if case.is_alone() => return Ok(()),
        Named::Ourselves => return Err(unknown(case, Some(&facts.issuer))),
        Named::Nothing => return Err(unknown(case, None)),
        Named::Unknown(name) => return Err(unknown(case, Some(name))),
        Named::Several => {
            return Err(Refusal::new(
                Code::TargetSeveral,
                "expected one target, found several; make one exchange for each target",
            ));
        }
    };
    let Some(ceiling) = case.actor.agent().ceiling_at(&target.id) else {
        return Err(unknown(
            case,
            Some(resource.as_deref().unwrap_or(&target.spec.audience)),
        ));
    };
    if case
        .subject
        .authority()
        .is_some_and(|authority| !authority.leads_to(&target.id))
    {
        return Err(Refusal::new(
            Code::TargetRefused,
            format!(
                "expected a target that the subject token leads to, found {}; ask for a target that it names",
                quoted(target.id.as_str())
            ),
        ));
    }
    work.target = Some(target.clone());
    work.resource.clone_from(resource);
    work.ceiling = Some(ceiling.clone());
    Ok(())
}

/// One answer for a target that is unknown and for one outside the ceiling:
/// the agent's own targets.
fn unknown(case: &Case, named: Option<&str>) -> Refusal {
    let own: Vec<&str> = case
        .actor
        .agent()
        .spec
        .ceiling
        .iter()
        .map(|entry| entry.target.as_str())
        .collect();
    let list = if own.is_empty() {
        "none".to_owned()
    } else {
        own.iter()
            .take(8)
            .map(|id| quoted(id))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let found = named.map_or_else(|| "no target".to_owned(), quoted);
    let text = format!(
        "expected one of the agent's own targets ({list}), found {found}; name one by audience or resource"
    );
    Refusal::new(Code::TargetUnknown, text).passing(json!({ "audience": own }))
}
