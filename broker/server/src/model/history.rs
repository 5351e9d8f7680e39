//! The naive model: the whole history, and every standing worked out anew from
//! it. Nothing is kept that could be kept wrongly.

use locum_core::lineage::LineageKind;
use std::collections::BTreeMap;

/// What can be revoked or locked.
pub(super) type Name = (LineageKind, String);

/// For ever.
pub(super) const FOR_EVER: u64 = u64::MAX;

/// What a thing descends from, each with the time from which it counts, Unix
/// milliseconds: of one name twice the earliest.
#[derive(Debug, Clone, Default)]
pub(super) struct Lineage(pub(super) BTreeMap<Name, u64>);

impl Lineage {
    pub(super) fn add(&mut self, kind: LineageKind, id: impl Into<String>, since: u64) {
        let entry = self.0.entry((kind, id.into())).or_insert(since);
        *entry = since.min(*entry);
    }

    pub(super) fn inherit(&mut self, other: &Self) {
        for ((kind, id), since) in &other.0 {
            self.add(*kind, id.clone(), *since);
        }
    }

    /// From when on the name counts; everything from the earliest of all.
    fn since(&self, name: &Name) -> Option<u64> {
        if name.0 == LineageKind::All {
            return self.0.values().min().copied();
        }
        self.0.get(name).copied()
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.since(name).is_some()
    }
}

/// A name as it is looked up: a delegation is its token.
pub(super) fn name(kind: LineageKind, id: &str) -> Name {
    match kind {
        LineageKind::Delegation => (LineageKind::Token, id.trim_start_matches("dlg_").to_owned()),
        LineageKind::All => (kind, String::new()),
        _ => (kind, id.to_owned()),
    }
}

/// A revocation that was made.
#[derive(Debug, Clone)]
pub(super) struct Revoked {
    pub(super) name: Name,
    /// What counts from then or before is dead, Unix milliseconds.
    pub(super) until_ms: u64,
}

/// A lock that was set.
#[derive(Debug, Clone)]
pub(super) struct Locked {
    pub(super) id: String,
    pub(super) name: Name,
    pub(super) expires_ms: Option<u64>,
    pub(super) lifted: bool,
}

impl Locked {
    pub(super) fn holds(&self, now_ms: u64) -> bool {
        !self.lifted && self.expires_ms.is_none_or(|end| end > now_ms)
    }
}

/// Where an agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Suspended,
    Retired,
}

/// An agent as it is now.
#[derive(Debug, Clone)]
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) owner: String,
    pub(super) state: State,
    /// The current version, and its end in Unix seconds.
    pub(super) version: String,
    pub(super) until_s: u64,
    /// The `sub` of its workload.
    pub(super) workload: Option<String>,
    /// What was put last.
    pub(super) spec: serde_json::Value,
}

impl Agent {
    pub(super) fn in_force(&self, now_ms: u64) -> bool {
        self.state == State::Active && self.until_s > now_ms / 1000
    }
}

/// A grant that was made.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) person: String,
    pub(super) agent: String,
    pub(super) targets: Vec<(String, Vec<String>)>,
    pub(super) expires_s: u64,
    pub(super) max_uses: Option<u64>,
    pub(super) uses: u64,
    pub(super) made_ms: u64,
    pub(super) lineage: Lineage,
}

/// An agent in a chain, at the version it acted in.
pub(super) type Acted = (String, String);

/// A token that was issued.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) jti: String,
    pub(super) exp_s: u64,
    pub(super) target: Option<String>,
    /// The agent that it was passed on to.
    pub(super) meant_for: Option<String>,
    pub(super) client: String,
    pub(super) presenter: Option<String>,
    pub(super) scope: Vec<String>,
    pub(super) lineage: Lineage,
    /// The links of its chain, newest first.
    pub(super) links: Vec<Acted>,
    /// The subject where it is an agent, and the version it acts in.
    pub(super) itself: Option<Acted>,
    /// The person or workload, `<issuer>:<sub>`, or the agent.
    pub(super) subject: String,
    /// `corp`, `wl`, or `locum` for an agent of ours.
    pub(super) issuer: String,
    /// The grant at its root.
    pub(super) grant: Option<String>,
    /// What its root rests on.
    pub(super) basis: &'static str,
    /// Exchanges so far.
    pub(super) hops: u64,
}

/// All that happened.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) revoked: Vec<Revoked>,
    pub(super) locks: Vec<Locked>,
    pub(super) agents: Vec<Agent>,
    pub(super) grants: Vec<Grant>,
    pub(super) tokens: Vec<Token>,
    /// Which target has a resource, and which server a target.
    pub(super) resources: BTreeMap<String, String>,
    pub(super) servers: BTreeMap<String, String>,
    /// Who held a workload's identity last.
    pub(super) held: BTreeMap<String, String>,
    /// When a foreign token was seen first.
    pub(super) seen: BTreeMap<String, u64>,
}

/// Why something does not stand.
pub(super) type Why = String;

impl History {
    pub(super) fn agent(&self, id: &str) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id == id)
    }

    pub(super) fn agent_mut(&mut self, id: &str) -> Option<&mut Agent> {
        self.agents.iter_mut().find(|agent| agent.id == id)
    }

    /// Whether anything in a lineage was revoked.
    pub(super) fn dead(&self, lineage: &Lineage) -> Option<Why> {
        let hit = |r: &&Revoked| {
            lineage
                .since(&r.name)
                .is_some_and(|since| since <= r.until_ms)
        };
        let found = self.revoked.iter().find(hit)?;
        let since = lineage.since(&found.name).unwrap_or_default();
        let until = found.until_ms;
        Some(format!(
            "{:?} {} of {since} revoked until {until}",
            found.name.0, found.name.1
        ))
    }

    /// Whether anything in a lineage, or the owner of now of an agent, is locked.
    pub(super) fn locked(&self, lineage: &Lineage, agents: &[Acted], now_ms: u64) -> Option<Why> {
        let owned = |id: &String| {
            let mut owners = agents.iter().filter_map(|(agent, _)| self.agent(agent));
            owners.any(|agent| agent.owner == *id)
        };
        let hit = |lock: &&Locked| {
            lock.holds(now_ms)
                && match lock.name.0 {
                    LineageKind::All => true,
                    LineageKind::Owner => owned(&lock.name.1),
                    _ => lineage.has(&lock.name),
                }
        };
        let found = self.locks.iter().find(hit)?;
        Some(format!("{:?} {} locked", found.name.0, found.name.1))
    }

    /// Whether a lineage stands: nothing in it revoked, nothing locked, every
    /// agent in force at the version it acted in.
    pub(super) fn stands(
        &self,
        lineage: &Lineage,
        agents: &[Acted],
        now_ms: u64,
    ) -> Result<(), Why> {
        if let Some(why) = self.dead(lineage) {
            return Err(why);
        }
        if let Some(why) = self.locked(lineage, agents, now_ms) {
            return Err(why);
        }
        for (id, version) in agents {
            let agent = self.agent(id);
            let current = agent.filter(|a| a.in_force(now_ms) && a.version == *version);
            current.ok_or_else(|| format!("{id} not in force at {version}"))?;
        }
        Ok(())
    }

    /// Whether a token is active.
    pub(super) fn active(&self, token: &Token, now_ms: u64) -> Result<(), Why> {
        if token.exp_s <= now_ms / 1000 {
            return Err("expired".into());
        }
        self.stands(&token.lineage, &token.agents(), now_ms)
    }

    /// Whether a grant is live, at that target if one is named.
    pub(super) fn grant_lives(&self, grant: &Grant, target: Option<&str>, now_ms: u64) -> bool {
        let mut lineage = grant.lineage.clone();
        if let Some(target) = target {
            lineage.add(LineageKind::Target, target, grant.made_ms);
        }
        let used = grant.max_uses.is_some_and(|max| grant.uses >= max);
        !used && grant.expires_s > now_ms / 1000 && self.dead(&lineage).is_none()
    }
}

impl Token {
    /// The agents of its chain, and its subject where that is one.
    pub(super) fn agents(&self) -> Vec<Acted> {
        self.links.iter().chain(&self.itself).cloned().collect()
    }

    /// Whether the token concerns a client (contract §9).
    pub(super) fn concerns(&self, client: &str, history: &History) -> bool {
        let served = self.target.as_ref().filter(|_| self.meant_for.is_none());
        let server = served.and_then(|target| history.servers.get(target));
        server.is_some_and(|server| server == client)
            || self.meant_for.as_deref() == Some(client)
            || self.client == client
            || self.presenter.as_deref() == Some(client)
    }
}
