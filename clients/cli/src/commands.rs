//! The commands, one file each.

use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;

mod agents;
mod clients;
mod collection;
mod decode;
mod doctor;
mod effect;
mod explain;
mod grants;
mod issuers;
mod keys;
mod lock;
mod locks;
mod nodes;
mod policy;
mod revoke;
mod secrets;
mod targets;
mod token;
mod unlock;
mod verify;

use collection::LookArgs;

/// A command of a developer or an operator.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Exchange a person's session and an agent's identity for one narrow token
    Token(Box<token::TokenArgs>),
    /// Take a token apart and show its chain, offline and unverified
    Decode(decode::DecodeArgs),
    /// Check a receipt: who acted for whom, and that the broker says so
    Verify(verify::VerifyArgs),
    /// Kill what was issued, for ever: by what it belongs to, or one own token
    Revoke(revoke::RevokeArgs),
    /// Stop an agent, a person, a target or everything until unlocked
    Lock(lock::LockArgs),
    /// List and show locks, lifted ones as well
    Locks(LookArgs),
    /// Lift a lock: tokens that have not expired live again, but for what a vendor revoked meanwhile
    Unlock(unlock::UnlockArgs),
    /// List and show agents; suspend, resume, retire and release them
    Agents(agents::AgentsArgs),
    /// List and show targets; test whether a target, its secrets and its vendor fit
    Targets(targets::TargetsArgs),
    /// List and show issuers, whose tokens are taken as proof; test their keys
    Issuers(issuers::IssuersArgs),
    /// List and show clients that are no agents: resource servers and presenters
    Clients(LookArgs),
    /// List, show, add and revoke grants, a person's standing delegations
    Grants(grants::GrantsArgs),
    /// List signing keys; rotate and retire them
    Keys(keys::KeysArgs),
    /// List and show upstream secrets, without their values; set and delete them
    Secrets(secrets::SecretsArgs),
    /// Show, check and replace the bundle of policies
    Policy(policy::PolicyArgs),
    /// List the brokers that share a record: which are ready, and which were not heard of
    /// for 3 s
    Nodes(nodes::NodesArgs),
    /// Say why a request was permitted or refused
    Explain(explain::ExplainArgs),
    /// Check the broker and its surroundings, one line a check; exits with 4 where one
    /// fails, and with 0 where some only warn
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// The command's name, as `meta.command` of the envelope.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Decode(_) => "decode",
            Self::Verify(_) => "verify",
            Self::Revoke(_) => "revoke",
            Self::Lock(_) => "lock",
            Self::Locks(_) => "locks",
            Self::Unlock(_) => "unlock",
            Self::Agents(_) => "agents",
            Self::Targets(_) => "targets",
            Self::Issuers(_) => "issuers",
            Self::Clients(_) => "clients",
            Self::Grants(_) => "grants",
            Self::Keys(_) => "keys",
            Self::Secrets(_) => "secrets",
            Self::Policy(_) => "policy",
            Self::Nodes(_) => "nodes",
            Self::Explain(_) => "explain",
            Self::Doctor(_) => "doctor",
        }
    }

    /// Whether the plain text is meant for programs too.
    pub(crate) fn prints_bare(&self) -> bool {
        matches!(self, Self::Token(_))
    }

    /// Does it.
    pub(crate) async fn execute(self, environment: &Environment) -> Result<Report, Failure> {
        match self {
            Self::Token(args) => token::run(*args, environment).await,
            Self::Decode(args) => decode::run(&args),
            Self::Verify(args) => verify::run(args, environment).await,
            Self::Revoke(args) => revoke::run(args, environment).await,
            Self::Lock(args) => lock::run(args, environment).await,
            Self::Locks(args) => locks::LOCKS.run(args, environment).await,
            Self::Unlock(args) => unlock::run(args, environment).await,
            Self::Agents(args) => agents::run(args, environment).await,
            Self::Targets(args) => targets::run(args, environment).await,
            Self::Issuers(args) => issuers::run(args, environment).await,
            Self::Clients(args) => clients::CLIENTS.run(args, environment).await,
            Self::Grants(args) => grants::run(args, environment).await,
            Self::Keys(args) => keys::run(args, environment).await,
            Self::Secrets(args) => secrets::run(args, environment).await,
            Self::Policy(args) => policy::run(args, environment).await,
            Self::Nodes(args) => nodes::run(args, environment).await,
            Self::Explain(args) => explain::run(args, environment).await,
            Self::Doctor(args) => doctor::run(args, environment).await,
        }
    }
}
