//! The chain: subject and actors, nested `act`, newest outermost (RFC 8693
//! §4.1, contract §6, §7). It is wrapped, never dropped, never rewritten.

use crate::ids::AgentId;
use crate::party::{Link, Subject};
use crate::proof::actor::ActorProof;
use crate::proof::subject::SubjectProof;
use crate::refusal::{Code, Refusal, quoted};
use serde_json::{Map, Value, json};

/// `sub_profile` of our agents in `act`.
pub const AI_AGENT: &str = "ai_agent";

/// Subject and actors, verified, bounded and without loops. Built only by
/// [`Chain::extend`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    subject: Subject,
    links: Vec<Link>,
    hops: u32,
}

/// The bounds of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainBounds {
    /// Most `act` objects.
    pub depth: u32,
    /// Most exchanges.
    pub hops: u32,
}

impl Chain {
    /// Wraps the whole inbound chain with the actor (contract §6): kept once
    /// when it is the newest already, refused when it stands elsewhere in the
    /// chain or is the subject, left out when it acts for itself.
    ///
    /// # Errors
    /// `LCM-CHAIN-CYCLE`, `LCM-CHAIN-DEPTH`, `LCM-CHAIN-HOPS`.
    pub fn extend(
        subject: &SubjectProof,
        actor: &ActorProof,
        bounds: ChainBounds,
    ) -> Result<Self, Refusal> {
        let mut links = subject.inbound().to_vec();
        let who = subject.subject();
        let itself = who.agent() == Some(actor.agent_id());
        let newest = links.first().and_then(|link| link.agent.as_ref()) == Some(actor.agent_id());
        if !(newest || itself && links.is_empty()) {
            let twice = links
                .iter()
                .any(|link| link.agent.as_ref() == Some(actor.agent_id()));
            if itself || twice {
                return Err(cycle(actor.agent_id()));
            }
            links.insert(0, actor.link());
        }
        let chain = Self {
            subject: who.clone(),
            links,
            hops: subject.hops() + 1,
        };
        chain.within(bounds)
    }

    fn within(self, bounds: ChainBounds) -> Result<Self, Refusal> {
        if self.depth() > bounds.depth {
            return Err(Refusal::new(
                Code::ChainDepth,
                format!(
                    "expected at most {} actors in the chain, found {}; let an earlier agent call the target",
                    bounds.depth,
                    self.depth()
                ),
            ));
        }
        if self.hops > bounds.hops {
            return Err(Refusal::new(
                Code::ChainHops,
                format!(
                    "expected at most {} exchanges in a row, found {}; start again from the sign-in",
                    bounds.hops, self.hops
                ),
            ));
        }
        Ok(self)
    }

    /// On whose behalf.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The actors, newest first.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Number of `act` objects.
    #[must_use]
    pub fn depth(&self) -> u32 {
        u32::try_from(self.links.len()).unwrap_or(u32::MAX)
    }

    /// Number of exchanges.
    #[must_use]
    pub const fn hops(&self) -> u32 {
        self.hops
    }

    /// The agents of ours in it, newest first, and the subject if it is one.
    pub fn agents(&self) -> impl Iterator<Item = &AgentId> {
        self.links
            .iter()
            .filter_map(|link| link.agent.as_ref())
            .chain(self.subject.agent())
    }

    /// The claim `act`: `None` when nobody acts for another.
    #[must_use]
    pub fn act(&self) -> Option<Value> {
        self.links
            .iter()
            .rev()
            .fold(None, |inner, link| Some(act_object(link, inner)))
    }
}

fn act_object(link: &Link, inner: Option<Value>) -> Value {
    let mut object = Map::new();
    object.insert("iss".into(), json!(link.iss));
    object.insert("sub".into(), json!(link.sub));
    if let Some(profile) = &link.sub_profile {
        object.insert("sub_profile".into(), json!(profile));
    }
    if let Some(inner) = inner {
        object.insert("act".into(), inner);
    }
    Value::Object(object)
}

/// Refuses an actor that stands in the chain already.
pub(crate) fn cycle(agent: &AgentId) -> Refusal {
    Refusal::new(
        Code::ChainCycle,
        format!(
            "expected an actor that is not yet part of the chain, found {}; pass the chain on to another agent",
            quoted(agent.as_str())
        ),
    )
}

/// Reads a nested `act` claim, newest first. Each object has exactly `iss`,
/// `sub` and optionally `sub_profile` and `act` (contract §5).
///
/// # Errors
/// What is wrong with it, as a phrase.
pub fn read_act(act: &Value) -> Result<Vec<Link>, &'static str> {
    const MOST: usize = 16;
    let mut links = Vec::new();
    let mut next = Some(act);
    while let Some(value) = next {
        let object = value.as_object().ok_or("an `act` that is no object")?;
        if links.len() == MOST {
            return Err("too many nested `act` objects");
        }
        if object
            .keys()
            .any(|name| !matches!(name.as_str(), "iss" | "sub" | "sub_profile" | "act"))
        {
            return Err("an `act` with other members than `iss`, `sub`, `sub_profile` and `act`");
        }
        links.push(Link {
            iss: member(object, "iss")?.ok_or("an `act` without `iss`")?,
            sub: member(object, "sub")?.ok_or("an `act` without `sub`")?,
            sub_profile: member(object, "sub_profile")?,
            agent: None,
            version: None,
        });
        next = object.get("act");
    }
    Ok(links)
}

fn member(object: &Map<String, Value>, name: &str) -> Result<Option<String>, &'static str> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text))
            if !text.is_empty() && text.len() <= 512 && !text.chars().any(char::is_control) =>
        {
            Ok(Some(text.clone()))
        }
        Some(_) => Err("an `act` with a member that is no name"),
    }
}

#[cfg(test)]
mod tests;
