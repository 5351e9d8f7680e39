//! What operators declare: agents, clients, targets, issuers and grants, in the
//! shapes of contract §12, with the checks that need no look outside.

mod agent;
mod agent_problems;
mod bounds;
mod catalogue;
mod client;
mod connector;
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
mod upstream_secret;

pub use agent::{
    Agent, AgentSpec, AuthMethod, CeilingEntry, Certification, DRAFTS_MAX, LIFETIME_MAX, Owner,
    OwnerKind, Status, Version, VersionState, Workload, WrongState,
};
pub use bounds::{LIST_MAX, RESERVED_IDS, TEXT_MAX};
pub use catalogue::ScopeDeclaration;
pub use client::{Client, ClientKind, ClientSpec};
pub use connector::{Connector, ConnectorKind, Downstream};
pub use grant::{Grant, GrantSpec, GrantState, GrantTarget, GrantView, KeptLineage};
pub use issuer::{Issuer, IssuerKind, IssuerRole, IssuerSpec, TOKEN_AGE_MAX_S};
pub use past::{FORMER_BYTES_MAX, FORMER_MAX, Past};
pub use problem::{FieldProblem, Problems};
pub use references::Reference;
pub use registry_set::Registry;
pub use snapshot::{Addressed, Snapshot};
pub use target::{AcceptOverhang, Delivery, Target, TargetSpec, is_resource, parse_pair};
pub use upstream_secret::{NamedSecret, UpstreamSecret};
