//! Cedar: load, validate and hash a bundle; facts to question to answer
//! (contract §13).
//!
//! [`Bundle::load`] takes the texts of all files and gives back a bundle that
//! was checked whole, or every flaw found. The bundle answers through
//! [`locum_core::policy::PolicyCheck`].

mod annotations;
mod answer;
mod bundle;
mod conditions;
mod expression;
mod flaw;
mod mentions;
mod parse;
mod request;
mod slices;
mod statements;
mod told;
mod vocabulary;

pub use bundle::{Bundle, POLICIES_MAX, TEXT_MAX};
pub use flaw::{FLAWS_MAX, PolicyFlaw};
pub use statements::{NESTING_MAX, OPERATORS_MAX};
pub use vocabulary::SCHEMA;

#[cfg(test)]
mod tests;
