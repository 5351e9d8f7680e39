//! Which vendors may be reached (contract §15, "Upstream secrets").

use locum_outgoing::{Allowed, DownstreamBounds};
use std::path::PathBuf;

/// Which vendors may be reached, and who vouches for them. By default nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VendorSettings {
    /// All that is reached, over TLS.
    pub allow: Vec<Allowed>,
    /// Certificates of further authorities, PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether this machine is reached without TLS too, where `allow` has it: in
    /// `dev`.
    pub plain_to_loopback: bool,
}

/// The key of the configuration that names the file of authorities.
pub const CA_FILE: &str = "downstream.ca_file";

impl VendorSettings {
    pub(super) fn bounds(&self) -> DownstreamBounds {
        DownstreamBounds {
            allow: self.allow.clone(),
            plain_to_loopback: self.plain_to_loopback,
        }
    }
}
