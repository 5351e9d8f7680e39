//! `authorization_details` (RFC 9396): the types a target declares, and narrowing.
//!
//! A list is only ever read from JSON or made by [`narrow`]; nothing widens one.

mod catalogue;
mod cidr;
mod compare;
mod decimal;
mod flaw;
mod listed;
mod members;
mod narrow;
mod nearest;
mod object;
mod path;
mod remaining;
mod span;
#[cfg(test)]
mod tests;
mod value;

pub use catalogue::Catalogue;
pub use flaw::DetailsFlaw;
pub use listed::{Limit, Listed};
pub use narrow::{Enclosing, flaw, narrow, narrowed};
pub use object::{Detail, Details, OBJECT_LIMIT};
pub use remaining::{DeclaredLimits, Remaining, gone};
