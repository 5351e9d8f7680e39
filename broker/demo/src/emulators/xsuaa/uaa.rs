//! What the emulated UAA knows.

use super::super::super::targets::locum_keys::LocumKeys;
use super::super::super::{Addresses, Ambient};
use super::super::accounts::EmulatorAccounts;
use super::super::busy::Busy;
use super::super::live::LiveTable;
use super::super::vendor::{SAP_BTP_LIFETIME, XSAPPNAME};
use locum_tokens::keys::SigningKey;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The subaccount's tenant, as in `x-zid`.
pub(super) const ZONE: &str = "a09a3440-1da8-4082-a89c-3cce186a9b6c";
/// What the application declares in its `xs-security.json`, behind its name.
pub(super) const SCOPES: [&str; 2] = ["Invoice.Read", "Invoice.Post"];
/// Longest life of an assertion whose id is remembered, in seconds.
const ASSERTION_S: u64 = 3_600;

/// The authorization server.
pub(super) struct Uaa {
    /// Its address.
    pub(super) base: String,
    /// The issuer of the provider that is trusted here: Locum.
    pub(super) provider: String,
    /// That provider's keys.
    pub(super) provider_keys: LocumKeys,
    /// Its accounts.
    pub(super) accounts: Arc<EmulatorAccounts>,
    /// What it issued.
    pub(super) tokens: LiveTable<Arc<UaaToken>>,
    /// Assertions that were used.
    pub(super) used: LiveTable<()>,
    /// Signs tokens of format `jwt`; made when the first is asked for.
    pub(super) key: OnceCell<SigningKey>,
    /// Whether it answers 429.
    pub(super) busy: Busy,
    /// Time and randomness.
    pub(super) ambient: Ambient,
}

/// What a token stands for.
pub(super) struct UaaToken {
    /// The person; `None` where a client acts for itself.
    pub(super) user: Option<String>,
    /// The client it was issued to.
    pub(super) client_id: String,
    /// Granted scopes, with the application's name before each.
    pub(super) scope: Vec<String>,
    /// Who acted, as the assertion said.
    pub(super) act: Option<Value>,
    /// Id of the assertion.
    pub(super) assertion: Option<String>,
    /// Whether it is opaque, and so can be revoked.
    pub(super) opaque: bool,
}

impl Uaa {
    /// One that has issued nothing yet.
    pub(super) fn new(
        accounts: &Arc<EmulatorAccounts>,
        at: &Addresses,
        ambient: &Ambient,
        (provider_keys, busy): (LocumKeys, Busy),
    ) -> Self {
        Self {
            base: at.emulators.sap_btp.clone(),
            provider: at.issuer.clone(),
            provider_keys,
            accounts: Arc::clone(accounts),
            tokens: LiveTable::new(SAP_BTP_LIFETIME),
            used: LiveTable::new(ASSERTION_S),
            key: OnceCell::new(),
            busy,
            ambient: ambient.clone(),
        }
    }

    /// Unix seconds.
    pub(super) fn now_s(&self) -> u64 {
        (self.ambient.now)()
    }
}

/// Every scope of the application, as UAA writes it.
pub(super) fn all_scopes() -> Vec<String> {
    let full = |scope: &&str| format!("{XSAPPNAME}.{scope}");
    SCOPES.iter().map(full).collect()
}
