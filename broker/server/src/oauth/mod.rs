//! The OAuth endpoints.

pub(crate) mod answer;
pub(crate) mod introspect;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod too_large;
