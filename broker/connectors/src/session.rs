//! A login of the vendor's own.

pub(crate) mod checkpoint;
pub(crate) mod panos;
