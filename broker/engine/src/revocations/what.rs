//! What a revocation or a lock names: its form, and that it exists where it is
//! something registered.

use locum_core::ids::{
    AgentId, ClientId, DelegationId, GrantId, IssuerId, Jti, TargetId, VersionId,
};
use locum_core::lineage::{LineageKind, What};
use locum_core::party::ExternalId;
use locum_core::registry::{Registry, TEXT_MAX};

/// Longest name of a person, a session or a key, in bytes.
const NAME_MAX: usize = 512;

/// Why nothing is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unnamed {
    /// The id is not of its kind's form: HTTP 422. What was expected.
    Form(&'static str),
    /// Nothing registered has that id: HTTP 404.
    Unknown,
}

/// Checks what is named. People, owners, sessions, keys and tokens need not be
/// known: what is stopped may not have shown itself yet.
///
/// # Errors
/// [`Unnamed`].
pub fn check(what: &What, registry: &Registry) -> Result<(), Unnamed> {
    let id = what.id.as_str();
    match what.kind {
        LineageKind::Token => form(
            Jti::parse(id).is_ok(),
            "expected the 26 characters of a `jti`",
        ),
        LineageKind::Delegation => form(
            DelegationId::parse(id).is_ok(),
            "expected `dlg_` and 26 characters",
        ),
        LineageKind::Grant => {
            let grant = GrantId::parse(id).ok();
            form(grant.is_some(), "expected `grt_` and 26 characters")?;
            known(grant.is_some_and(|id| registry.grant(id).is_some()))
        }
        LineageKind::AgentVersion => {
            let version = VersionId::parse(id).ok();
            form(version.is_some(), "expected `ver_` and 26 characters")?;
            known(version.is_some_and(|id| registry.knows_version(id)))
        }
        LineageKind::Agent => {
            form(AgentId::parse(id).is_ok(), "expected an agent's id")?;
            known(registry.agent(id).is_some())
        }
        LineageKind::Client => {
            form(ClientId::parse(id).is_ok(), "expected a client's id")?;
            known(registry.client_id_taken(id))
        }
        LineageKind::Target => {
            form(TargetId::parse(id).is_ok(), "expected a target's id")?;
            known(registry.target(id).is_some())
        }
        LineageKind::Issuer => {
            form(IssuerId::parse(id).is_ok(), "expected an issuer's id")?;
            known(registry.issuer(id).is_some())
        }
        LineageKind::Person => form(foreign(id), "expected `<issuer id>:<sub>`"),
        LineageKind::Session => form(foreign(id), "expected `<issuer id>:<sid>`"),
        LineageKind::Key => form(foreign(id), "expected `<issuer id>:<kid>` or `locum:<kid>`"),
        LineageKind::Owner => form(
            !id.is_empty() && id.len() <= TEXT_MAX && plain(id),
            "expected an owner's id",
        ),
        LineageKind::All => form(id.is_empty(), "expected no id, since everything is named"),
    }
}

const fn form(holds: bool, expected: &'static str) -> Result<(), Unnamed> {
    if holds {
        Ok(())
    } else {
        Err(Unnamed::Form(expected))
    }
}

const fn known(holds: bool) -> Result<(), Unnamed> {
    if holds { Ok(()) } else { Err(Unnamed::Unknown) }
}

fn foreign(id: &str) -> bool {
    id.len() <= NAME_MAX && plain(id) && ExternalId::parse(id).is_some()
}

fn plain(id: &str) -> bool {
    !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
