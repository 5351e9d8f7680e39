//! Grants that may still be used, so that an exchange meets no others: a grant
//! leaves when it is revoked, used up or past its end. When it is past its end is
//! said in `grant.rs`.

use super::grant::{Grant, GrantView};
use crate::ids::{AgentId, GrantId, TargetId, Uuid7};
use std::collections::{BTreeMap, BTreeSet};

/// So many that are over are told of, of each person and agent.
const OVER_MAX: usize = 4;

/// Their places, by person and agent.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveGrants {
    of: BTreeMap<String, BTreeMap<AgentId, PersonAndAgent>>,
    ends: BTreeSet<GrantPlace>,
    /// The newest that are over, a few of each person and agent.
    over: BTreeMap<String, BTreeMap<AgentId, BTreeSet<GrantId>>>,
    /// Unix seconds up to which those past their end were taken out.
    swept_s: u64,
}

/// When it ends, in Unix seconds, and which: the order in which grants are
/// tried (contract §6).
type GrantPlace = (u64, GrantId);

/// The grants of one person for one agent.
#[derive(Debug, Clone, Default)]
struct PersonAndAgent {
    all: BTreeSet<GrantPlace>,
    at: BTreeMap<TargetId, BTreeSet<GrantPlace>>,
}

impl LiveGrants {
    /// Puts a grant in where it may still be used, and out where not. What its
    /// limits were read as is kept as long as it is in.
    pub(super) fn put(&mut self, grant: &Grant) {
        if grant.view(self.swept_s) != GrantView::Active {
            self.is_over(grant);
            return;
        }
        self.forget(grant);
        let place = (grant.expires_s, grant.id);
        let spec = &grant.spec;
        self.ends.insert(place);
        let of = self.of.entry(spec.person.clone()).or_default();
        let pair = of.entry(spec.agent.clone()).or_default();
        pair.all.insert(place);
        for at in &spec.targets {
            pair.at.entry(at.target.clone()).or_default().insert(place);
            at.authorization_details.keep(true);
        }
    }

    /// Takes a grant out that is over, and remembers it as one of the newest.
    pub(super) fn is_over(&mut self, grant: &Grant) {
        self.take_out(grant);
        let spec = &grant.spec;
        let of = self.over.entry(spec.person.clone()).or_default();
        let newest = of.entry(spec.agent.clone()).or_default();
        newest.insert(grant.id);
        if newest.len() > OVER_MAX {
            newest.pop_first();
        }
    }

    /// A grant that may be used is not over, whatever was known of it.
    fn forget(&mut self, grant: &Grant) {
        let of = self.over.get_mut(&grant.spec.person);
        if let Some(newest) = of.and_then(|of| of.get_mut(&grant.spec.agent)) {
            newest.remove(&grant.id);
        }
    }

    /// The newest of a person for an agent that are over, the newest first: a few,
    /// however many there are, and at most as many that are past their end since.
    pub(super) fn over(
        &self,
        person: &str,
        agent: &AgentId,
        now_s: u64,
    ) -> impl Iterator<Item = GrantId> {
        let of = self.over.get(person).and_then(|of| of.get(agent));
        let pair = self.of.get(person).and_then(|of| of.get(agent));
        let ended = pair.map(|pair| {
            pair.all
                .range(..(now_s.saturating_add(1), GrantId(Uuid7::LEAST)))
        });
        let ended = ended.into_iter().flatten().rev().map(|(_, id)| *id);
        let over = of.into_iter().flatten().rev().copied();
        ended.take(OVER_MAX).chain(over)
    }

    /// Takes a grant out.
    pub(super) fn take_out(&mut self, grant: &Grant) {
        let place = (grant.expires_s, grant.id);
        let spec = &grant.spec;
        for at in &spec.targets {
            at.authorization_details.keep(false);
        }
        if !self.ends.remove(&place) {
            return;
        }
        let Some(of) = self.of.get_mut(&spec.person) else {
            return;
        };
        if let Some(pair) = of.get_mut(&spec.agent) {
            pair.all.remove(&place);
            pair.at.retain(|_, places| {
                places.remove(&place);
                !places.is_empty()
            });
            if pair.all.is_empty() {
                of.remove(&spec.agent);
            }
        }
        if of.is_empty() {
            self.of.remove(&spec.person);
        }
    }

    /// One that is past its end at `now_s` and still in.
    pub(super) fn ended(&mut self, now_s: u64) -> Option<GrantId> {
        self.swept_s = self.swept_s.max(now_s);
        let (ends, id) = self.ends.first()?;
        (*ends <= now_s).then_some(*id)
    }

    /// Those of a person for an agent, at one target where one is named, that
    /// are not past their end at `now_s`: the next to end first, then the
    /// lowest id.
    pub(super) fn of(
        &self,
        person: &str,
        agent: &AgentId,
        at: Option<&TargetId>,
        now_s: u64,
    ) -> impl Iterator<Item = GrantId> {
        let pair = self.of.get(person).and_then(|of| of.get(agent));
        let places = pair.and_then(|pair| match at {
            Some(target) => pair.at.get(target),
            None => Some(&pair.all),
        });
        let later = (now_s.saturating_add(1), GrantId(Uuid7::LEAST))..;
        places
            .into_iter()
            .flat_map(move |places| places.range(later.clone()))
            .map(|(_, id)| *id)
    }

    /// Those of one person, or all.
    pub(super) fn each(&self, person: Option<&str>) -> impl Iterator<Item = GrantId> {
        let of_one = person.map(|person| self.of.get(person).into_iter().flat_map(of_person));
        let of_all = person
            .is_none()
            .then(|| self.ends.iter().map(|(_, id)| *id));
        of_one
            .into_iter()
            .flatten()
            .chain(of_all.into_iter().flatten())
    }
}

fn of_person(of: &BTreeMap<AgentId, PersonAndAgent>) -> impl Iterator<Item = GrantId> {
    of.values()
        .flat_map(|pair| pair.all.iter().map(|(_, id)| *id))
}
