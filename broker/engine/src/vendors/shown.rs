//! What became of the credential of a permit, as the record has it (contract §15,
//! "Two records").

use super::revoking::is_due;
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_core::decide::{CREDENTIAL_REVOCATION, CredentialState, OUTCOME, VendorRevocation};
use locum_core::ids::Jti;
use locum_stores::decisions::{Sought, folded};
use locum_stores::ledger::Entry;
use serde::Deserialize;
use std::ops::ControlFlow;

/// Records after a permit that are looked at for what became of its credential.
const LOOKED_AT: u64 = 1_000_000;

/// Whether a credential was revoked at its vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationShown {
    /// It has to be, and is being tried.
    Pending,
    /// It ended so.
    Ended(VendorRevocation),
}

/// What became of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialShown {
    /// How obtaining it ended. While the vendor is asked nobody knows.
    pub state: CredentialState,
    /// Unix seconds at which it ends by itself, where that is known.
    pub expires_s: Option<u64>,
    /// Its keyed hash.
    pub fingerprint: Option<String>,
    /// The vendor's id of the request.
    pub vendor_request_id: Option<String>,
    /// Whether it was revoked at the vendor; `None`: it had not to be.
    pub revocation: Option<RevocationShown>,
    /// Why there is none, as the agent was told.
    pub description: Option<String>,
    /// What Locum knows beyond that, in its own words.
    pub detail: Option<String>,
}

/// The part of an outcome's record that is shown.
#[derive(Deserialize)]
struct Outcome {
    state: CredentialState,
    #[serde(default)]
    expires_at: Option<u64>,
    #[serde(default)]
    fingerprint: Option<String>,
    #[serde(default)]
    vendor_request_id: Option<String>,
    #[serde(default)]
    revocable: bool,
}

/// Why there is no credential; gone where that was erased.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Why {
    description: Option<String>,
    detail: Option<String>,
}

#[derive(Default)]
struct Found {
    outcome: Option<Outcome>,
    why: Why,
    revocation: Option<VendorRevocation>,
}

/// What became of the credential of that permit, under which a vendor was asked.
///
/// # Errors
/// [`Unavailable`] when the record cannot be read.
pub async fn credential(broker: &Broker, jti: Jti) -> Result<CredentialShown, Unavailable> {
    let known = {
        let state = broker.records.state.read();
        let world = broker.records.world(&state);
        let entry = state.handed_under(jti);
        entry.map(|entry| (entry.revocation, is_due(&world, entry)))
    };
    // While it is remembered, the state knows what became of revoking it.
    let to_the_end = known.is_none();
    let mut sought = Sought::newest(vec![format!("\"of\":\"{jti}\"")]);
    sought.since_ms = jti.ms();
    sought.newest_first = false;
    sought.look_at = LOOKED_AT;
    let text = jti.to_string();
    let visit = move |found: &mut Found, entry: Entry| {
        if entry.body.get("of").and_then(serde_json::Value::as_str) != Some(text.as_str()) {
            return ControlFlow::Continue(());
        }
        if entry.kind == OUTCOME {
            found.outcome = Outcome::deserialize(&entry.body).ok();
            let why = entry.side.as_ref().map(Why::deserialize);
            found.why = why.and_then(Result::ok).unwrap_or_default();
        } else if entry.kind == CREDENTIAL_REVOCATION {
            let ended = entry.body.get("revocation");
            found.revocation = ended.and_then(|ended| VendorRevocation::deserialize(ended).ok());
        }
        let more = to_the_end && found.outcome.as_ref().is_none_or(|o| o.revocable);
        if found.revocation.is_some() || (found.outcome.is_some() && !more) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let found = folded(&*broker.records.decisions, sought, Found::default(), visit).await;
    let (found, _) = found.map_err(|e| Unavailable(format!("ledger: {e}")))?;
    let revocation = match known {
        Some((Some(ended), _)) => Some(RevocationShown::Ended(ended)),
        Some((None, due)) => due.then_some(RevocationShown::Pending),
        None => found.revocation.map(RevocationShown::Ended),
    };
    let outcome = found.outcome;
    Ok(CredentialShown {
        state: outcome
            .as_ref()
            .map_or(CredentialState::Unknown, |o| o.state),
        expires_s: outcome.as_ref().and_then(|o| o.expires_at),
        fingerprint: outcome.as_ref().and_then(|o| o.fingerprint.clone()),
        vendor_request_id: outcome.and_then(|o| o.vendor_request_id),
        revocation,
        description: found.why.description,
        detail: found.why.detail,
    })
}
