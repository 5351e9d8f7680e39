//! What the token to be issued is for.

use crate::registry::{CeilingEntry, Target};
use std::sync::Arc;

/// What the token is for: nothing but to be an actor token, or a target.
#[derive(Debug, Default)]
pub(super) enum Aim {
    /// An actor token (contract §6, `client_credentials` without a target); also
    /// what holds before the target's rung.
    #[default]
    ActorToken,
    /// A target.
    At(At),
}

/// The target, how it was named, and what the agent may have there.
#[derive(Debug)]
pub(super) struct At {
    pub(super) target: Arc<Target>,
    /// The resource (RFC 8707) by which it was named.
    pub(super) resource: Option<String>,
    pub(super) ceiling: CeilingEntry,
}

impl Aim {
    /// Where it leads, unless it is an actor token.
    pub(super) const fn at(&self) -> Option<&At> {
        match self {
            Self::ActorToken => None,
            Self::At(at) => Some(at),
        }
    }

    /// The target alone.
    pub(super) fn target(&self) -> Option<&Arc<Target>> {
        self.at().map(|at| &at.target)
    }
}
