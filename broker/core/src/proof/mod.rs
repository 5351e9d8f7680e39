//! What was proven: the client, the actor and the subject, each made only from
//! evidence (a verified token, a matching secret, a live grant).

pub(crate) mod actor;
mod client;
mod foreign;
mod own_subject;
pub(crate) mod subject;

pub use actor::{ActorFrom, ActorProof, Ours};
pub use client::{Authenticated, Caller, SecretCheck};
pub use own_subject::{Parent, Recall, mismatch};
pub use subject::{MayAct, Origin, Seen, SubjectProof};

#[cfg(test)]
mod tests;
