//! What is written to vendors, and read from them.

pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod text;
pub(crate) mod xml;

/// Longest answer that is read, in bytes (contract §15).
pub(crate) const ANSWER_MAX: usize = 262_144;
