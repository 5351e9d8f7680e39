//! The admin API `/admin/v1` (contract §12): what every route shares, and one
//! file for each kind of object.
//!
//! A handler takes a [`call::Call`] and answers `Result<Answer, Problem>`.
//! Reading is free to every role; a handler that writes starts with
//! [`call::Call::require`] and ends in [`call::Call::write`]. The routes stand in
//! `server/router.rs`.

pub mod agents;
mod answer;
mod api;
pub mod archive;
pub mod backup;
mod call;
pub mod clients;
pub mod credentials;
pub mod decisions;
pub mod grants;
mod guard;
pub mod issuers;
pub mod keys;
pub mod locks;
pub mod nodes;
pub mod openapi;
mod page;
mod past;
pub mod policies;
mod problem;
pub mod profiles;
mod read;
pub mod reload;
pub mod revocations;
pub mod secrets;
pub mod targets;
mod times;
pub mod upstream_secrets;
mod write;

pub use answer::Answer;
pub use api::{Api, Bootstrap, Managed, Objects, Reload, guarded};
pub use call::Call;
pub use openapi::schemas;
pub use problem::Problem;
