//! A credential is revoked at its vendor.

use super::aid::For;
use super::asking::told;
use crate::broker::Broker;
use locum_connectors::{Ended, Handle, RevokedAt, Trouble};
use locum_core::registry::Target;

/// How one try ended.
pub(super) enum Tried {
    /// The vendor confirmed it, or does not know the credential any more.
    Over,
    /// It has to be tried again.
    Again(String),
}

/// Tries once.
pub(super) async fn end(broker: &Broker, target: &Target, handle: Handle) -> Tried {
    let prepared = broker.vendors.prepared(&target.spec).ok().flatten();
    let connector = target.spec.connector.downstream();
    let (Some(prepared), Some(connector)) = (prepared, connector) else {
        return not_now("the target has no connector that can be used");
    };
    let aid = For {
        broker,
        connector,
        kept: None,
    };
    let id = locum_core::ids::RequestId(broker.records.mint()).to_string();
    let at = RevokedAt {
        now_s: broker.records.clock.now_s(),
        id: &id,
    };
    let (mut ending, mut sending) = match prepared.revoke(handle, at, &aid) {
        Ok(Some(begun)) => begun,
        Ok(None) => return not_now("the target's profile does not revoke, or has another address"),
        Err(trouble) => return again(&trouble),
    };
    // Places, pauses and failures of their own: who asks for credentials holds no
    // revocation up, and a revocation that fails costs nobody a credential.
    let calls = format!("{} revoking", target.id);
    loop {
        let identity = match aid.identity(&sending) {
            Ok(identity) => identity,
            Err(trouble) => return again(&trouble),
        };
        let client = &broker.vendors.client;
        let sent = client.send(&calls, sending.request, identity.as_ref());
        let reply = match sent.await {
            Ok(reply) => reply,
            Err(flaw) => return Tried::Again(told(&flaw)),
        };
        match ending.next(reply) {
            Ended::Send(next, request) => (ending, sending) = (next, request),
            Ended::Confirmed | Ended::Gone => return Tried::Over,
            Ended::Again { detail } => return Tried::Again(detail),
        }
    }
}

/// It can be done once the target is declared as it was.
fn not_now(detail: &str) -> Tried {
    Tried::Again(detail.to_owned())
}

fn again(trouble: &Trouble) -> Tried {
    Tried::Again(trouble.detail().to_owned())
}
