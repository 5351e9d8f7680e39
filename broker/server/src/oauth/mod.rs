//! The OAuth endpoints.

mod asking;
pub(crate) mod introspect;
pub(crate) mod revoke;
pub(crate) mod token;
