//! What only tests and fuzz targets call: orders that no permit stands behind,
//! and courses that wait for a vendor's bytes.

use crate::aid::{Aid, Certificate, KeyOf};
use crate::course::Course;
use crate::order::{Order, Who};
use crate::prepare::prepare;
use crate::trouble::Trouble;
use locum_core::ids::SecretName;
use locum_core::party::{ExternalId, Subject};
use locum_core::registry::Connector;
use locum_core::scope::Scope;
use locum_core::secret::Secret;
use serde_json::Value;
use std::sync::Arc;

/// What an order says.
pub struct OrderOf<'a> {
    /// Locum's issuer.
    pub issuer: &'a str,
    /// Unix seconds.
    pub now_s: u64,
    /// Seconds that the permit lasts.
    pub lifetime_s: u32,
    /// What was granted.
    pub scope: Scope,
    /// The delegation's id.
    pub delegation: &'a str,
    /// The acting agent's id.
    pub agent: &'a str,
    /// On whose behalf.
    pub subject: Subject,
    /// The whole chain.
    pub act: Option<Value>,
    /// The account to ask with.
    pub account: Option<usize>,
}

/// An order that no permit stands behind.
#[must_use]
pub fn order(of: OrderOf<'_>) -> Order<'_> {
    Order {
        issuer: of.issuer,
        now_s: of.now_s,
        lifetime_s: of.lifetime_s,
        scope: of.scope,
        delegation: of.delegation.to_owned(),
        agent: of.agent.to_owned(),
        who: Who::of(&of.subject),
        act: of.act,
        account: of.account,
    }
}

/// Signs and proves with fixed texts.
struct Fixed;

impl Aid for Fixed {
    fn secret(&self, _: &SecretName) -> Result<Arc<Secret<Vec<u8>>>, Trouble> {
        Ok(Arc::new(Secret::new(b"secret".to_vec())))
    }

    fn sign_jwt(&self, _: KeyOf<'_>, _: &str, _: &Value) -> Result<Secret<String>, Trouble> {
        Ok(Secret::new("assertion".to_owned()))
    }

    fn sign_rsa_sha256(&self, _: &SecretName, _: &[u8]) -> Result<Vec<u8>, Trouble> {
        Ok(b"signature".to_vec())
    }

    fn certificate(&self, _: &SecretName) -> Result<Certificate, Trouble> {
        Ok(Certificate {
            der: b"certificate".to_vec(),
            common_name: Some("locum".to_owned()),
        })
    }
}

/// A course of the connector, for the scopes `a b`, that waits for its first
/// reply; `None` where the connector has a flaw.
#[must_use]
pub fn course(connector: Value) -> Option<Course> {
    let connector: Connector = serde_json::from_value(connector).ok()?;
    let scope = Scope::parse("a b").ok()?;
    let prepared = prepare(connector.downstream()?, &scope, false).ok()?;
    let order = order(OrderOf {
        issuer: "https://locum.example",
        now_s: 1_795_400_000,
        lifetime_s: 300,
        scope,
        delegation: "dlg_1",
        agent: "agent",
        subject: Subject::Person(ExternalId::parse("demo:ada")?),
        act: None,
        account: None,
    });
    let (course, _) = prepared.begin(&order, &Fixed).ok()?;
    Some(course)
}
