//! The credential is obtained under a recorded permit, before anything is
//! answered (architecture, "One exchange", step 9).

use crate::broker::Broker;
use locum_connectors::{ConnectorFault, IssuedCredential, Signer, issue};
use locum_core::decide::{Permit, Recorded};
use locum_core::secret::Secret;
use locum_tokens::keys::SigningKey;
use serde_json::Value;
use std::sync::Arc;

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

/// Obtains it as the target's connector does. `issue` signs, and asks nobody.
///
/// # Errors
/// [`ConnectorFault`]: nothing was obtained, and its caller records that.
pub(crate) async fn obtain(
    broker: &Broker,
    permit: &Recorded<Permit>,
) -> Result<IssuedCredential, ConnectorFault> {
    signed(broker, permit)
}

/// Signs with the key in use, and anew with another where that took over
/// meanwhile: what a key signs that was just revoked is dead.
fn signed(broker: &Broker, permit: &Recorded<Permit>) -> Result<IssuedCredential, ConnectorFault> {
    let in_use = || broker.keyring.signer(permit.alg());
    let nothing = || ConnectorFault {
        detail: "no key of the target's algorithm".into(),
    };
    let mut signer = in_use().ok_or_else(nothing)?;
    loop {
        let credential = issue(permit, &KeySigner(signer.clone()))?;
        let now = in_use().ok_or_else(nothing)?;
        if now.kid() == signer.kid() {
            return Ok(credential);
        }
        signer = now;
    }
}
