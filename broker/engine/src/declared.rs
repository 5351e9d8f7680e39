//! What files declare, brought to the record: the same checks as for what the
//! API is sent, and a change only where what is known differs.

mod among;
mod diff;
pub mod marks;
mod names;

use crate::moment::Moment;
use locum_core::ids::{IssuerId, TargetId};
use locum_core::registry::replace::target::ConnectorCheck;
use locum_core::registry::replace::{Worlds, agent, client};
use locum_core::registry::{
    AgentSpec, Client, ClientSpec, FieldProblem, Issuer, IssuerSpec, Registry, Target, TargetSpec,
};
use locum_core::secret::Secret;
use locum_stores::state::Change;
use locum_tokens::keys::JwksCheck;
use std::collections::BTreeSet;

pub use names::unknown;

/// An object with an id beside what is declared.
#[derive(Debug, Clone)]
pub struct Named<I, S> {
    /// Its id.
    pub id: I,
    /// What is declared.
    pub spec: S,
}

/// What runs as a certified agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Build {
    /// The operator's version text.
    pub version: Option<String>,
    /// Digest of what runs.
    pub digest: Option<String>,
    /// The model it runs on.
    pub model: Option<String>,
}

/// A client's secret, and how long the one before it lives on.
pub struct DeclaredSecret {
    /// The secret.
    pub secret: Secret<String>,
    /// Seconds that those before it are accepted beside it.
    pub overlap_s: u64,
}

/// An agent.
pub struct DeclaredAgent {
    /// What is declared.
    pub spec: AgentSpec,
    /// Unix seconds at which its certification ends; without one it may not act.
    pub certified_until: Option<u64>,
    /// What is certified.
    pub build: Build,
    /// Its secret, if it has the method.
    pub secret: Option<DeclaredSecret>,
}

/// A client that is no agent.
pub struct DeclaredClient {
    /// What is declared.
    pub spec: ClientSpec,
    /// Its secret, if it has the method.
    pub secret: Option<DeclaredSecret>,
}

/// Everything that files declare.
#[derive(Default)]
pub struct Declared {
    /// `[[issuers]]`.
    pub issuers: Vec<Named<IssuerId, IssuerSpec>>,
    /// `[[targets]]`.
    pub targets: Vec<Named<TargetId, TargetSpec>>,
    /// `[[agents]]`.
    pub agents: Vec<DeclaredAgent>,
    /// `[[clients]]`.
    pub clients: Vec<DeclaredClient>,
}

impl Declared {
    /// Every object by its collection and id.
    pub fn names(&self) -> BTreeSet<(&'static str, String)> {
        let issuers = self
            .issuers
            .iter()
            .map(|each| ("issuers", each.id.to_string()));
        let targets = self
            .targets
            .iter()
            .map(|each| ("targets", each.id.to_string()));
        let agents = self
            .agents
            .iter()
            .map(|each| ("agents", each.spec.id.to_string()));
        let clients = self
            .clients
            .iter()
            .map(|each| ("clients", each.spec.id.to_string()));
        issuers
            .chain(targets)
            .chain(agents)
            .chain(clients)
            .collect()
    }
}

/// What is wrong with the objects by themselves, whatever else is known.
pub fn by_themselves(
    declared: &Declared,
    ours: &str,
    connectors: &dyn ConnectorCheck,
) -> Vec<FieldProblem> {
    let mut out = Vec::new();
    for each in &declared.issuers {
        under(
            &mut out,
            "issuers",
            each.id.as_str(),
            each.spec.problems(&each.id, ours),
        );
    }
    for each in &declared.targets {
        let mut flaws = each.spec.problems();
        flaws.extend(connectors.flaws(&each.spec));
        under(&mut out, "targets", each.id.as_str(), flaws);
    }
    for each in &declared.agents {
        under(
            &mut out,
            "agents",
            each.spec.id.as_str(),
            each.spec.problems(),
        );
    }
    for each in &declared.clients {
        under(
            &mut out,
            "clients",
            each.spec.id.as_str(),
            client::by_itself(&each.spec, &JwksCheck),
        );
    }
    out
}

/// The changes after which what files declare is what is known; none where it
/// is already.
///
/// # Errors
/// Every flaw, its pointer beginning with `/<collection>/<id>`.
pub fn changes(now: &Moment<'_>, declared: &Declared) -> Result<Vec<Change>, Vec<FieldProblem>> {
    let mut flaws = Vec::new();
    let known = &now.state.registry;
    let mut whole = known.clone();
    let mut out = Vec::new();
    // All first, for they name each other.
    let issuers = declared.issuers.iter().map(|each| {
        let found = diff::issuer(now, &each.id, &each.spec);
        (("issuers", each.id.as_str()), found)
    });
    let clients = declared.clients.iter().map(|each| {
        let found = diff::client(now, &each.spec);
        (("clients", each.spec.id.as_str()), found)
    });
    let targets = declared.targets.iter().map(|each| {
        let found = diff::target(now, &each.id, &each.spec);
        (("targets", each.id.as_str()), found)
    });
    let agents = declared.agents.iter().map(|each| {
        let found = diff::agent(now, each);
        (("agents", each.spec.id.as_str()), found)
    });
    for (at, found) in issuers.chain(clients).chain(targets).chain(agents) {
        put(&mut out, &mut flaws, at, found, &mut whole);
    }
    let worlds = Worlds {
        before: known,
        after: &whole,
    };
    flaws.extend(among::flaws(
        worlds,
        declared,
        &now.broker.issuer,
        &now.broker.vendors.check(),
    ));
    flaws.extend(not_their_own(known, &whole, declared));
    out.extend(secrets(now, declared));
    if flaws.is_empty() {
        Ok(out)
    } else {
        Err(flaws)
    }
}

/// The secrets of agents and clients, where they differ from what is known.
fn secrets(now: &Moment<'_>, declared: &Declared) -> Vec<Change> {
    let agents = declared.agents.iter();
    let agents = agents.map(|each| (each.spec.id.as_str(), each.secret.as_ref()));
    let clients = declared.clients.iter();
    let clients = clients.map(|each| (each.spec.id.as_str(), each.secret.as_ref()));
    agents
        .chain(clients)
        .filter_map(|(id, secret)| diff::secret(now, id, secret))
        .collect()
}

fn put(
    out: &mut Vec<Change>,
    flaws: &mut Vec<FieldProblem>,
    (array, id): (&str, &str),
    found: Result<Option<Change>, FieldProblem>,
    whole: &mut Registry,
) {
    match found {
        Ok(None) => {}
        Ok(Some(change)) => {
            match &change {
                Change::Issuer { issuer } => whole.put_issuer(Issuer::clone(issuer)),
                Change::Client { client } => whole.put_client(Client::clone(client)),
                Change::Target { target } => whole.put_target(Target::clone(target)),
                Change::Agent { agent } => {
                    let before = whole.agent(id).map(|before| &**before);
                    if let Some(detail) = agent::too_large(before, agent) {
                        under(flaws, array, id, vec![flaw("", &detail)]);
                    }
                    whole.put_agent(agent.clone());
                }
                // INVARIANT: a difference is one of the four kinds.
                _ => {}
            }
            out.push(change);
        }
        Err(flaw) => under(flaws, array, id, vec![flaw]),
    }
}

/// Agents that would be known by what is or was another's. What both declare
/// is told already.
fn not_their_own(known: &Registry, whole: &Registry, declared: &Declared) -> Vec<FieldProblem> {
    let mut out = Vec::new();
    for each in &declared.agents {
        let spec = &each.spec;
        let detail =
            agent::not_its_own(known, spec).or_else(|| agent::given_up_for(known, whole, spec));
        if let Some(detail) = detail {
            under(
                &mut out,
                "agents",
                spec.id.as_str(),
                vec![flaw("/workload", &detail)],
            );
        }
    }
    out
}

fn under(out: &mut Vec<FieldProblem>, array: &str, id: &str, flaws: Vec<FieldProblem>) {
    out.extend(flaws.into_iter().map(|flaw| FieldProblem {
        pointer: format!("/{array}/{id}{}", flaw.pointer),
        detail: flaw.detail,
    }));
}

fn flaw(pointer: &str, detail: &str) -> FieldProblem {
    FieldProblem {
        pointer: pointer.to_owned(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests;
