//! What only tests and fuzz targets call: orders that no permit stands behind,
//! and the readers of vendors' bytes.

use crate::order::{Order, Who};
use crate::wire::{json, xml};
use locum_core::party::Subject;
use locum_core::scope::Scope;
use serde_json::Value;

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

/// Whether the reader of answers in JSON takes the bytes.
#[must_use]
pub fn reads_json(bytes: &[u8]) -> bool {
    json::Members::read(bytes).is_ok()
}

/// Whether the reader of answers in XML takes the bytes.
#[must_use]
pub fn reads_xml(bytes: &[u8]) -> bool {
    xml::read(bytes).is_ok()
}
