//! What operators declare: agents, clients, targets, issuers and grants, in the
//! shapes of contract §12, with the checks that need no look outside.

mod agent;
mod agent_problems;
mod catalogue;
mod client;
mod grant;
mod issuer;
mod live_grants;
mod past;
mod problem;
mod references;
mod registry_set;
pub mod replace;
mod snapshot;
mod target;

pub use agent::{
    Agent, AgentSpec, AuthMethod, CeilingEntry, Certification, DRAFTS_MAX, LIFETIME_MAX, Owner,
    OwnerKind, Status, Version, VersionState, Workload, WrongState,
};
pub use catalogue::ScopeDeclaration;
pub use client::{Client, ClientKind, ClientSpec};
pub use grant::{Grant, GrantSpec, GrantState, GrantTarget, GrantView, KeptLineage};
pub use issuer::{Issuer, IssuerKind, IssuerRole, IssuerSpec};
pub use past::{FORMER_BYTES_MAX, FORMER_MAX, Past};
pub use problem::{Problem, Problems};
pub use references::Reference;
pub use registry_set::Registry;
pub use snapshot::{Addressed, Snapshot};
pub use target::{Connector, ConnectorKind, Delivery, Target, TargetSpec, is_resource, parse_pair};

/// Names that no operator may take: they mean Locum itself.
pub const RESERVED_IDS: [&str; 1] = ["locum"];
/// The id that no new issuer may take besides: it means accounts of Locum's own.
const LOCAL: &str = "local";
/// Most entries of any list an operator declares.
pub const LIST_MAX: usize = 256;
/// Longest free text an operator declares (names, reasons), in bytes.
pub const TEXT_MAX: usize = 500;
