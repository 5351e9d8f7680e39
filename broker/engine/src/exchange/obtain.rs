//! The credential is obtained under a recorded permit, before anything is
//! answered (architecture, "One exchange", step 9).

use super::receipt;
use super::record::{self, NotIssued};
use super::request::Request;
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use crate::vendors::{self, Asked, NotHandedOut};
use locum_connectors::{ConnectorFault, Present, Signer, issue};
use locum_core::decide::{HandedOut, Obtained, Permit, Recorded};
use locum_core::secret::Secret;
use locum_tokens::keys::SigningKey;
use serde_json::Value;
use std::sync::Arc;

/// A credential as it is answered.
pub struct Credential {
    /// The credential.
    pub secret: Secret<String>,
    /// Seconds until it ends: by itself, or because Locum revokes it then; `None`:
    /// nobody knows.
    pub expires_in: Option<u64>,
    /// What it may do, in our names.
    pub scope: String,
    /// How it is presented.
    pub present: Present,
    /// The signed statement of the decision, where the credential does not say who
    /// acts for whom.
    pub receipt: Option<Secret<String>>,
}

struct KeySigner(Arc<SigningKey>);

impl Signer for KeySigner {
    fn sign(&self, typ: &str, claims: &Value) -> Result<Secret<String>, ConnectorFault> {
        self.0
            .sign(typ, claims)
            .map(Secret::new)
            .map_err(|e| ConnectorFault {
                detail: e.to_string(),
            })
    }
}

/// Obtains it as the target's connector does. `issue` signs, and asks nobody;
/// every other asks the vendor, and what comes of that has a record of its own.
///
/// # Errors
/// What is answered instead, on the record.
pub(crate) async fn obtain(
    request: &Request<'_>,
    permit: Recorded<Permit>,
) -> Result<(Recorded<Obtained>, Credential), NotIssued> {
    if permit.handout().is_some() {
        return from_vendor(request, permit).await;
    }
    let credential = match signed(request.broker, &permit) {
        Ok(credential) => credential,
        Err(fault) => return Err(record::not_obtained(request, permit, &fault).await),
    };
    let obtained = permit.signed().ok_or_else(|| {
        NotIssued::Fault(Unavailable("expected a permit that Locum signs for".into()))
    })?;
    Ok((obtained, credential))
}

/// Signs with the key in use, and anew with another where that took over
/// meanwhile: what a key signs that was just revoked is dead.
fn signed(broker: &Broker, permit: &Recorded<Permit>) -> Result<Credential, ConnectorFault> {
    let in_use = || broker.keyring.signer(permit.alg());
    let nothing = || ConnectorFault {
        detail: "no key of the target's algorithm".into(),
    };
    let mut signer = in_use().ok_or_else(nothing)?;
    loop {
        let issued = issue(permit, &KeySigner(signer.clone()))?;
        let now = in_use().ok_or_else(nothing)?;
        if now.kid() == signer.kid() {
            return Ok(Credential {
                secret: issued.secret,
                expires_in: Some(issued.expires_in.into()),
                scope: permit.scope().to_owned(),
                present: Present::Bearer,
                receipt: None,
            });
        }
        signer = now;
    }
}

/// Seconds for which a credential is known at least, so that no other node hands it out:
/// by then it is known from the records of this one.
const ONCE_S: u64 = 3_600;

/// Asks the vendor, records what came of it, and looks once more at what the
/// credential descends from: what fell meanwhile is not handed out.
async fn from_vendor(
    request: &Request<'_>,
    permit: Recorded<Permit>,
) -> Result<(Recorded<Obtained>, Credential), NotIssued> {
    let broker = request.broker;
    let asked = match vendors::ask(broker, &permit, &|permit| record::fallen(request, permit)).await
    {
        Ok(asked) => asked,
        Err(no) => return Err(record::not_handed_out(request, permit, no).await),
    };
    let print = vendors::fingerprint(broker, &asked.obtained.secret);
    let arriving = {
        let state = broker.records.state.read();
        broker.vendors.arriving(&state, print)
    };
    let now_s = broker.records.clock.now_s();
    let life_s = asked.obtained.expires_in.unwrap_or(ONCE_S).max(ONCE_S);
    let until_s = now_s.saturating_add(life_s);
    let once = broker.records.claims.once(print, until_s, now_s).await;
    // Where nobody knows whether another node handed it out, it is not handed out.
    let first = matches!(once, Ok(true));
    let Some(_arriving) = arriving.filter(|_| first) else {
        return Err(record::not_handed_out(request, permit, NotHandedOut::twice()).await);
    };
    let handle = asked.obtained.handle.as_ref();
    let handle = handle.map(|handle| vendors::seal(broker, permit.jti(), handle));
    let handed = HandedOut {
        expires_s: asked
            .obtained
            .expires_in
            .map(|life_s| broker.records.clock.now_s().saturating_add(life_s)),
        fingerprint: print,
        vendor_request_id: asked.obtained.vendor_request_id.clone(),
        handle: handle.transpose().map_err(NotIssued::Fault)?,
    };
    let recorded = record::outcome(request, permit.obtained(handed)).await?;
    // What can be revoked and lives too long did not come this far.
    let fell = vendors::too_long(recorded.permit(), &asked.obtained, &asked.prepared);
    if let Some(refusal) = fell.or_else(|| record::fallen(request, recorded.permit())) {
        broker.vendors.stirred.notify_one();
        return Err(record::refusal(request, recorded.overtaken(refusal)).await);
    }
    let receipt = match receipt::of(broker, &asked, &recorded) {
        Ok(receipt) => receipt,
        Err(refusal) => {
            broker.vendors.stirred.notify_one();
            return Err(record::refusal(request, recorded.overtaken(refusal)).await);
        }
    };
    let credential = Credential {
        receipt,
        expires_in: expires_in(&asked, recorded.permit()),
        scope: asked.obtained.scope.to_string(),
        present: asked.obtained.present,
        secret: asked.obtained.secret,
    };
    Ok((recorded, credential))
}

/// When it ends: by itself, or at the permit's end where Locum revokes it then.
fn expires_in(asked: &Asked, permit: &Permit) -> Option<u64> {
    let by_permit = u64::from(permit.lifetime());
    let revoked = asked.obtained.handle.is_some();
    match asked.obtained.expires_in {
        Some(life_s) if life_s <= by_permit || !revoked => Some(life_s),
        Some(_) => Some(by_permit),
        None => revoked.then_some(by_permit),
    }
}
