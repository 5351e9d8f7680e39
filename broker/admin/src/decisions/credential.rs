//! `credential` of a decision under which a vendor was asked (contract §15).

use super::super::problem::Problem;
use super::super::times;
use crate::api::Api;
use locum_core::decide::VendorRevocation;
use locum_core::ids::Jti;
use locum_core::refusal::Code;
use locum_engine::vendors::{CredentialShown, RevocationShown, credential};
use locum_stores::ledger::Entry;
use serde_json::{Map, Value, json};

/// The permit whose credential is to be shown; `None` where no vendor was asked.
pub(super) fn of(entry: &Entry) -> Option<Jti> {
    entry.body.get("awaits")?;
    Jti::parse(entry.body.get("jti")?.as_str()?).ok()
}

/// Puts what became of it into its decision, and why where there is none.
///
/// # Errors
/// 503 when the records cannot be read.
pub(super) async fn put(
    api: &Api,
    jti: Jti,
    decision: &mut Map<String, Value>,
) -> Result<(), Problem> {
    let found = credential(&api.broker, jti).await;
    let found = found.map_err(|flaw| Problem::new(Code::Unavailable, flaw.to_string()))?;
    decision.insert("credential".into(), view(&found));
    let why = [
        ("error_description", found.description),
        ("detail", found.detail),
    ];
    for (name, text) in why {
        if let Some(text) = text {
            decision.insert(name.into(), json!(text));
        }
    }
    Ok(())
}

fn view(found: &CredentialShown) -> Value {
    let revocation = found.revocation.map(|revocation| match revocation {
        RevocationShown::Pending => "pending",
        RevocationShown::Ended(VendorRevocation::Done) => "done",
        RevocationShown::Ended(VendorRevocation::Failed) => "failed",
    });
    json!({
        "state": found.state, "expires_at": found.expires_s.map(times::shown_s),
        "fingerprint": found.fingerprint, "vendor_request_id": found.vendor_request_id,
        "revocation": revocation,
    })
}
