//! Exchanges: asked of the broker, and foretold by the model.

use super::acting::{Acting, Form, Subject};
use super::history::{Acted, Lineage, Token, Why};
use super::scene::{Scene, TARGETS};
use crate::tests::broker::decode;
use locum_core::ids::Jti;
use locum_core::lineage::LineageKind;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// Most `act` objects, and exchanges in a row (`limits.md`).
const DEPTH: usize = 4;
const HOPS: u64 = 8;

/// What is asked for.
pub(super) struct Ask {
    form: Form,
    pub(super) target: Option<String>,
    pub(super) scope: Vec<String>,
    delegate: Option<String>,
}

/// What the model foretells of a token.
pub(super) struct Foretold {
    pub(super) lineage: Lineage,
    pub(super) links: Vec<Acted>,
    pub(super) itself: Option<Acted>,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) grant: Option<String>,
    pub(super) basis: &'static str,
    pub(super) hops: u64,
    /// The grant that loses a use.
    pub(super) uses: Option<String>,
    /// When it ends at the latest.
    pub(super) ends_s: u64,
}

/// A difference between the broker and the model, or none.
pub(super) type Same = Result<(), String>;

impl Scene {
    /// A target by one of its names, and what is wanted there.
    pub(super) fn ask(&mut self, target: &str, scope: Option<Vec<String>>) -> Ask {
        let target = target.to_owned();
        let mut form = vec![("grant_type", EXCHANGE.to_owned())];
        let named = self.history.resources.iter().filter(|(_, t)| **t == target);
        let resources: Vec<String> = named.map(|(name, _)| name.clone()).collect();
        match self.dice.below(3) {
            0 => form.push(("audience", target.clone())),
            1 => form.push(("audience", format!("urn:{target}"))),
            _ => form.push(("resource", self.pick(&resources).unwrap().clone())),
        }
        let scope = scope.unwrap_or_else(|| match self.dice.below(4) {
            0 | 1 => vec!["read".into()],
            2 => vec!["post".into()],
            _ => vec!["post".into(), "read".into()],
        });
        form.push(("scope", scope.join(" ")));
        Ask {
            form,
            target: Some(target),
            scope,
            delegate: None,
        }
    }

    /// Passes it on, sometimes.
    pub(super) fn delegate(&mut self, ask: &mut Ask, percent: u64) {
        if self.chance(percent) {
            let agents: Vec<String> = self.history.agents.iter().map(|a| a.id.clone()).collect();
            let to = self.pick(&agents).unwrap().clone();
            ask.form.push(("delegate_to", to.clone()));
            ask.delegate = Some(to);
        }
    }

    /// Any agent; mostly one that may act.
    pub(super) fn any_agent(&mut self) -> String {
        let now_ms = self.broker.now_ms();
        let most = self.chance(85);
        let agents = self.history.agents.iter();
        let fit: Vec<String> = agents
            .filter(|a| !most || a.in_force(now_ms))
            .map(|a| a.id.clone())
            .collect();
        let any = self.history.agents[0].id.clone();
        self.pick(&fit).cloned().unwrap_or(any)
    }

    /// A root exchange for somebody else.
    pub(super) fn root(&mut self, subject: &Subject) -> Same {
        let agent = match &subject.grant {
            Some(id) if self.chance(80) => {
                let mut grants = self.history.grants.iter();
                grants.find(|g| g.id == *id).unwrap().agent.clone()
            }
            _ => self.any_agent(),
        };
        let acting = self.acting(&agent);
        let target = TARGETS[self.dice.below(3) as usize];
        let mut ask = self.ask(target, None);
        self.delegate(&mut ask, 45);
        let mut form = acting.form.clone();
        form.extend(subject.form.clone());
        let foretold = self.foretell_root(subject, &acting, &ask);
        let what = format!("exchange {} | {}", subject.how, acting.how);
        self.exchange(&what, form, &acting, ask, foretold)
    }

    fn foretell_root(
        &self,
        subject: &Subject,
        acting: &Acting,
        ask: &Ask,
    ) -> Result<Foretold, Why> {
        if let Some(barred) = subject.barred.as_ref().or(acting.barred.as_ref()) {
            return Err(barred.clone());
        }
        let target = ask.target.as_ref().unwrap();
        let alone = subject
            .itself
            .as_ref()
            .is_some_and(|(id, _)| *id == acting.agent);
        let mut out = Foretold {
            lineage: subject.lineage.clone(),
            links: vec![(acting.agent.clone(), acting.version.clone())],
            itself: subject.itself.clone(),
            subject: subject.name.clone(),
            issuer: subject.issuer.clone(),
            grant: None,
            basis: "policy",
            hops: 1,
            uses: None,
            ends_s: subject.exp_s.min(acting.exp_s),
        };
        out.lineage.inherit(&acting.lineage);
        if alone {
            out.links.clear();
            out.basis = "self";
        } else if let Some(grant) = self.covering(subject, &acting.agent, target, &ask.scope) {
            let mut known = self.history.grants.iter();
            let known = known.find(|g| g.id == grant).unwrap();
            out.lineage.inherit(&known.lineage);
            out.ends_s = out.ends_s.min(known.expires_s);
            out.basis = "grant";
            out.uses = Some(grant.clone());
            out.grant = Some(grant);
        } else if subject.grant.is_some() {
            return Err("the grant does not cover it".into());
        }
        let high = ask.scope.iter().any(|scope| scope == "post");
        if high && out.basis != "grant" {
            return Err(format!("by {} nothing high", out.basis));
        }
        self.foretell(out, acting, ask)
    }

    /// The covering grant that expires first, then the lowest id; only itself
    /// where the subject is a grant.
    fn covering(
        &self,
        subject: &Subject,
        agent: &str,
        target: &str,
        scope: &[String],
    ) -> Option<String> {
        let now_ms = self.broker.now_ms();
        let covers = |grant: &&super::history::Grant| {
            let at = grant.targets.iter().find(|(id, _)| id == target);
            grant.person == subject.name
                && grant.agent == agent
                && subject.grant.as_ref().is_none_or(|id| *id == grant.id)
                && self.history.grant_lives(grant, Some(target), now_ms)
                && at.is_some_and(|(_, scopes)| scope.iter().all(|s| scopes.contains(s)))
        };
        let grants = self.history.grants.iter().filter(covers);
        let first = grants.min_by(|a, b| (a.expires_s, &a.id).cmp(&(b.expires_s, &b.id)));
        first.map(|grant| grant.id.clone())
    }

    /// What holds of every exchange.
    pub(super) fn foretell(
        &self,
        out: Foretold,
        acting: &Acting,
        ask: &Ask,
    ) -> Result<Foretold, Why> {
        let now_ms = self.broker.now_ms();
        let mut out = out;
        if let Some(target) = &ask.target {
            out.lineage.add(LineageKind::Target, target, now_ms);
        }
        if let Some(id) = &ask.delegate {
            let to = self.history.agent(id).unwrap();
            if *id == acting.agent || !to.in_force(now_ms) {
                return Err(format!("{id} is no agent to pass on to"));
            }
            let mut chain = out.links.iter().chain(&out.itself);
            if chain.any(|(agent, _)| agent == id) {
                return Err("a cycle, one hop ahead".into());
            }
        }
        if out.links.len() > DEPTH || out.hops > HOPS {
            return Err("too long a chain".into());
        }
        if out.ends_s <= now_ms / 1000 {
            return Err("an input ends now".into());
        }
        let actor = (acting.agent.clone(), acting.version.clone());
        let agents: Vec<Acted> = out
            .links
            .iter()
            .chain(&out.itself)
            .cloned()
            .chain([actor])
            .collect();
        self.history.stands(&out.lineage, &agents, now_ms)?;
        Ok(out)
    }

    /// `client_credentials`.
    pub(super) fn itself(&mut self) -> Same {
        let agent = self.any_agent();
        let acting = if self.chance(70) {
            self.by_agents_secret(&agent)
        } else {
            self.acting(&agent)
        };
        let acting = if acting.form.iter().any(|(name, _)| *name == "actor_token") {
            self.by_agents_secret(&agent)
        } else {
            acting
        };
        let mut ask = if self.chance(50) {
            let audience = crate::tests::broker::ISSUER.to_owned();
            Ask {
                form: vec![("", String::new()), ("audience", audience)],
                target: None,
                scope: Vec::new(),
                delegate: None,
            }
        } else {
            let target = TARGETS[self.dice.below(3) as usize];
            let mut ask = self.ask(target, Some(vec!["read".into()]));
            self.delegate(&mut ask, 40);
            ask
        };
        ask.form[0] = ("grant_type", "client_credentials".into());
        let out = Foretold {
            lineage: acting.lineage.clone(),
            links: Vec::new(),
            itself: Some((agent.clone(), acting.version.clone())),
            subject: agent,
            issuer: "locum".into(),
            grant: None,
            basis: "self",
            hops: 1,
            uses: None,
            ends_s: u64::MAX,
        };
        let foretold = match &acting.barred {
            Some(why) => Err(why.clone()),
            None => self.foretell(out, &acting, &ask),
        };
        let what = format!("itself {}", acting.how);
        self.exchange(&what, acting.form.clone(), &acting, ask, foretold)
    }

    /// Asks, and compares with what was foretold.
    pub(super) fn exchange(
        &mut self,
        what: &str,
        form: Form,
        acting: &Acting,
        ask: Ask,
        foretold: Result<Foretold, Why>,
    ) -> Same {
        let now_ms = self.broker.now_ms();
        let mut form = form;
        form.extend(ask.form.clone());
        let (status, answer) = self.broker.form("/token", &form);
        let what = format!(
            "{what} | {:?} {:?} to {:?}",
            ask.target, ask.scope, ask.delegate
        );
        let code = answer["code"].as_str().unwrap_or("-").to_owned();
        let told = match &foretold {
            Ok(_) => "permitted".to_owned(),
            Err(why) => format!("refused: {why}"),
        };
        self.log.push(format!(
            "{now_ms} {what}\n      → {status} {code}, foretold {told}"
        ));
        if status >= 500 || (status == 200) != foretold.is_ok() {
            return Err(format!(
                "{what}: expected {told}, found {status} {code}: {}",
                answer["error_description"]
            ));
        }
        let Ok(foretold) = foretold else {
            self.refused += 1;
            return Ok(());
        };
        self.permitted += 1;
        let text = answer["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.issued(&text, foretold, acting, ask)
    }

    fn issued(&mut self, text: &str, foretold: Foretold, acting: &Acting, ask: Ask) -> Same {
        let (header, claims) = decode(text);
        let jti = claims["jti"].as_str().unwrap_or_default().to_owned();
        let at_ms = Jti::parse(&jti).unwrap().ms();
        let mut lineage = foretold.lineage;
        lineage.add(LineageKind::Token, &jti, at_ms);
        let kid = header["kid"].as_str().unwrap_or_default();
        lineage.add(LineageKind::Key, format!("locum:{kid}"), at_ms);
        if let Some(why) = self.history.dead(&lineage) {
            return Err(format!("{jti} was issued and is dead: {why}"));
        }
        let grant = claims["del"]["grant"].as_str().map(str::to_owned);
        if ask.target.is_some() && grant != foretold.grant {
            return Err(format!(
                "{jti}: expected the grant {:?}, found {grant:?}",
                foretold.grant
            ));
        }
        if let Some(id) = foretold.uses {
            let mut grants = self.history.grants.iter_mut();
            grants.find(|g| g.id == id).unwrap().uses += 1;
        }
        self.log.push(format!("      = {jti}"));
        self.history.tokens.push(Token {
            text: text.to_owned(),
            jti,
            exp_s: claims["exp"].as_u64().unwrap_or_default(),
            target: ask.target,
            meant_for: ask.delegate,
            client: acting.agent.clone(),
            presenter: acting.presenter.clone(),
            scope: ask.scope,
            lineage,
            links: foretold.links,
            itself: foretold.itself,
            subject: foretold.subject,
            issuer: foretold.issuer,
            grant: foretold.grant,
            basis: foretold.basis,
            hops: foretold.hops,
        });
        Ok(())
    }

    /// An exchange of a foreign token, which may be shown again afterwards.
    pub(super) fn foreign_exchange(&mut self, workload: bool) -> Same {
        let (subject, sent) = if workload {
            self.workload()
        } else {
            self.person()
        };
        let now_ms = self.broker.now_ms();
        let before = self.permitted;
        self.root(&subject)?;
        let ahead = sent.iat_s * 1000 > now_ms;
        if self.permitted > before {
            self.history.seen.entry(sent.text.clone()).or_insert(now_ms);
        }
        let pool = if workload {
            &mut self.workloads
        } else {
            &mut self.people
        };
        pool.retain(|known| known.text != sent.text);
        // Whether a token counts as seen that was refused is not foretold.
        if self.permitted > before || !ahead {
            pool.push(sent);
        }
        let most = pool.len().saturating_sub(12);
        pool.drain(..most);
        Ok(())
    }
}
