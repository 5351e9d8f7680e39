//! What every listener needs: connections, request ids, the host that a request
//! names, limits. It knows that there is HTTP, and no endpoint.

mod arrival;
mod body_tracking;
mod connection_table;
mod connections;
mod front;
mod host;

pub use arrival::Arrival;
pub use connection_table::{Figures, figures};
pub use connections::{Limits, serve, serve_with};
pub use front::{Front, in_front};
pub use host::guard;
