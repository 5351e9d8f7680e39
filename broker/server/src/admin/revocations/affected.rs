//! Whom a revocation or a lock stops: live tokens by the lineage in their
//! records, live grants, the people behind both; and what lives on elsewhere.

use super::permit::{Permit, Signed};
use crate::app::{App, Unavailable};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_core::lineage::{Key, Kind, What};
use locum_core::registry::{Grant, GrantView, Registry};
use locum_core::standing::View;
use locum_stores::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// No token lives longer (contract §6), and no record comes later than this
/// after its token's id, in milliseconds.
const LOOK_BACK_MS: u64 = 3_600_000 + crate::recall::RECORDED_WITHIN_MS;
/// Records looked at for an estimate: what is being stopped must not wait.
const ESTIMATE_RECORDS: u64 = 10_000;

/// How thoroughly to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::admin) enum Effort {
    /// At every record of a token that can still be live.
    Scan,
    /// At the newest records only.
    Estimate,
}

/// Whom it stops.
#[derive(Debug, Default)]
pub(in crate::admin) struct Affected {
    /// Live tokens.
    pub(in crate::admin) tokens: u64,
    /// Live grants that end.
    pub(in crate::admin) grants: u64,
    /// The people of both, `<issuer id>:<sub>`.
    pub(in crate::admin) people: BTreeSet<String>,
    /// Targets that cannot ask us, and when the last token there ends, in Unix
    /// seconds.
    pub(in crate::admin) survivors: BTreeMap<String, u64>,
}

/// What is stopped, and from when on it was stopped before.
pub(in crate::admin) struct Stop {
    what: What,
    key: Key,
    /// Issued at or before this, Unix milliseconds.
    until_ms: u64,
    /// Issued at or before this it was dead already.
    already_ms: Option<u64>,
    /// For a key of ours: the algorithm it signs and when it was the one.
    signed: Option<Signed>,
    /// The people whose live grants end, one entry a grant.
    grants: Vec<String>,
}

impl Stop {
    /// Reads what has to be known before the stop is in force: what is live
    /// then. `until_ms`: what was issued at or before is stopped.
    pub(in crate::admin) fn new(what: &What, until_ms: u64, state: &State, now_ms: u64) -> Self {
        let key = state.names.key(what.kind, &what.id);
        let kid = what.id.strip_prefix("locum:");
        let kid = kid.filter(|_| what.kind == Kind::Key);
        let mut out = Self {
            key,
            until_ms,
            already_ms: state.view.revoked_until(&key),
            signed: kid.and_then(|kid| Signed::by(kid, &state.signing_keys)),
            what: what.clone(),
            grants: Vec::new(),
        };
        let person = (what.kind == Kind::Person).then_some(what.id.as_str());
        let grants = may_end_grants(what.kind)
            .then(|| state.registry.all_active_grants(person, now_ms / 1000));
        let ending = grants
            .into_iter()
            .flatten()
            .filter(|grant| out.ends(grant, state, now_ms / 1000));
        out.grants = ending.map(|grant| grant.spec.person.clone()).collect();
        out
    }

    /// The same stop up to another moment: that of its record.
    pub(in crate::admin) const fn at(mut self, until_ms: u64) -> Self {
        self.until_ms = until_ms;
        self
    }

    /// Whether a live grant ends. By a target it ends only there.
    fn ends(&self, grant: &Grant, state: &State, now_s: u64) -> bool {
        let what = &self.what;
        let names = names(grant, &state.registry);
        let mut targets = grant.spec.targets.iter().map(|at| at.target.as_str());
        let hit = names
            .iter()
            .any(|(kind, id)| *kind == what.kind && *id == what.id)
            || what.kind == Kind::Target && targets.any(|id| id == what.id);
        let dead = |(kind, id): &(Kind, String)| {
            let key = state.names.key(*kind, id);
            state.view.is_revoked(&key, grant.created_at_ms)
        };
        hit && grant.created_at_ms <= self.until_ms
            && grant.view(now_s) == GrantView::Active
            && !names.iter().any(dead)
    }

    /// A text that every record of a token in question holds.
    fn text(&self) -> Option<String> {
        match self.what.kind {
            Kind::Owner | Kind::All => None,
            Kind::Key if self.signed.is_some() => None,
            Kind::Key
            | Kind::Token
            | Kind::Delegation
            | Kind::Grant
            | Kind::Agent
            | Kind::AgentVersion
            | Kind::Client
            | Kind::Person
            | Kind::Session
            | Kind::Target
            | Kind::Issuer => Some(format!("\"{}\"", URL_SAFE_NO_PAD.encode(self.key))),
        }
    }

    fn hits(&self, permit: &Permit, registry: &Registry) -> bool {
        match self.what.kind {
            Kind::All => true,
            Kind::Owner => permit.owners(registry).any(|owner| owner == self.what.id),
            Kind::Key
            | Kind::Token
            | Kind::Delegation
            | Kind::Grant
            | Kind::Agent
            | Kind::AgentVersion
            | Kind::Client
            | Kind::Person
            | Kind::Session
            | Kind::Target
            | Kind::Issuer => {
                permit.lineage.has(&self.key)
                    || self
                        .signed
                        .as_ref()
                        .is_some_and(|signed| permit.is_signed(signed, registry))
            }
        }
    }

    /// Whether it was dead before this stop.
    fn was_dead(&self, view: &View, key: &Key, issued_ms: u64) -> bool {
        if *key == self.key {
            self.already_ms.is_some_and(|until| issued_ms <= until)
        } else {
            view.is_revoked(key, issued_ms)
        }
    }

    fn token(&self, permit: &Permit, state: &State, out: &mut Affected) {
        let names = &state.names;
        let owners: Vec<Key> = permit
            .owners(&state.registry)
            .map(|owner| names.key(Kind::Owner, owner))
            .collect();
        let all = names.key(Kind::All, "");
        let mut every = permit
            .lineage
            .iter()
            .chain(&owners)
            .chain([&all, &self.key]);
        let issued = permit.jti.ms();
        if issued > self.until_ms
            || !self.hits(permit, &state.registry)
            || every.any(|key| self.was_dead(&state.view, key, issued))
        {
            return;
        }
        out.tokens += 1;
        out.people.extend(permit.person.clone());
        if let Some(target) = permit.lives_on_at(&state.registry) {
            let until = out.survivors.entry(target.to_string()).or_default();
            *until = permit.exp.max(*until);
        }
    }

    /// Counts. Reads the disk.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be read.
    pub(in crate::admin) fn affected(
        &self,
        app: &App,
        effort: Effort,
    ) -> Result<Affected, Unavailable> {
        let failed = |e: std::io::Error| Unavailable(format!("ledger: {e}"));
        let now_ms = app.clock.now_ms();
        let reader = app.ledger.reader();
        let end = reader.len();
        let mut start = reader
            .find_time(now_ms.saturating_sub(LOOK_BACK_MS))
            .map_err(failed)?;
        if effort == Effort::Estimate {
            start = start.max(end.saturating_sub(ESTIMATE_RECORDS));
        }
        let mut texts = vec!["\"outcome\":\"permit\"".to_owned()];
        texts.extend(self.text());
        let mut out = Affected::default();
        for entry in reader.search(start..end, texts) {
            let permit = Permit::read(&entry.map_err(failed)?, &app.issuer);
            if let Some(permit) = permit.filter(|p| p.exp > now_ms / 1000) {
                self.token(&permit, &app.state.read(), &mut out);
            }
        }
        out.grants = self.grants.len() as u64;
        out.people.extend(self.grants.iter().cloned());
        Ok(out)
    }
}

/// Whether a stop of that kind can end a grant ([`names`]).
const fn may_end_grants(kind: Kind) -> bool {
    match kind {
        Kind::Token | Kind::Delegation | Kind::AgentVersion | Kind::Session | Kind::Key => false,
        Kind::Grant
        | Kind::Agent
        | Kind::Client
        | Kind::Person
        | Kind::Owner
        | Kind::Target
        | Kind::Issuer
        | Kind::All => true,
    }
}

/// The names under which a grant can be revoked (contract §12).
pub(in crate::admin) fn names(grant: &Grant, registry: &Registry) -> Vec<(Kind, String)> {
    let agent = grant.spec.agent.as_str();
    let mut out = vec![
        (Kind::Grant, grant.id.to_string()),
        (Kind::Person, grant.spec.person.clone()),
        (Kind::Agent, agent.to_owned()),
        (Kind::Client, agent.to_owned()),
        (Kind::All, String::new()),
    ];
    let owner = registry.agent(agent).map(|agent| &agent.spec.owner.id);
    out.extend(owner.map(|owner| (Kind::Owner, owner.clone())));
    let issuer = grant.spec.person.split_once(':').map(|(issuer, _)| issuer);
    out.extend(issuer.map(|issuer| (Kind::Issuer, issuer.to_owned())));
    out
}

#[cfg(test)]
mod tests;
