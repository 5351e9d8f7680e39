//! Signs the receipt of a credential that does not say who acts for whom
//! (contract §15, "Receipts").

use crate::broker::Broker;
use crate::keyring::Series;
use crate::times;
use crate::vendors::Asked;
use locum_core::decide::{Obtained, RECEIPT_TYP, ReceiptFrame, Recorded};
use locum_core::refusal::{Code, Refusal};
use locum_core::secret::Secret;

/// The receipt; `None` where the credential says it itself. Only what is on record
/// has one.
///
/// # Errors
/// What is answered where it cannot be signed: no credential leaves without it.
pub(super) fn of(
    broker: &Broker,
    asked: &Asked,
    recorded: &Recorded<Obtained>,
) -> Result<Option<Secret<String>>, Refusal> {
    if asked.prepared.carries_chain() {
        return Ok(None);
    }
    let claims = recorded.receipt(&ReceiptFrame {
        issuer: &broker.issuer,
        now_s: broker.records.clock.now_s(),
        expires_at: times::shown(recorded.permit().ends_s().saturating_mul(1_000)),
        credential: asked.obtained.secret.expose(),
        keys: &broker.records.names,
    });
    let signer = broker.keyring.signer_of(Series::RECEIPTS);
    let signer = signer.ok_or_else(|| fault("no key of receipts".into()))?;
    let signed = signer.sign(RECEIPT_TYP, &claims);
    let signed = signed.map_err(|flaw| fault(flaw.to_string()))?;
    Ok(Some(Secret::new(signed)))
}

fn fault(detail: String) -> Refusal {
    tracing::error!(detail, "a receipt was not signed");
    let text = "expected the receipt to be signed, found a fault of our own; report the request id to the operator";
    Refusal::new(Code::Internal, text).because(detail)
}
