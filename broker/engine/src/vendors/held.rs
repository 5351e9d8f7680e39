//! A vendor's credential that its agent presents to Locum: it is found by its keyed
//! hash (contract §15).

use super::handle::fingerprint;
use super::revoking::stands;
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_core::ids::{DelegationId, Jti};
use locum_core::secret::Secret;
use locum_stores::state::HandedOutEntry;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A credential that was handed out and has not ended.
pub(crate) struct Held {
    /// Its permit.
    pub(crate) jti: Jti,
    /// What is remembered of it.
    pub(crate) entry: Arc<HandedOutEntry>,
}

/// The credential of that text; `None` where none such is out.
pub(crate) fn held(broker: &Broker, text: &str) -> Option<Held> {
    let print = fingerprint(broker, &Secret::new(text.to_owned()));
    let state = broker.records.state.read();
    let (jti, entry) = state.handed_by_fingerprint(&print)?;
    Some(Held {
        jti,
        entry: entry.clone(),
    })
}

impl Held {
    /// Whether that client is the agent it was handed to.
    pub(crate) fn is_agents(&self, client: &str) -> bool {
        self.entry.of.parties.actor.as_str() == client
    }

    /// Whether it is that client's: the agent's, or the client's that presented for
    /// it.
    pub(crate) fn is_of(&self, client: &str) -> bool {
        let presenter = self.entry.of.parties.presenter.as_ref();
        self.is_agents(client) || presenter.is_some_and(|id| id.as_str() == client)
    }

    /// Whether it ended by itself, or is revoked at its vendor since its permit ended.
    fn has_ended(&self, now_s: u64) -> bool {
        let by_itself = self.entry.expires_s.is_some_and(|end_s| end_s <= now_s);
        by_itself || (self.entry.revocable && self.entry.of.permit_ends_s <= now_s)
    }

    /// Whether everything it descends from was revoked already.
    pub(crate) fn is_dead(&self, broker: &Broker) -> bool {
        let state = broker.records.state.read();
        let world = broker.records.world(&state);
        world.is_dead(&self.entry.of.lineage())
    }

    /// What introspection shows of it (RFC 7662 §2.2); `None` where it does not stand.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be read.
    pub(crate) async fn shown(&self, broker: &Broker) -> Result<Option<Value>, Unavailable> {
        let stands = {
            let state = broker.records.state.read();
            let world = broker.records.world(&state);
            let now_s = world.now_ms / 1000;
            !self.has_ended(now_s) && stands(&world, &self.entry)
        };
        if !stands {
            return Ok(None);
        }
        let entry = broker.records.decisions.by_jti(self.jti).await;
        let entry = entry.map_err(|e| Unavailable(format!("ledger: {e}")))?;
        let Some(entry) = entry else {
            return Ok(None);
        };
        let of = |pointer: &str| entry.body.pointer(pointer).cloned();
        let subject = entry
            .side
            .as_ref()
            .and_then(|side| side.get("subject"))
            .cloned();
        let permit_ends_s = self.entry.of.permit_ends_s;
        let ends_s = match self.entry.expires_s {
            Some(end_s) if !self.entry.revocable => Some(end_s),
            Some(end_s) => Some(end_s.min(permit_ends_s)),
            None => self.entry.revocable.then_some(permit_ends_s),
        };
        let mut out = Map::new();
        out.insert("active".into(), json!(true));
        out.insert("client_id".into(), json!(self.entry.of.parties.actor));
        out.insert("iat".into(), json!(self.jti.ms() / 1000));
        out.insert("del".into(), json!({ "id": DelegationId(self.jti.0) }));
        let more = [
            ("iss", Some(json!(broker.issuer))),
            ("sub", subject),
            ("aud", of("/aud")),
            ("scope", of("/granted/scope")),
            ("exp", ends_s.map(|end_s| json!(end_s))),
        ];
        let told = more
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        out.extend(told.map(|(name, value)| (name.to_owned(), value)));
        Ok(Some(Value::Object(out)))
    }
}
