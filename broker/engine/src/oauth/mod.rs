//! Who asks (contract §11): the form, client authentication, rates, and what of
//! it may wait.

pub mod asking;
pub mod basic;
pub mod client_auth;
pub(crate) mod client_keys;
pub mod form;
pub mod proven;
pub(crate) mod rate;
pub(crate) mod refused;
pub mod waiting;
