//! Revocations, locks and grants, and tokens given back: done at the broker, and
//! noted by the model.

use super::acting::by_secret;
use super::exchanges::Same;
use super::history::{FOR_EVER, Grant, Lineage, Locked, Name, Revoked, State, name};
use super::scene::{GATE, OWNERS, PEOPLE, Scene, TARGETS, read_ms};
use crate::tests::broker::shown;
use locum_core::lineage::LineageKind;
use serde_json::{Value, json};

/// What is revoked or locked, as it is named, and as the model looks it up.
type What = (Value, Name);

impl Scene {
    /// Something of that kind, mostly something that was used.
    fn named(&mut self, kind: LineageKind) -> Option<What> {
        let tokens = self.history.tokens.clone();
        let token = self.pick_recent(tokens);
        let used = token.and_then(|token| {
            let names = token.lineage.0.into_keys().filter(|(k, _)| *k == kind);
            self.pick(&names.collect::<Vec<_>>())
                .map(|(_, id)| id.clone())
        });
        let id = match kind {
            LineageKind::All => String::new(),
            LineageKind::Person if self.chance(20) => {
                let (issuer, sub) = PEOPLE[self.dice.below(3) as usize];
                format!("{issuer}:{sub}")
            }
            LineageKind::Owner if self.chance(50) => OWNERS[self.dice.below(3) as usize].to_owned(),
            LineageKind::Agent if self.chance(30) => self.any_agent(),
            LineageKind::Grant if self.chance(50) => {
                let grants = self.history.grants.clone();
                self.pick(&grants)?.id.clone()
            }
            LineageKind::Client if self.chance(20) => GATE.to_owned(),
            _ => used?,
        };
        // Keys of ours are another deed's.
        if kind == LineageKind::Key && id.starts_with("locum:") {
            return None;
        }
        let mut what = json!({"kind": kind, "id": id});
        if kind == LineageKind::Token && self.chance(50) {
            what = json!({"kind": "delegation", "id": format!("dlg_{id}")});
        }
        if kind == LineageKind::All {
            what = json!({"kind": "all"});
        }
        Some((what, name(kind, &id)))
    }

    fn revocable(&mut self) -> Option<What> {
        const KINDS: [LineageKind; 22] = [
            LineageKind::Token,
            LineageKind::Token,
            LineageKind::Token,
            LineageKind::Grant,
            LineageKind::Grant,
            LineageKind::Agent,
            LineageKind::Agent,
            LineageKind::AgentVersion,
            LineageKind::Client,
            LineageKind::Client,
            LineageKind::Person,
            LineageKind::Person,
            LineageKind::Person,
            LineageKind::Owner,
            LineageKind::Owner,
            LineageKind::Session,
            LineageKind::Session,
            LineageKind::Target,
            LineageKind::Target,
            LineageKind::Issuer,
            LineageKind::Key,
            LineageKind::All,
        ];
        let kind = KINDS[self.dice.below(22) as usize];
        // What would end nearly everything for ever, seldom.
        if matches!(
            kind,
            LineageKind::Key | LineageKind::All | LineageKind::Issuer
        ) && self.chance(60)
        {
            return None;
        }
        self.named(kind)
    }

    /// A moment in the past: of something that happened, or any.
    fn before(&mut self, kind: LineageKind) -> Option<u64> {
        if kind.is_final() || self.chance(45) {
            return None;
        }
        let now_ms = self.broker.now_ms();
        let times: Vec<u64> = {
            let newest = self.history.tokens.iter().rev().take(30);
            newest.flat_map(|t| t.lineage.0.values().copied()).collect()
        };
        let at = match self.pick(&times).copied() {
            Some(at) if self.chance(70) => at + self.dice.below(3),
            _ => now_ms - self.dice.below(600_000),
        };
        Some(at.saturating_sub(1).min(now_ms))
    }

    pub(super) fn revoke(&mut self) -> Same {
        let Some((what, name)) = self.revocable() else {
            return Ok(());
        };
        let before = self.before(name.0);
        let body = json!({"what": what, "before": before.map(shown), "reason": "model"});
        let (status, answer) = self.broker.admin("POST", "/revocations", &body);
        self.log.push(format!(
            "revoke {what} before {before:?} → {status} {}",
            answer["effective_at"]
        ));
        if status != 200 {
            return Err(format!("revoke {body}: found {status} {answer}"));
        }
        let effective = read_ms(answer["effective_at"].as_str().unwrap_or_default());
        let until_ms = if name.0.is_final() {
            FOR_EVER
        } else {
            before.unwrap_or(effective)
        };
        self.history.revoked.push(Revoked { name, until_ms });
        Ok(())
    }

    /// What a revocation would end, counted by the broker and by the model.
    pub(super) fn try_revoke(&mut self) -> Same {
        let Some((what, name)) = self.revocable() else {
            return Ok(());
        };
        let before = self.before(name.0);
        let now_ms = self.broker.now_ms();
        let body = json!({
            "what": what, "before": before.map(shown), "reason": "model", "dry_run": true,
        });
        let (status, answer) = self.broker.admin("POST", "/revocations", &body);
        let until_ms = if name.0.is_final() {
            FOR_EVER
        } else {
            before.unwrap_or(now_ms)
        };
        let history = &mut self.history;
        history.revoked.push(Revoked {
            name: name.clone(),
            until_ms,
        });
        let new = history.revoked.pop().into_iter().collect();
        let old = std::mem::replace(&mut history.revoked, new);
        let hits =
            |lineage: &Lineage, history: &super::history::History| history.dead(lineage).is_some();
        let hit: Vec<bool> = history
            .tokens
            .iter()
            .map(|t| hits(&t.lineage, history))
            .collect();
        history.revoked = old;
        let live =
            |t: &super::history::Token| t.exp_s > now_ms / 1000 && !hits(&t.lineage, history);
        let tokens: Vec<&str> = history
            .tokens
            .iter()
            .zip(hit)
            .filter(|(token, hit)| *hit && live(token))
            .map(|(token, _)| token.jti.as_str())
            .collect();
        let found = answer["affected"]["tokens"].as_u64();
        if status == 200 && found == Some(tokens.len() as u64) {
            return Ok(());
        }
        Err(format!(
            "dry run of {body}: expected {tokens:?} affected, found {status} {answer}"
        ))
    }

    pub(super) fn lock(&mut self) -> Same {
        const KINDS: [LineageKind; 8] = [
            LineageKind::Agent,
            LineageKind::AgentVersion,
            LineageKind::Owner,
            LineageKind::Person,
            LineageKind::Client,
            LineageKind::Issuer,
            LineageKind::Target,
            LineageKind::All,
        ];
        let kind = KINDS[self.dice.below(8) as usize];
        let Some((what, name)) = self.named(kind) else {
            return Ok(());
        };
        let now_ms = self.broker.now_ms();
        let expires_ms = self
            .chance(60)
            .then(|| now_ms + 1 + self.dice.below(60_000));
        let body = json!({"what": what, "reason": "model", "expires_at": expires_ms.map(shown)});
        let (status, answer) = self.broker.admin("POST", "/locks", &body);
        self.log
            .push(format!("lock {what} until {expires_ms:?} → {status}"));
        if status != 201 {
            return Err(format!("lock {body}: found {status} {answer}"));
        }
        let id = answer["id"].as_str().unwrap_or_default().to_owned();
        self.history.locks.push(Locked {
            id,
            name,
            expires_ms,
            lifted: false,
        });
        Ok(())
    }

    pub(super) fn lift(&mut self) -> Same {
        let locks = self.history.locks.iter().filter(|lock| !lock.lifted);
        let ids: Vec<String> = locks.map(|lock| lock.id.clone()).collect();
        let Some(id) = self.pick(&ids).cloned() else {
            return Ok(());
        };
        self.broker.must(
            "POST",
            &format!("/locks/{id}/lift"),
            &json!({"reason": "model"}),
        );
        self.log.push(format!("lift {id}"));
        let mut locks = self.history.locks.iter_mut();
        locks.find(|lock| lock.id == id).unwrap().lifted = true;
        Ok(())
    }

    /// Targets of a grant, each with its scopes.
    fn granted(&mut self) -> Vec<(String, Vec<String>)> {
        let mut targets = Vec::new();
        for target in TARGETS {
            if self.chance(70) {
                let all = self.chance(70);
                let scopes = if all {
                    vec!["post", "read"]
                } else {
                    vec!["read"]
                };
                let scopes = scopes.into_iter().map(str::to_owned).collect();
                targets.push((target.to_owned(), scopes));
            }
        }
        targets
    }

    pub(super) fn grant(&mut self) -> Same {
        let agent = self.any_agent();
        let known = self.history.agent(&agent).unwrap();
        if known.state == State::Retired {
            return Ok(());
        }
        let owner = known.owner.clone();
        let (issuer, sub) = PEOPLE[self.dice.below(3) as usize];
        let person = format!("{issuer}:{sub}");
        let now_ms = self.broker.now_ms();
        let expires_s = now_ms / 1000 + 1 + self.dice.below(7_200);
        let max_uses = self.chance(30).then(|| 1 + self.dice.below(3));
        let targets = self.granted();
        if targets.is_empty() {
            return Ok(());
        }
        let at: Vec<Value> = targets.iter()
            .map(|(target, scopes): &(String, Vec<String>)| json!({"target": target, "scopes": scopes}))
            .collect();
        let body = json!({
            "person": person, "agent": agent, "expires_at": shown(expires_s * 1000),
            "max_uses": max_uses, "targets": at, "reason": "model",
        });
        let (status, answer) = self.broker.admin("POST", "/grants", &body);
        if status != 201 {
            return Err(format!("grant {body}: found {status} {answer}"));
        }
        let id = answer["id"].as_str().unwrap_or_default().to_owned();
        self.log
            .push(format!("grant {id} of {person} to {agent} at {now_ms}"));
        let mut lineage = Lineage::default();
        lineage.add(LineageKind::Grant, &id, now_ms);
        lineage.add(LineageKind::Person, &person, now_ms);
        lineage.add(LineageKind::Issuer, issuer, now_ms);
        lineage.add(LineageKind::Agent, &agent, now_ms);
        lineage.add(LineageKind::Client, &agent, now_ms);
        lineage.add(LineageKind::Owner, owner, now_ms);
        self.history.grants.push(Grant {
            id,
            person,
            agent,
            targets,
            expires_s,
            max_uses,
            uses: 0,
            made_ms: now_ms,
            lineage,
        });
        Ok(())
    }

    /// A client gives a token back, or one of another is refused.
    pub(super) fn give_back(&mut self) -> Same {
        let Some(token) = self.pick_recent(self.history.tokens.clone()) else {
            return Ok(());
        };
        let by = token
            .presenter
            .clone()
            .unwrap_or_else(|| token.client.clone());
        let Some(secret) = self.secret(&by) else {
            return Ok(());
        };
        let mut form = by_secret(&by, &secret);
        form.push(("token", token.text.clone()));
        let (status, _) = self.broker.form("/revoke", &form);
        self.log
            .push(format!("{by} gives {} back → {status}", token.jti));
        match status {
            200 => {
                let name = (LineageKind::Token, token.jti);
                self.history.revoked.push(Revoked {
                    name,
                    until_ms: FOR_EVER,
                });
                Ok(())
            }
            // Whether one that is locked may is not foretold.
            401 if self.barred_client(&by) => Ok(()),
            found => Err(format!("{by} gives {} back: found {found}", token.jti)),
        }
    }

    /// A client's secret, if it has one that is not retired.
    pub(super) fn secret(&self, id: &str) -> Option<String> {
        match self.history.agent(id) {
            Some(agent) => (agent.state != State::Retired).then(|| agent.secret.clone()),
            None => self.secrets.get(id).cloned(),
        }
    }
}
