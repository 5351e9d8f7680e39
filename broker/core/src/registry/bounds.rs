//! Bounds on what operators declare, and names that are Locum's.

/// Names that no operator may take: they mean Locum itself.
pub const RESERVED_IDS: [&str; 1] = ["locum"];
/// The id that no new issuer may take besides: it means accounts of Locum's own.
pub(super) const LOCAL: &str = "local";
/// Most entries of any list an operator declares.
pub const LIST_MAX: usize = 256;
/// Longest free text an operator declares (names, reasons), in bytes.
pub const TEXT_MAX: usize = 500;
