//! What is needed to revoke a credential, sealed in the side record of its
//! outcome: nobody reads it without the master key, and erasing it is possible.

use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_connectors::Handle;
use locum_core::decide::OUTCOME;
use locum_core::ids::Jti;
use locum_core::lineage::{Key, Keyed};
use locum_core::secret::Secret;
use locum_stores::decisions::{Sought, folded};
use locum_stores::ledger::Entry;
use serde_json::Value;
use std::ops::ControlFlow;

fn place(jti: Jti) -> String {
    format!("credential {jti}")
}

/// Seals a handle for the record of the outcome of that permit.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(crate) fn seal(broker: &Broker, jti: Jti, handle: &Handle) -> Result<String, Unavailable> {
    let bytes = handle.to_bytes();
    let text = std::str::from_utf8(bytes.expose());
    let text = text.map_err(|e| Unavailable(e.to_string()))?;
    let sealed = broker.records.vault.seal(text, &place(jti));
    sealed.map_err(|e| Unavailable(format!("seal: {e}")))
}

/// The handle of the credential of that permit; `None` where none is kept, or it
/// does not open.
///
/// # Errors
/// [`Unavailable`] when the record cannot be read.
pub(super) async fn of(broker: &Broker, jti: Jti) -> Result<Option<Handle>, Unavailable> {
    let mut sought = Sought::newest(vec![format!("\"of\":\"{jti}\"")]);
    sought.since_ms = jti.ms();
    sought.newest_first = false;
    let visit = move |found: &mut Option<String>, entry: Entry| {
        let of = entry.body.get("of").and_then(Value::as_str);
        if entry.kind != OUTCOME || of != Some(&jti.to_string()) {
            return ControlFlow::Continue(());
        }
        let handle = entry.side.as_ref().and_then(|side| side.get("handle"));
        *found = handle.and_then(Value::as_str).map(str::to_owned);
        ControlFlow::Break(())
    };
    let read = folded(&*broker.records.decisions, sought, None, visit).await;
    let (sealed, _) = read.map_err(|e| Unavailable(format!("ledger: {e}")))?;
    let opened = sealed.and_then(|sealed| broker.records.vault.unseal(&sealed, &place(jti)).ok());
    Ok(opened.and_then(|bytes| Handle::from_bytes(bytes.expose()).ok()))
}

/// The keyed hash by which a credential is found (contract §15, `fingerprint`).
pub(crate) fn fingerprint(broker: &Broker, credential: &Secret<String>) -> Key {
    broker.records.names.hash("credential", credential.expose())
}
