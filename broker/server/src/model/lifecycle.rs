//! What becomes of agents, targets, keys and the broker itself: done, and noted
//! by the model.

use super::exchanges::Same;
use super::history::{FOR_EVER, Revoked, State};
use super::scene::{OWNERS, Scene, TARGETS};
use locum_core::lineage::LineageKind;
use serde_json::{Value, json};

impl Scene {
    pub(super) fn re_own(&mut self) -> Same {
        let id = self.any_agent();
        let owner = OWNERS[self.dice.below(3) as usize];
        let (status, _) = self.put_agent(&id, |spec| spec["owner"]["id"] = json!(owner));
        self.log.push(format!("{id} is {owner}'s → {status}"));
        Ok(())
    }

    pub(super) fn re_version(&mut self) -> Same {
        let id = self.any_agent();
        if self.history.agent(&id).unwrap().state != State::Retired {
            let seconds = if self.chance(70) {
                31_536_000
            } else {
                1 + self.dice.below(600)
            };
            self.version(&id, seconds);
            self.log
                .push(format!("{id} in a new version for {seconds} s"));
        }
        Ok(())
    }

    pub(super) fn suspend(&mut self) -> Same {
        let agents = self.history.agents.iter();
        let suspended: Vec<String> = agents
            .filter(|a| a.state == State::Suspended)
            .map(|a| a.id.clone())
            .collect();
        let (id, deed, state) = match self.pick(&suspended) {
            Some(id) => (id.clone(), "resume", State::Active),
            None => (self.any_agent(), "suspend", State::Suspended),
        };
        if self.history.agent(&id).unwrap().state == State::Retired {
            return Ok(());
        }
        self.broker.must(
            "POST",
            &format!("/agents/{id}/{deed}"),
            &json!({"reason": "model"}),
        );
        self.log.push(format!("{deed} {id}"));
        self.history.agent_mut(&id).unwrap().state = state;
        Ok(())
    }

    pub(super) fn retire(&mut self) -> Same {
        let id = self.any_agent();
        if self.history.agent(&id).unwrap().state == State::Retired {
            return Ok(());
        }
        self.broker.must(
            "POST",
            &format!("/agents/{id}/retire"),
            &json!({"reason": "model"}),
        );
        self.log.push(format!("retire {id}"));
        self.history.agent_mut(&id).unwrap().state = State::Retired;
        let name = (LineageKind::Agent, id);
        self.history.revoked.push(Revoked {
            name,
            until_ms: FOR_EVER,
        });
        self.agent();
        self.derives();
        Ok(())
    }

    /// A workload is taken from an agent, given to one, or given up.
    pub(super) fn re_register(&mut self) -> Same {
        let id = self.any_agent();
        let has = self.history.agent(&id).unwrap().workload.is_some();
        if !has && self.chance(30) {
            return self.release(&id);
        }
        if has {
            let (status, _) = self.put_agent(&id, |spec| spec["workload"] = Value::Null);
            self.log
                .push(format!("the workload of {id} is gone → {status}"));
            return Ok(());
        }
        let subs: Vec<String> = self.history.held.keys().cloned().collect();
        let own = format!("wl/{id}");
        let sub = if self.chance(60) {
            own
        } else {
            self.pick(&subs).cloned().unwrap_or(own)
        };
        let holder = self.history.held.get(&sub);
        let theirs = holder.is_some_and(|holder| *holder != id);
        let retired = self.history.agent(&id).unwrap().state == State::Retired;
        let workload = json!({"issuer": "wl", "claims": {"sub": sub}});
        let (status, answer) = self.put_agent(&id, |spec| spec["workload"] = workload);
        self.log.push(format!("{id} declares {sub} → {status}"));
        if (status == 200) == (theirs || retired) {
            return Err(format!(
                "{id} declares {sub}, another's: {theirs}: found {status} {answer}"
            ));
        }
        if status == 200 {
            self.history.held.insert(sub, id);
        }
        Ok(())
    }

    /// What was an agent's workload identity and is so no more is nobody's.
    fn release(&mut self, id: &str) -> Same {
        let path = format!("/agents/{id}/workload/release");
        let (status, answer) = self
            .broker
            .admin("POST", &path, &json!({"reason": "model"}));
        let agent = self.history.agent(id).unwrap();
        let current = agent
            .workload
            .clone()
            .filter(|_| agent.state != State::Retired);
        let former = |sub: &String, holder: &String| holder == id && Some(sub) != current.as_ref();
        let any = self
            .history
            .held
            .iter()
            .any(|(sub, holder)| former(sub, holder));
        self.log
            .push(format!("{id} gives up what it was known as → {status}"));
        if (status == 200) != any {
            return Err(format!(
                "{id} has something to give up: {any}: found {status} {answer}"
            ));
        }
        self.history.held.retain(|sub, holder| !former(sub, holder));
        Ok(())
    }

    /// The floating resource moves to another target, or `t2` gets another server.
    pub(super) fn relocate(&mut self) -> Same {
        if self.chance(50) {
            let mut body = self.targets["t2"].clone();
            let other = if body["resource_server"] == "s2" {
                "s3"
            } else {
                "s2"
            };
            body["resource_server"] = json!(other);
            self.put_target("t2", body);
            self.log.push(format!("t2 is served by {other}"));
            return Ok(());
        }
        let floats = "https://float.example/";
        let from = self.history.resources[floats].clone();
        let to = TARGETS[self.dice.below(3) as usize];
        if from == to {
            return Ok(());
        }
        let mut body = self.targets[&from].clone();
        body["resources"]
            .as_array_mut()
            .unwrap()
            .retain(|r| r != floats);
        self.put_target(&from, body);
        let mut body = self.targets[to].clone();
        body["resources"]
            .as_array_mut()
            .unwrap()
            .push(json!(floats));
        self.put_target(to, body);
        self.log.push(format!("{floats} moves from {from} to {to}"));
        Ok(())
    }

    pub(super) fn rotate(&mut self) -> Same {
        // What a key signed is told apart by its millisecond.
        self.broker.pass(1);
        self.broker.must(
            "POST",
            "/keys/rotate",
            &json!({"alg": "ES256", "reason": "model"}),
        );
        self.log.push("rotate".into());
        Ok(())
    }

    /// A key of ours is retired, or revoked by its name: what it signed is dead.
    pub(super) fn retire_key(&mut self) -> Same {
        let Some(token) = self.pick_recent(self.history.tokens.clone()) else {
            return Ok(());
        };
        // What a key signed is told apart by its millisecond.
        self.broker.pass(1);
        let kid = crate::tests::broker::decode(&token.text).0["kid"]
            .as_str()
            .unwrap()
            .to_owned();
        let id = format!("locum:{kid}");
        let retires = self.chance(50);
        let (status, answer) = if retires {
            self.broker.admin(
                "POST",
                &format!("/keys/{kid}/retire"),
                &json!({"reason": "model"}),
            )
        } else {
            let body = json!({"what": {"kind": "key", "id": id}, "reason": "model"});
            self.broker.admin("POST", "/revocations", &body)
        };
        self.log
            .push(format!("key {kid}: retire {retires} → {status}"));
        if status == 409 && retires {
            return Ok(());
        }
        if status != 200 {
            return Err(format!("key {kid} is no more: found {status} {answer}"));
        }
        self.history.revoked.push(Revoked {
            name: (LineageKind::Key, id),
            until_ms: FOR_EVER,
        });
        Ok(())
    }

    pub(super) fn restart(&mut self) -> Same {
        self.broker.pass(0);
        self.broker.end();
        let forgets = self.chance(30);
        let forgotten = if forgets {
            self.broker.forget_snapshots()
        } else {
            0
        };
        self.broker.begin();
        self.log
            .push(format!("restart, without {forgotten} snapshots"));
        Ok(())
    }
}
