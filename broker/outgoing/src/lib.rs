//! Calls to others, made with care: only addresses that may be reached, no
//! redirects, no proxies, bounded in size and time.

mod address;
mod authorities;
mod body;
mod cidr;
mod client;
mod fetch;
mod flaw;
mod lifetime;
mod resolve;

pub use authorities::Authorities;
pub use cidr::{Cidr, CidrFlaw};
pub use fetch::{Document, FetchBounds, Fetcher};
pub use flaw::FetchFlaw;
pub use resolve::{Looking, Lookup, System};
