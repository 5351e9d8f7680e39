//! A question as Cedar takes it: typed, never by way of JSON, with the
//! entities of this one request (architecture, "policy entities").

use crate::vocabulary::{Kind, Vocabulary};
use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use locum_core::policy::{Behalf, PolicyFault, Question};
use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::net::IpAddr;

/// Longest detail of a fault, in characters.
const DETAIL_MAX: usize = 500;

/// A fault from whatever Cedar or the standard library objected to.
pub(crate) fn fault(error: impl Display) -> PolicyFault {
    let detail = error.to_string().chars().take(DETAIL_MAX).collect();
    PolicyFault { detail }
}

/// The request, checked against the schema.
///
/// # Errors
/// [`PolicyFault`] when a fact has no form in Cedar.
pub(crate) fn request(question: &Question, words: &Vocabulary) -> Result<Request, PolicyFault> {
    let context = Context::from_pairs(pairs(question, words)?).map_err(fault)?;
    Request::new(
        words.entity(Kind::Agent, question.agent.as_str()),
        words.action(question.action).clone(),
        words.entity(Kind::Target, question.target.as_str()),
        context,
        Some(words.validator.schema()),
    )
    .map_err(fault)
}

/// The entities that have parents: an agent in its team, a person in groups.
/// The others need no entry, for entities carry nothing but parents.
///
/// # Errors
/// [`PolicyFault`] when Cedar refuses them.
pub(crate) fn entities(question: &Question, words: &Vocabulary) -> Result<Entities, PolicyFault> {
    // A map, because the next agent may be the acting one.
    let mut known: BTreeMap<EntityUid, HashSet<EntityUid>> = BTreeMap::new();
    let mut put = |child: EntityUid, parent: EntityUid| {
        known.entry(child).or_default().insert(parent);
    };
    let next = question.delegate_to.as_ref();
    let owned = [
        (Some(&question.agent), &question.team),
        (next, &question.delegate_to_team),
    ];
    for (agent, team) in owned {
        if let (Some(agent), Some(team)) = (agent, team) {
            let agent = words.entity(Kind::Agent, agent.as_str());
            put(agent, words.entity(Kind::Team, team));
        }
    }
    if let Behalf::Person { id, groups } = &question.behalf {
        for group in groups.iter().flatten() {
            put(
                words.entity(Kind::Person, id),
                words.entity(Kind::Group, group),
            );
        }
    }
    let entities = known
        .into_iter()
        .map(|(uid, parents)| Entity::new_no_attrs(uid, parents));
    Entities::from_entities(entities, None).map_err(fault)
}

type Pairs = Vec<(String, RestrictedExpression)>;

fn pairs(question: &Question, words: &Vocabulary) -> Result<Pairs, PolicyFault> {
    let q = question;
    let agent = |id: &str| RestrictedExpression::new_entity_uid(words.entity(Kind::Agent, id));
    let mut pairs = required(question);
    let chain = q.chain.iter().map(|a| agent(a.as_str()));
    pairs.push(("chain", RestrictedExpression::new_set(chain)));
    match &q.behalf {
        Behalf::Person { id, .. } => {
            let person = words.entity(Kind::Person, id);
            pairs.push(("person", RestrictedExpression::new_entity_uid(person)));
        }
        Behalf::Workload(id) => {
            let workload = words.entity(Kind::Workload, id);
            pairs.push(("workload", RestrictedExpression::new_entity_uid(workload)));
        }
        Behalf::Agent(_) => {}
    }
    let texts = [
        ("basis", q.basis.map(|basis| basis.as_str())),
        (
            "presenter",
            q.presenter.as_ref().map(|client| client.as_str()),
        ),
        ("purpose", q.purpose.as_deref()),
        ("task_id", q.task_id.as_deref()),
        ("acr", q.acr.as_deref()),
    ];
    let present = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name, string(text?))));
    pairs.extend(present);
    if let Some(next) = &q.delegate_to {
        pairs.push(("delegate_to", agent(next.as_str())));
    }
    if let Some(seconds) = q.auth_age_s {
        let seconds = i64::try_from(seconds).map_err(fault)?;
        pairs.push(("auth_age_s", RestrictedExpression::new_long(seconds)));
    }
    if let Some(ip) = &q.ip {
        pairs.push(("ip", RestrictedExpression::new_ip(address(ip)?)));
    }
    Ok(pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}

/// What every question says, apart from the chain.
fn required(q: &Question) -> Vec<(&'static str, RestrictedExpression)> {
    let number = |n: u32| RestrictedExpression::new_long(i64::from(n));
    vec![
        ("depth", number(q.depth)),
        ("scopes", strings(q.scopes.iter().map(|s| s.as_str()))),
        ("detail_types", strings(&q.detail_types)),
        ("amr", strings(&q.amr)),
        ("hour_utc", number(q.hour_utc.into())),
        ("weekday", number(q.weekday.into())),
        ("risk", string(q.risk.as_str())),
    ]
}

/// One address and no range, IPv4 as IPv4 even from a socket for both: Cedar
/// reads no `::ffff:192.0.2.1`, and `ip("192.0.2.0/24")` must hold for it.
fn address(text: &str) -> Result<String, PolicyFault> {
    let address: IpAddr = text.parse().map_err(fault)?;
    Ok(address.to_canonical().to_string())
}

fn string(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn strings<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> RestrictedExpression {
    RestrictedExpression::new_set(texts.into_iter().map(|text| string(text.as_ref())))
}
