//! What a connector needs beside data: upstream secrets, and signatures.

use crate::broker::Broker;
use crate::upstream_secrets::{NoSecret, OpenSecret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use locum_connectors::{Aid, Certificate, KeyOf, Prepared, Sending, Trouble};
use locum_core::ids::SecretName;
use locum_core::registry::Downstream;
use locum_core::secret::Secret;
use locum_core::token::Alg;
use locum_outgoing::ClientIdentity;
use serde_json::Value;
use std::sync::Arc;

/// For one connector: a secret that is bound to other origins is none.
pub(super) struct For<'a> {
    pub(super) broker: &'a Broker,
    pub(super) connector: &'a Downstream,
    /// The refresh token whose turn it is: that value, whatever is put meanwhile.
    pub(super) kept: Option<(&'a SecretName, &'a Arc<OpenSecret>)>,
}

fn unable(flaw: &NoSecret, name: &SecretName) -> Trouble {
    Trouble::Unable {
        detail: format!("{name}: {flaw}"),
    }
}

impl For<'_> {
    pub(super) fn open(&self, name: &SecretName) -> Result<Arc<OpenSecret>, Trouble> {
        if let Some((_, open)) = self.kept.filter(|(kept, _)| *kept == name) {
            return Ok(open.clone());
        }
        let opened = self.broker.upstream.for_connector(name, self.connector);
        opened.map_err(|flaw| unable(&flaw, name))
    }

    /// By what the connection proves itself, where that is asked for.
    pub(super) fn identity(&self, sending: &Sending) -> Result<Option<ClientIdentity>, Trouble> {
        let read = |name: &SecretName| {
            let open = self.open(name)?;
            ClientIdentity::from_pem(open.value.text()).map_err(|flaw| Trouble::Unable {
                detail: format!("{name}: {flaw}"),
            })
        };
        sending.identity.as_ref().map(read).transpose()
    }

    /// Whether a text that the vendor said has a secret in it that it was shown.
    pub(super) fn is_told(&self, prepared: &Prepared, text: &str) -> bool {
        // Of a vault one is shown alone.
        let kept = |name: &SecretName| self.kept.is_none_or(|(kept, _)| kept == name);
        let shown = prepared.secrets().iter();
        let mut shown = shown.filter(|used| !used.is_of_vault() || kept(&used.name));
        shown.any(|used| {
            let open = self.open(&used.name);
            open.is_ok_and(|open| text.contains(open.value.text().expose().as_str()))
        })
    }
}

impl Aid for For<'_> {
    fn secret(&self, name: &SecretName) -> Result<Arc<Secret<Vec<u8>>>, Trouble> {
        let open = self.open(name)?;
        // A private key never leaves, whatever a target makes of it.
        if open.value.pem().is_some() {
            return Err(Trouble::Unable {
                detail: format!("{name}: expected a text, found PEM"),
            });
        }
        let value = open.value.text().expose().clone().into_bytes();
        Ok(Arc::new(Secret::new(value)))
    }

    fn sign_jwt(
        &self,
        key: KeyOf<'_>,
        typ: &str,
        claims: &Value,
    ) -> Result<Secret<String>, Trouble> {
        let signed = match key {
            KeyOf::Ours => {
                let signer = self.broker.keyring.signer(Alg::RS256);
                let signer = signer.ok_or_else(|| Trouble::Unable {
                    detail: "no published key of RS256".into(),
                })?;
                signer.sign(typ, claims).map_err(|e| Trouble::Unable {
                    detail: e.to_string(),
                })?
            }
            KeyOf::Named(name) => {
                let open = self.open(name)?;
                let kid = open.value.pem().and_then(|pem| pem.certificate());
                let kid = kid.map(|found| URL_SAFE_NO_PAD.encode(found.sha256()));
                open.sign_jwt_rs256(typ, kid.as_deref(), claims)
                    .map_err(|flaw| unable(&flaw, name))?
            }
        };
        Ok(Secret::new(signed))
    }

    fn sign_rsa_sha256(&self, key: &SecretName, text: &[u8]) -> Result<Vec<u8>, Trouble> {
        let signed = self.open(key)?.sign_rsa_sha256(text);
        signed.map_err(|flaw| unable(&flaw, key))
    }

    fn certificate(&self, key: &SecretName) -> Result<Certificate, Trouble> {
        let open = self.open(key)?;
        let found = open.value.pem().and_then(|pem| pem.certificate());
        let found = found.ok_or_else(|| Trouble::Unable {
            detail: format!("{key}: expected a certificate beside the key, found none"),
        })?;
        Ok(Certificate {
            der: found.der().to_vec(),
            common_name: found.common_name().map(str::to_owned),
        })
    }
}
