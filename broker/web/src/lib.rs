//! What every listener needs: connections, request ids, the host that a request
//! names, limits, TLS, the shape of a refusal. It knows that there is HTTP, and no endpoint.

mod arrival;
mod body_tracking;
mod connection_table;
mod connections;
mod front;
mod host;
mod open;
pub mod refusal;
pub mod tls;
mod told;

pub use arrival::Arrival;
pub use connection_table::{Figures, figures};
pub use connections::{ConnectionLimits, serve, serve_with};
pub use front::{Front, in_front};
pub use host::guard;
pub use open::open;
pub use told::told_as_refusals;
