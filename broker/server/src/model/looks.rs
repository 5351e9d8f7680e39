//! Looking: what the broker says of a token, and what the model says.

use super::acting::by_secret;
use super::exchanges::Same;
use super::history::Token;
use super::scene::{GATE, Scene};
use locum_core::lineage::LineageKind;

impl Scene {
    /// Introspects a token by somebody: one whom it concerns, mostly.
    pub(super) fn look(&mut self, token: &Token) -> Same {
        let now_ms = self.broker.now_ms();
        let mut askers = vec![token.client.clone()];
        askers.extend(token.presenter.clone());
        askers.extend(token.meant_for.clone());
        let target = token.target.as_ref();
        askers.extend(target.and_then(|target| self.history.servers.get(target).cloned()));
        if self.chance(15) {
            askers = ["s0", "s1", "s2", "s3", GATE].map(str::to_owned).into();
        }
        let by = self.pick(&askers).unwrap().clone();
        let Some(secret) = self.secret(&by) else {
            return Ok(());
        };
        let mut form = by_secret(&by, &secret);
        form.push(("token", token.text.clone()));
        let (status, answer) = self.broker.form("/introspect", &form);
        let told = if self.barred_client(&by) {
            Err("a client that is locked".to_owned())
        } else if token.concerns(&by, &self.history) {
            self.history.active(token, now_ms)
        } else {
            Err("no concern of the client".to_owned())
        };
        let active = status == 200 && answer["active"] == true;
        let barred = self.barred_client(&by);
        let fits = (status == 401) == barred && (status == 200) != barred;
        if fits && active == told.is_ok() {
            return Ok(());
        }
        Err(format!(
            "{by} introspects {}: expected {told:?}, found {status} {}",
            token.jti, answer["active"]
        ))
    }

    /// Whether a lock names a client: as client, as agent, or by the owner it has
    /// now. One on everything names nobody.
    pub(super) fn barred_client(&self, id: &str) -> bool {
        let now_ms = self.broker.now_ms();
        let mut names = vec![(LineageKind::Client, id.to_owned())];
        if let Some(agent) = self.history.agent(id) {
            names.push((LineageKind::Agent, id.to_owned()));
            names.push((LineageKind::Owner, agent.owner.clone()));
        }
        let mut locks = self.history.locks.iter();
        locks.any(|lock| lock.holds(now_ms) && names.contains(&lock.name))
    }

    /// Looks at some tokens: the newest, and any.
    pub(super) fn look_around(&mut self, count: u64) -> Same {
        for _ in 0..count {
            let tokens = &self.history.tokens;
            let now_s = self.broker.now_ms() / 1000;
            let living = tokens
                .iter()
                .filter(|t| t.exp_s + 5 > now_s)
                .cloned()
                .collect();
            if let Some(token) = self.pick_recent(living) {
                self.look(&token)?;
            }
        }
        Ok(())
    }
}
