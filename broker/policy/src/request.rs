//! A question as Cedar takes it: typed, never by way of JSON, with the
//! entities of this one request (architecture, "Deciding").

use crate::mentions::Mentions;
use crate::vocabulary::{EntityKind, Vocabulary};
use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression};
use locum_core::policy::{Action, Behalf, PolicyFault, Question};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Display;
use std::net::IpAddr;

/// Longest detail of a fault, in characters.
const DETAIL_MAX: usize = 500;

/// A fault from whatever Cedar or the standard library objected to.
pub(crate) fn fault(error: impl Display) -> PolicyFault {
    let detail = error.to_string().chars().take(DETAIL_MAX).collect();
    PolicyFault { detail }
}

/// A question as far as the policies of a bundle can tell: equal facts have
/// equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct CedarFacts {
    pub(crate) action: Action,
    agent: String,
    pub(crate) target: String,
    /// Whether the groups of a person are known, or nobody asks.
    pub(crate) groups_known: bool,
    context: Vec<(&'static str, Fact)>,
    /// Child and parent: an agent in its team, a person in groups. The others
    /// need no entry, for entities carry nothing but parents.
    parents: BTreeSet<(Uid, Uid)>,
}

/// An entity's name.
pub(crate) type Uid = (EntityKind, String);

/// One member of the context.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    Number(i64),
    Text(String),
    Texts(Vec<String>),
    Entity(Uid),
    Agents(Vec<String>),
    Address(IpAddr),
}

impl CedarFacts {
    /// What the policies can tell of a question.
    ///
    /// # Errors
    /// [`PolicyFault`] when a fact has no form in Cedar.
    pub(crate) fn of(question: &Question, mentions: &Mentions) -> Result<Self, PolicyFault> {
        let mut context = context(question, mentions)?;
        context.retain(|(name, _)| mentions.member(name));
        Ok(Self {
            action: question.action,
            agent: question.agent.to_string(),
            target: question.target.to_string(),
            groups_known: !matches!(question.behalf, Behalf::Person { groups: None, .. }),
            context,
            parents: parents(question, mentions),
        })
    }

    /// The actor.
    pub(crate) fn agent(&self) -> &str {
        &self.agent
    }

    /// The members of the context that policies mention.
    pub(crate) fn context(&self) -> &[(&'static str, Fact)] {
        &self.context
    }

    /// Child and parent.
    pub(crate) fn parents(&self) -> impl Iterator<Item = &(Uid, Uid)> {
        self.parents.iter()
    }

    /// The request. It fits the schema, which every policy was validated
    /// against, but for the members that no policy mentions.
    ///
    /// # Errors
    /// [`PolicyFault`] when Cedar refuses it.
    pub(crate) fn request(&self, words: &Vocabulary) -> Result<Request, PolicyFault> {
        let members = self.context.iter();
        let pairs = members.map(|(name, fact)| ((*name).to_owned(), fact.expression(words)));
        Request::new(
            words.entity(EntityKind::Agent, &self.agent),
            words.action(self.action).clone(),
            words.entity(EntityKind::Target, &self.target),
            Context::from_pairs(pairs).map_err(fault)?,
            None,
        )
        .map_err(fault)
    }

    /// The entities that have parents.
    ///
    /// # Errors
    /// [`PolicyFault`] when Cedar refuses them.
    pub(crate) fn entities(&self, words: &Vocabulary) -> Result<Entities, PolicyFault> {
        let mut known: BTreeMap<EntityUid, HashSet<EntityUid>> = BTreeMap::new();
        let uid = |(kind, id): &Uid| words.entity(*kind, id);
        for (child, parent) in &self.parents {
            known.entry(uid(child)).or_default().insert(uid(parent));
        }
        let entities = known
            .into_iter()
            .map(|(uid, parents)| Entity::new_no_attrs(uid, parents));
        Entities::from_entities(entities, None).map_err(fault)
    }
}

impl Fact {
    fn expression(&self, words: &Vocabulary) -> RestrictedExpression {
        let entity = |kind, id: &str| RestrictedExpression::new_entity_uid(words.entity(kind, id));
        match self {
            Self::Number(number) => RestrictedExpression::new_long(*number),
            Self::Text(text) => RestrictedExpression::new_string(text.clone()),
            Self::Texts(texts) => {
                let each = texts.iter().cloned();
                RestrictedExpression::new_set(each.map(RestrictedExpression::new_string))
            }
            Self::Entity((kind, id)) => entity(*kind, id),
            Self::Agents(ids) => {
                RestrictedExpression::new_set(ids.iter().map(|id| entity(EntityKind::Agent, id)))
            }
            Self::Address(address) => RestrictedExpression::new_ip(address.to_string()),
        }
    }
}

/// The person as policies tell persons apart: by name only where one is named.
fn person(id: &str, mentions: &Mentions) -> Uid {
    let told = if mentions.persons { id } else { "" };
    (EntityKind::Person, told.to_owned())
}

fn parents(question: &Question, mentions: &Mentions) -> BTreeSet<(Uid, Uid)> {
    let mut parents = BTreeSet::new();
    let owned = [
        (Some(&question.agent), &question.team),
        (question.delegate_to.as_ref(), &question.delegate_to_team),
    ];
    for (agent, team) in owned.into_iter().filter(|_| mentions.teams) {
        if let (Some(agent), Some(team)) = (agent, team) {
            let agent = (EntityKind::Agent, agent.to_string());
            parents.insert((agent, (EntityKind::Team, team.clone())));
        }
    }
    if let Behalf::Person { id, groups } = &question.behalf {
        for group in groups
            .iter()
            .flatten()
            .filter(|group| mentions.group(group))
        {
            let group = (EntityKind::Group, group.clone());
            parents.insert((person(id, mentions), group));
        }
    }
    parents
}

fn context(
    question: &Question,
    mentions: &Mentions,
) -> Result<Vec<(&'static str, Fact)>, PolicyFault> {
    let q = question;
    let mut context = required(question);
    match &q.behalf {
        Behalf::Person { id, .. } => context.push(("person", Fact::Entity(person(id, mentions)))),
        Behalf::Workload(id) => {
            context.push(("workload", Fact::Entity((EntityKind::Workload, id.clone()))));
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
        .filter_map(|(name, text)| Some((name, Fact::Text(text?.to_owned()))));
    context.extend(present);
    if let Some(next) = &q.delegate_to {
        let next = (EntityKind::Agent, next.to_string());
        context.push(("delegate_to", Fact::Entity(next)));
    }
    if let Some(seconds) = q.auth_age_s {
        let seconds = i64::try_from(seconds).map_err(fault)?;
        context.push(("auth_age_s", Fact::Number(seconds)));
    }
    if let Some(ip) = &q.ip {
        context.push(("ip", Fact::Address(address(ip)?)));
    }
    Ok(context)
}

/// What every question says.
fn required(q: &Question) -> Vec<(&'static str, Fact)> {
    let chain = q.chain.iter().map(ToString::to_string).collect();
    let scopes = q.scopes.iter().map(|scope| scope.as_str().to_owned());
    vec![
        ("chain", Fact::Agents(chain)),
        ("depth", Fact::Number(q.depth.into())),
        ("scopes", Fact::Texts(scopes.collect())),
        (
            "detail_types",
            Fact::Texts(q.detail_types.iter().cloned().collect()),
        ),
        ("amr", Fact::Texts(q.amr.clone())),
        ("hour_utc", Fact::Number(q.hour_utc.into())),
        ("weekday", Fact::Number(q.weekday.into())),
        ("risk", Fact::Text(q.risk.as_str().to_owned())),
    ]
}

/// One address and no range, IPv4 as IPv4 even from a socket for both: Cedar
/// reads no `::ffff:192.0.2.1`, and `ip("192.0.2.0/24")` must hold for it.
fn address(text: &str) -> Result<IpAddr, PolicyFault> {
    let address: IpAddr = text.parse().map_err(fault)?;
    Ok(address.to_canonical())
}
