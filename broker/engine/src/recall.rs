//! What the ledger remembers of a token of ours and its claims do not say:
//! read from the permit's record, for the next hop and for introspection.

use crate::records::Records;
use crate::unavailable::Unavailable;
use locum_core::generations::{Generations, text_weight};
use locum_core::ids::{AgentId, ClientId, IssuerId, Jti, TargetId};
use locum_core::jcs;
use locum_core::lineage::Lineage;
use locum_core::own::OwnToken;
use locum_core::party::{ExternalId, Link, Subject};
use locum_core::proof::Recall;
use locum_core::record::{commitment, key_text};
use locum_stores::ledger::Entry;
use locum_stores::state::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Tokens remembered without the ledger, in each of two generations.
const REMEMBERED: usize = 1_024;
/// Bytes of them in each.
const REMEMBERED_BYTES: usize = 8 << 20;

/// What is remembered of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recalled {
    /// What the next hop needs.
    pub(crate) recall: Recall,
    /// The target it was issued for; `None` for an actor token.
    pub(crate) target: Option<TargetId>,
    issued: IssuedClaims,
}

/// What was issued: a token that says otherwise under the same id was signed
/// by somebody who holds our key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct IssuedClaims {
    aud: String,
    exp: u64,
    scope: String,
    client: AgentId,
    actors: Vec<Actor>,
}

/// One actor of the recorded chain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Actor {
    iss: String,
    sub: String,
}

impl Recalled {
    /// Bytes it takes in memory, about. The groups are most of it.
    fn weight(&self) -> usize {
        let groups = self.recall.groups.iter().flatten();
        let actors = self.issued.actors.iter();
        size_of::<Self>()
            + groups.map(|group| text_weight(group)).sum::<usize>()
            + actors
                .map(|actor| text_weight(&actor.iss) + text_weight(&actor.sub))
                .sum::<usize>()
            + size_of::<locum_core::lineage::Ancestor>() * self.recall.lineage.iter().count()
            + text_weight(&self.issued.aud)
            + text_weight(&self.issued.scope)
    }
}

impl IssuedClaims {
    fn is(&self, token: &OwnToken) -> bool {
        let links = token.links.iter();
        let same = |(link, actor): (&Link, &Actor)| link.iss == actor.iss && link.sub == actor.sub;
        self.aud == token.aud
            && self.exp == token.exp
            && self.scope == token.scope.to_string()
            && self.client.as_str() == token.client_id
            && self.actors.len() == token.links.len()
            && links.zip(&self.actors).all(same)
    }
}

/// The part of a permit's record that is read back.
#[derive(Deserialize)]
struct PermitBody {
    subject: Committed,
    subject_issuer: Option<IssuerId>,
    groups: Option<String>,
    groups_since: Option<u64>,
    presenter: Option<ClientId>,
    target: Option<TargetId>,
    aud: String,
    exp: u64,
    granted: Granted,
    actor: AgentId,
    chain: Value,
}

/// What was granted.
#[derive(Deserialize)]
struct Granted {
    scope: String,
}

/// A subject, whose name stands in the side record.
#[derive(Deserialize)]
struct Committed {
    kind: SubjectKind,
    commitment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SubjectKind {
    Person,
    Workload,
    Agent,
}

/// The part of its side record.
#[derive(Deserialize)]
struct Side {
    salt: String,
    subject: String,
    groups: Option<BTreeSet<String>>,
    /// The chain with the names of foreign actors, where there are any.
    chain: Option<Value>,
}

/// What a permit's record says its token descends from. Records of a time
/// before there were owners in it count with the owners of now.
///
/// # Errors
/// What does not fit.
pub fn lineage(entry: &Entry, jti: Jti, issuer: &str, state: &State) -> Result<Lineage, String> {
    #[derive(Deserialize)]
    struct Descent {
        lineage: Vec<String>,
        since: Option<Vec<u64>>,
    }
    let found = Descent::deserialize(&entry.body).map_err(|e| e.to_string())?;
    let since = found.since.as_deref();
    let mut out =
        Lineage::read(&found.lineage, since, jti.ms()).map_err(|flaw| flaw.to_string())?;
    if since.is_none() {
        for agent in agents(entry, issuer) {
            if let Some(agent) = state.registry.agent(&agent) {
                out.add(agent.owner_key(&*state.names), jti.ms());
            }
        }
    }
    Ok(out)
}

/// The agents of a permit's record: the actor, those of the chain, and the
/// subject where that is one. `issuer` is Locum's.
pub fn agents(entry: &Entry, issuer: &str) -> BTreeSet<String> {
    let body = &entry.body;
    let text = |value: &Value, name: &str| value.get(name)?.as_str().map(str::to_owned);
    let ours = |link: &&Value| text(link, "iss").as_deref() == Some(issuer);
    let links = body.get("chain").and_then(Value::as_array);
    let links = links.into_iter().flatten().filter(ours);
    let acting = links.filter_map(|link| text(link, "sub"));
    let is_agent = body.pointer("/subject/kind").and_then(Value::as_str) == Some("agent");
    let itself = entry.side.as_ref().filter(|_| is_agent);
    let itself = itself.and_then(|side| text(side, "subject"));
    text(body, "actor")
        .into_iter()
        .chain(acting)
        .chain(itself)
        .collect()
}

fn read(entry: &Entry, jti: Jti, issuer: &str, state: &State) -> Result<Option<Recalled>, String> {
    let Some(side) = &entry.side else {
        return Ok(None);
    };
    let body = PermitBody::deserialize(&entry.body).map_err(|e| e.to_string())?;
    let side = Side::deserialize(side).map_err(|e| e.to_string())?;
    let salt = key_text::read(&side.salt).ok_or("expected a salt of 16 bytes")?;
    if commitment(&salt, "subject", &side.subject) != body.subject.commitment {
        return Err("expected the subject that was committed to, found another".into());
    }
    // A descendant's policy is asked with these groups; the side record alone
    // vouches for nothing.
    let groups = side.groups.as_ref().map(|groups| jcs::text(&json!(groups)));
    if groups.map(|text| commitment(&salt, "groups", &text)) != body.groups {
        return Err("expected the groups that were committed to, found others".into());
    }
    let subject = subject(&body.subject.kind, &side.subject).ok_or("expected a subject's name")?;
    Ok(Some(Recalled {
        recall: Recall {
            subject,
            issuer: body.subject_issuer,
            lineage: lineage(entry, jti, issuer, state)?,
            groups: side.groups,
            groups_since_ms: body.groups_since,
            presenter: body.presenter,
        },
        target: body.target,
        issued: IssuedClaims {
            aud: body.aud,
            exp: body.exp,
            scope: body.granted.scope,
            client: body.actor,
            actors: Vec::deserialize(side.chain.unwrap_or(body.chain))
                .map_err(|e| format!("chain: {e}"))?,
        },
    }))
}

fn subject(kind: &SubjectKind, name: &str) -> Option<Subject> {
    match kind {
        SubjectKind::Person => ExternalId::parse(name).map(Subject::Person),
        SubjectKind::Workload => ExternalId::parse(name).map(Subject::Workload),
        SubjectKind::Agent => AgentId::parse(name).ok().map(Subject::Agent),
    }
}

/// What was recalled lately. What a record says never changes, so nothing here
/// is ever stale; an erased side record outlives its erasure by as long as its
/// token may live.
pub(crate) struct Memory(Generations<Jti, Arc<Recalled>>);

impl Memory {
    /// Nothing recalled yet.
    pub(crate) fn new() -> Self {
        Self(Generations::within(REMEMBERED, REMEMBERED_BYTES))
    }

    /// What is remembered of that token; `None` when no permit of its id was
    /// recorded, when another token was issued under it, or when its personal part
    /// was erased since: who it is for is unknown then, and unknown means no. Reads the disk when the token was
    /// not asked for lately.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be read or its record is damaged.
    pub(crate) async fn recall(
        &self,
        records: &Records,
        issuer: &str,
        token: &OwnToken,
    ) -> Result<Option<Arc<Recalled>>, Unavailable> {
        let found = self.by_id(records, issuer, token.jti).await?;
        Ok(found.filter(|recalled| recalled.issued.is(token)))
    }

    async fn by_id(
        &self,
        records: &Records,
        issuer: &str,
        jti: Jti,
    ) -> Result<Option<Arc<Recalled>>, Unavailable> {
        if let Some(known) = self.0.get(&jti) {
            return Ok(Some(known));
        }
        let entry = records.decisions.by_jti(jti).await;
        let Some(entry) = entry.map_err(|e| Unavailable(format!("ledger: {e}")))? else {
            return Ok(None);
        };
        let found = read(&entry, jti, issuer, &records.state.read())
            .map_err(|e| Unavailable(format!("record {}: {e}", entry.place.index)))?;
        let found = found.map(Arc::new);
        if let Some(found) = &found {
            self.0.put_weighing(jti, found.clone(), found.weight());
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
