//! Calls to others, made with care: only addresses that may be reached, no
//! redirects, no proxies, bounded in size and time.

mod address;
mod allowed;
mod authorities;
mod body;
mod cidr;
mod client;
mod downstream;
mod fetch;
mod flaw;
mod lifetime;
mod peer;
mod resolve;

pub use allowed::{Allowed, AllowedFlaw};
pub use authorities::Authorities;
pub use cidr::{Cidr, CidrFlaw};
pub use downstream::{
    BreakerState, CallFlaw, ClientIdentity, Downstream, DownstreamBounds, FlawKind, RetryAfter,
    Sent, TargetState,
};
pub use fetch::{Document, FetchBounds, Fetcher};
pub use flaw::FetchFlaw;
pub use peer::PeerClient;
pub use resolve::{Looking, Lookup, System};
