//! A client that proved itself.

use locum_core::decide::SeenMark;
use locum_core::proof::{Authenticated, Caller};
use locum_stores::claims::Mark;

/// A client that proved itself in this request.
pub struct Proven {
    /// The client.
    pub client: Authenticated<Caller>,
    /// The replay mark taken, if its proof is single-use.
    pub mark: Option<Mark>,
    /// For a proof that came ahead of our clock and may come again.
    pub(crate) seen: Option<SeenMark>,
}
