//! Who acts, for whom, and with what proof: what is sent, and what the token
//! will descend from.

use super::history::{Acted, Lineage, State, Why};
use super::scene::{Foreign, GATE, Scene, key};
use crate::tests::broker::ISSUER;
use locum_core::lineage::LineageKind;
use serde_json::json;

/// What is sent.
pub(super) type Form = Vec<(&'static str, String)>;

const TYPE: &str = "urn:ietf:params:oauth:token-type:";

/// An actor with its proof.
pub(super) struct Acting {
    pub(super) form: Form,
    pub(super) agent: String,
    pub(super) version: String,
    pub(super) presenter: Option<String>,
    pub(super) lineage: Lineage,
    /// When its token ends.
    pub(super) exp_s: u64,
    /// Why it may not act at all.
    pub(super) barred: Option<Why>,
    pub(super) how: String,
}

/// A subject with its proof.
pub(super) struct Subject {
    pub(super) form: Form,
    pub(super) name: String,
    pub(super) issuer: String,
    /// The agent it is, with its version.
    pub(super) itself: Option<Acted>,
    pub(super) lineage: Lineage,
    pub(super) exp_s: u64,
    /// The grant that it is.
    pub(super) grant: Option<String>,
    pub(super) barred: Option<Why>,
    pub(super) how: String,
}

/// The parameters that prove a client by its secret.
pub(super) fn by_secret(id: &str, secret: &str) -> Form {
    vec![
        ("client_id", id.to_owned()),
        ("client_secret", secret.to_owned()),
    ]
}

impl Scene {
    /// An `iat` around now: mostly past, sometimes within the skew ahead.
    fn iat_s(&mut self) -> u64 {
        let now_s = self.broker.now_ms() / 1000;
        match self.dice.below(10) {
            0..=4 => now_s - self.dice.below(3),
            5..=7 => now_s - self.dice.below(900),
            _ => now_s + 1 + self.dice.below(25),
        }
    }

    /// An agent's proof, by one of the ways there are.
    pub(super) fn acting(&mut self, id: &str) -> Acting {
        match self.dice.below(12) {
            0..=5 => self.by_agents_secret(id),
            6 | 7 => self.by_assertion(id),
            8 | 9 => self.by_workload(id),
            _ => self.by_actor_token(id),
        }
    }

    /// What every act of an agent descends from, by a proof of that moment.
    pub(super) fn plain(&self, id: &str, since: u64) -> Acting {
        let agent = self.history.agent(id).unwrap();
        let mut lineage = Lineage::default();
        lineage.add(LineageKind::Agent, id, since);
        lineage.add(LineageKind::AgentVersion, &agent.version, since);
        lineage.add(LineageKind::Owner, &agent.owner, since);
        lineage.add(LineageKind::Client, id, since);
        let retired = agent.state == State::Retired;
        Acting {
            form: by_secret(id, &agent.secret),
            agent: id.to_owned(),
            version: agent.version.clone(),
            presenter: None,
            lineage,
            exp_s: u64::MAX,
            barred: retired.then(|| format!("{id} is retired")),
            how: String::new(),
        }
    }

    pub(super) fn by_agents_secret(&self, id: &str) -> Acting {
        let mut acting = self.plain(id, self.broker.now_ms());
        acting.how = format!("{id} by secret");
        acting
    }

    fn by_assertion(&mut self, id: &str) -> Acting {
        let iat_s = self.iat_s().max(self.broker.now_ms() / 1000 - 280);
        let jti = format!("assertion-{}", self.number());
        let claims = json!({
            "iss": id, "sub": id, "aud": ISSUER, "iat": iat_s, "exp": iat_s + 400, "jti": jti,
        });
        let text = key("own").sign("JWT", &claims).unwrap();
        let mut acting = self.plain(id, (iat_s * 1000).min(self.broker.now_ms()));
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        acting.form = vec![
            ("client_assertion_type", kind.to_owned()),
            ("client_assertion", text),
        ];
        acting.how = format!("{id} by assertion of {iat_s}");
        acting
    }

    /// By its workload's token, presented by the gate or by itself.
    fn by_workload(&mut self, id: &str) -> Acting {
        let known = self.history.agent(id).unwrap().workload.clone();
        let sub = known.clone().unwrap_or_else(|| format!("wl/{id}"));
        let iat_s = self.iat_s();
        let sent = self.workload_token(&sub, iat_s);
        let since = (iat_s * 1000).min(self.broker.now_ms());
        let mut acting = self.plain(id, since);
        acting.lineage.add(LineageKind::Issuer, "wl", since);
        acting.lineage.add(LineageKind::Key, "wl:w1", since);
        acting.exp_s = sent.exp_s;
        if known.is_none() {
            acting.barred = Some(format!("{id} has no workload"));
        }
        self.present(&mut acting, sent.text, "jwt");
        acting.how = format!("{id} by workload token of {iat_s}, {:?}", acting.presenter);
        acting
    }

    /// By a token of ours that it got for that, where it has one.
    fn by_actor_token(&mut self, id: &str) -> Acting {
        let tokens = &self.history.tokens;
        let its = |token: &&super::history::Token| token.target.is_none() && token.client == id;
        let Some(token) = tokens.iter().rev().find(its).cloned() else {
            return self.by_agents_secret(id);
        };
        let jti = locum_core::ids::Jti::parse(&token.jti).unwrap();
        let mut acting = self.plain(id, jti.ms());
        acting.lineage.inherit(&token.lineage);
        acting.exp_s = token.exp_s;
        let now_ms = self.broker.now_ms();
        acting.barred = acting.barred.or(self.history.active(&token, now_ms).err());
        self.present(&mut acting, token.text, "access_token");
        acting.how = format!("{id} by actor token {}, {:?}", token.jti, acting.presenter);
        acting
    }

    fn present(&mut self, acting: &mut Acting, token: String, kind: &str) {
        if self.chance(60) {
            let now_ms = self.broker.now_ms();
            acting.form = by_secret(GATE, &self.secrets[GATE]);
            acting.presenter = Some(GATE.to_owned());
            acting.lineage.add(LineageKind::Client, GATE, now_ms);
        }
        acting.form.push(("actor_token", token));
        acting
            .form
            .push(("actor_token_type", format!("{TYPE}{kind}")));
    }

    pub(super) fn workload_token(&mut self, sub: &str, iat_s: u64) -> Foreign {
        let exp_s = iat_s + 3_600;
        let claims = json!({
            "iss": "https://wl.example", "sub": sub, "aud": ISSUER, "iat": iat_s, "exp": exp_s,
            "n": self.number(),
        });
        Foreign {
            text: key("w1").sign("JWT", &claims).unwrap(),
            issuer: "wl".into(),
            sub: sub.to_owned(),
            kid: "w1".into(),
            sid: None,
            iat_s,
            exp_s,
        }
    }

    fn id_token(&mut self) -> Foreign {
        let (issuer, sub) = super::scene::PEOPLE[self.dice.below(3) as usize];
        let kid = if self.chance(50) { "k1" } else { "k2" };
        let sid = self
            .chance(60)
            .then(|| format!("sid-{}", self.dice.below(4)));
        let iat_s = self.iat_s();
        let exp_s = iat_s + 3_600;
        let mut claims = json!({
            "iss": format!("https://{issuer}.example"), "sub": sub, "aud": "app", "iat": iat_s,
            "exp": exp_s, "nonce": self.number().to_string(),
        });
        if let Some(sid) = &sid {
            claims["sid"] = json!(sid);
        }
        Foreign {
            text: key(kid).sign("JWT", &claims).unwrap(),
            issuer: issuer.to_owned(),
            sub: sub.to_owned(),
            kid: kid.to_owned(),
            sid,
            iat_s,
            exp_s,
        }
    }

    /// A person's ID token: a fresh one, or one that was shown before.
    pub(super) fn person(&mut self) -> (Subject, Foreign) {
        let known = self.people.len() as u64;
        let sent = if known > 0 && self.chance(40) {
            self.people[self.dice.below(known) as usize].clone()
        } else {
            self.id_token()
        };
        (self.foreign(&sent, "id_token"), sent)
    }

    /// A workload's token as subject: of an agent of now or before, or of none.
    pub(super) fn workload(&mut self) -> (Subject, Foreign) {
        let known = self.workloads.len() as u64;
        if known > 0 && self.chance(40) {
            let sent = self.workloads[self.dice.below(known) as usize].clone();
            return (self.foreign(&sent, "jwt"), sent);
        }
        let subs: Vec<String> = self.history.held.keys().cloned().collect();
        let sub = match self.pick(&subs) {
            Some(sub) => sub.clone(),
            None => "wl/free".to_owned(),
        };
        let sub = if self.chance(20) {
            "wl/free".to_owned()
        } else {
            sub
        };
        let iat_s = self.iat_s();
        let sent = self.workload_token(&sub, iat_s);
        (self.foreign(&sent, "jwt"), sent)
    }

    /// What a foreign token says of its subject, as of now.
    fn foreign(&self, sent: &Foreign, kind: &str) -> Subject {
        let now_ms = self.broker.now_ms();
        let seen = self.history.seen.get(&sent.text).copied();
        let since = (sent.iat_s * 1000).min(seen.unwrap_or(now_ms));
        let name = format!("{}:{}", sent.issuer, sent.sub);
        let mut lineage = Lineage::default();
        lineage.add(LineageKind::Person, &name, since);
        lineage.add(LineageKind::Issuer, &sent.issuer, since);
        lineage.add(
            LineageKind::Key,
            format!("{}:{}", sent.issuer, sent.kid),
            since,
        );
        if let Some(sid) = &sent.sid {
            lineage.add(
                LineageKind::Session,
                format!("{}:{sid}", sent.issuer),
                since,
            );
        }
        let mut subject = Subject {
            form: vec![
                ("subject_token", sent.text.clone()),
                ("subject_token_type", format!("{TYPE}{kind}")),
            ],
            name,
            issuer: sent.issuer.clone(),
            itself: None,
            lineage,
            exp_s: sent.exp_s,
            grant: None,
            barred: (sent.exp_s <= now_ms / 1000).then(|| "subject expired".to_owned()),
            how: format!(
                "{}:{} of {} since {since}",
                sent.issuer, sent.sub, sent.iat_s
            ),
        };
        if kind == "jwt" {
            self.is_agents(&sent.sub, since, &mut subject);
        }
        subject
    }

    /// A workload that is an agent's, or was one's.
    fn is_agents(&self, sub: &str, since: u64, subject: &mut Subject) {
        let mut agents = self.history.agents.iter();
        let holder =
            agents.find(|a| a.workload.as_deref() == Some(sub) && a.state != State::Retired);
        if let Some(agent) = holder {
            subject.name.clone_from(&agent.id);
            subject.itself = Some((agent.id.clone(), agent.version.clone()));
            subject.lineage.add(LineageKind::Agent, &agent.id, since);
            subject.lineage.add(LineageKind::Client, &agent.id, since);
            subject
                .lineage
                .add(LineageKind::AgentVersion, &agent.version, since);
            subject.lineage.add(LineageKind::Owner, &agent.owner, since);
        } else if self.history.held.contains_key(sub) {
            subject.barred = Some(format!("{sub} was once an agent's"));
        }
    }

    /// A grant's id as subject.
    pub(super) fn away(&mut self) -> Option<Subject> {
        let grants = self.history.grants.clone();
        let grant = self.pick(&grants)?;
        let live = self.history.grant_lives(grant, None, self.broker.now_ms());
        Some(Subject {
            form: vec![
                ("subject_token", grant.id.clone()),
                ("subject_token_type", "urn:locum:token-type:grant".into()),
            ],
            name: grant.person.clone(),
            issuer: grant.person.split(':').next().unwrap().to_owned(),
            itself: None,
            lineage: grant.lineage.clone(),
            exp_s: grant.expires_s,
            grant: Some(grant.id.clone()),
            barred: (!live).then(|| format!("{} is over", grant.id)),
            how: format!("grant {} of {}", grant.id, grant.made_ms),
        })
    }
}
