//! Later hops: passed on to another agent, or derived from by a server.

use super::acting::{Acting, by_secret};
use super::exchanges::{Ask, Foretold, Same};
use super::history::{Token, Why};
use super::scene::Scene;
use locum_core::lineage::LineageKind;

impl Scene {
    /// A token that was passed on, by the agent that it was passed on to.
    pub(super) fn pass_on(&mut self) -> Same {
        let passed = self.history.tokens.iter().filter(|t| t.meant_for.is_some());
        let Some(parent) = self.pick_recent(passed.cloned().collect()) else {
            return Ok(());
        };
        let agent = parent.meant_for.clone().unwrap();
        let acting = self.acting(&agent);
        let read = parent.scope.iter().any(|s| s == "read") && self.chance(50);
        let scope = if read {
            vec!["read".into()]
        } else {
            parent.scope.clone()
        };
        let mut ask = self.ask(parent.target.as_ref().unwrap(), Some(scope));
        self.delegate(&mut ask, 45);
        self.hop("pass on", &parent, &acting, ask)
    }

    /// The server of `t0` reads at `t1` on behalf of who called it.
    pub(super) fn derive(&mut self) -> Same {
        let its = |t: &&Token| t.target.as_deref() == Some("t0") && t.meant_for.is_none();
        let tokens = self.history.tokens.iter().filter(its).cloned().collect();
        let Some(parent) = self.pick_recent(tokens) else {
            return Ok(());
        };
        let (Some(server), Some(agent)) = (
            self.history.servers.get("t0").cloned(),
            self.targets["t0"]["acts_as"].as_str().map(str::to_owned),
        ) else {
            return Ok(());
        };
        let now_ms = self.broker.now_ms();
        let mut acting = self.plain(&agent, now_ms);
        acting.form = by_secret(&server, &self.secrets[&server]);
        acting.lineage.add(LineageKind::Client, &server, now_ms);
        acting.how = format!("{server} as {agent}");
        acting.presenter = Some(server);
        if !parent.scope.iter().any(|s| s == "read") {
            acting.barred = Some("nothing is derived".into());
        }
        let ask = self.ask("t1", Some(vec!["read".into()]));
        self.hop("derive", &parent, &acting, ask)
    }

    /// One of the newest, mostly.
    pub(super) fn pick_recent(&mut self, tokens: Vec<Token>) -> Option<Token> {
        let newest = if self.chance(80) { 12 } else { 80 };
        let from = tokens.len().saturating_sub(newest);
        self.pick(&tokens[from..]).cloned()
    }

    fn hop(&mut self, deed: &str, parent: &Token, acting: &Acting, ask: Ask) -> Same {
        let mut form = acting.form.clone();
        form.push(("subject_token", parent.text.clone()));
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        form.push(("subject_token_type", kind.to_owned()));
        let foretold = self.foretell_hop(parent, acting, &ask, deed == "derive");
        let what = format!("{deed} {} | {}", parent.jti, acting.how);
        self.exchange(&what, form, acting, ask, foretold)
    }

    fn foretell_hop(
        &self,
        parent: &Token,
        acting: &Acting,
        ask: &Ask,
        derives: bool,
    ) -> Result<Foretold, Why> {
        if let Some(why) = &acting.barred {
            return Err(why.clone());
        }
        let now_ms = self.broker.now_ms();
        self.history
            .active(parent, now_ms)
            .map_err(|why| format!("parent: {why}"))?;
        let mut links = parent.links.clone();
        let itself = parent
            .itself
            .as_ref()
            .is_some_and(|(id, _)| *id == acting.agent);
        let newest = links.first().is_some_and(|(id, _)| *id == acting.agent);
        if !(newest || itself && links.is_empty()) {
            if itself || links.iter().any(|(id, _)| *id == acting.agent) {
                return Err("a cycle".into());
            }
            links.insert(0, (acting.agent.clone(), acting.version.clone()));
        }
        if !self.covers(parent, ask, derives) {
            return Err("the basis does not cover it".into());
        }
        let mut lineage = parent.lineage.clone();
        lineage.inherit(&acting.lineage);
        let out = Foretold {
            lineage,
            links,
            itself: parent.itself.clone(),
            subject: parent.subject.clone(),
            issuer: parent.issuer.clone(),
            grant: parent.grant.clone(),
            basis: parent.basis,
            hops: parent.hops + 1,
            uses: None,
            ends_s: parent.exp_s.min(acting.exp_s),
        };
        self.foretell(out, acting, ask)
    }

    /// Whether the root's basis covers what is asked for.
    fn covers(&self, parent: &Token, ask: &Ask, derives: bool) -> bool {
        let target = ask.target.as_ref().unwrap();
        let high = ask.scope.iter().any(|scope| scope == "post");
        match parent.basis {
            "grant" => {
                let mut grants = self.history.grants.iter();
                let grant = grants
                    .find(|g| Some(&g.id) == parent.grant.as_ref())
                    .unwrap();
                let at = grant.targets.iter().find(|(id, _)| id == target);
                // Elsewhere than at the token's own target it must stand there.
                let mut there = grant.lineage.clone();
                there.add(LineageKind::Target, target, grant.made_ms);
                let stands = !derives || self.history.dead(&there).is_none();
                stands && at.is_some_and(|(_, scopes)| ask.scope.iter().all(|s| scopes.contains(s)))
            }
            "policy" => !high,
            _ => !(high && derives),
        }
    }
}
