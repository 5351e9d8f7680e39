//! Whose permits of vendors' credentials are, and where: few of them, for many
//! permits.

use locum_core::ids::{AgentId, ClientId, TargetId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// How many there may be before it is looked which of them are nobody's any more.
const LOOKED_AT: usize = 1_024;

/// Whose a permit is, and where.
#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parties {
    /// The target.
    pub target: TargetId,
    /// The agent that it is for.
    pub actor: AgentId,
    /// The client that presented for it.
    pub presenter: Option<ClientId>,
    /// The agents that must be in force for the credential to stand.
    pub agents: Vec<AgentId>,
}

/// Those of all permits, each once.
#[derive(Debug, Default)]
pub(super) struct EachOnce {
    all: HashSet<Arc<Parties>>,
    /// At how many to look next: so that looking costs little for each.
    look_at: usize,
}

impl EachOnce {
    /// The same ones, as all of theirs share them.
    pub(super) fn of(&mut self, parties: Arc<Parties>) -> Arc<Parties> {
        if let Some(known) = self.all.get(&parties) {
            return known.clone();
        }
        if self.all.len() >= self.look_at.max(LOOKED_AT) {
            self.all.retain(|known| Arc::strong_count(known) > 1);
            self.look_at = self.all.len().saturating_mul(2);
        }
        self.all.insert(parties.clone());
        parties
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn parties(number: usize) -> Arc<Parties> {
        Arc::new(Parties {
            target: TargetId::parse("sap").unwrap(),
            actor: AgentId::parse(&format!("agent-{number}")).unwrap(),
            presenter: None,
            agents: vec![],
        })
    }

    #[test]
    fn what_is_nobodys_any_more_is_forgotten() {
        let mut all = EachOnce::default();
        let held = all.of(parties(0));
        for number in 1..=3 * LOOKED_AT {
            let _ = all.of(parties(number));
        }
        assert!(all.all.len() <= LOOKED_AT);
        assert!(Arc::ptr_eq(&held, &all.of(parties(0))));
    }
}
