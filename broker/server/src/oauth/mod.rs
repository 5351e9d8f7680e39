//! What the OAuth endpoints share: the form, client authentication, refusals
//! as answers.

pub(crate) mod answer;
pub(crate) mod basic;
pub(crate) mod client_auth;
pub(crate) mod client_keys;
pub(crate) mod endpoint;
pub(crate) mod form;
pub(crate) mod rate;
pub(crate) mod too_large;
pub(crate) mod waiting;
