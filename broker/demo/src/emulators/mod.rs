//! Emulators of real systems (contract §3): each answers its vendor's own clients
//! as the vendor does, as far as getting, using and ending a credential goes, and
//! has a few resources that show whom and what a credential stands for. Each is
//! an origin of its own, since vendors' clients insist on paths from the root.

mod accounts;
mod busy;
mod each;
mod live;
mod oauth;
mod panos;
mod vendor;
mod workday;
mod xsuaa;

pub use accounts::{AccountsFlaw, AdminAccount, ApiClientAccount, EmulatorAccounts, OAuthAccount};
pub use each::PerEmulator;
pub use vendor::{Emulated, emulated};

use super::form::BODY_MAX;
use super::targets::locum_keys::LocumKeys;
use super::{Addresses, Ambient};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use std::sync::Arc;

/// Why the emulators cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorFlaw {
    /// No HTTP client.
    #[error("cannot set up an HTTP client: {0}")]
    Http(#[from] reqwest::Error),
    /// An account's certificate is no use.
    #[error("expected an RSA certificate for the API client `{client}`, found something else")]
    Certificate {
        /// Name of the client.
        client: String,
    },
}

/// Everything the emulators answer.
///
/// # Errors
/// [`EmulatorFlaw`].
pub(crate) fn routers(
    accounts: &Arc<EmulatorAccounts>,
    at: &Addresses,
    ambient: &Ambient,
) -> Result<PerEmulator<Router>, EmulatorFlaw> {
    let http = super::targets::outgoing::client(at)?;
    let keys = LocumKeys::new(http, &at.issuer, ambient.clone());
    let all = PerEmulator {
        sap_btp: xsuaa::router(accounts, at, ambient, keys),
        workday_hr: workday::router(accounts, ambient)?,
        panorama: panos::router(accounts, ambient),
    };
    Ok(all.map(|router| router.layer(DefaultBodyLimit::max(BODY_MAX))))
}

#[cfg(test)]
mod tests;
