//! Changes: everything but decisions that the ledger records, with who and
//! why. One record may hold several changes; they hold together or not at all.

use super::entries::{
    AdminCredential, LockEntry, NamedKey, Policies, RevocationEntry, SigningKeyEntry, StoredSecret,
};
use super::idempotency::Remembered;
use super::personal;
use locum_core::ids::{AgentId, CredentialId, LockId, SecretName};
use locum_core::lineage::{Key, Keyed, What};
use locum_core::record::{Draft, commitment, key_text};
use locum_core::registry::{Agent, Client, Grant, Issuer, Target, UpstreamSecret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The record type of changes.
pub const CHANGE: &str = "change";

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// An agent, whole.
    Agent {
        /// The agent.
        agent: Agent,
    },
    /// An agent's former workload identities, all of them, were given up.
    WorkloadReleased {
        /// Whose they were.
        agent: AgentId,
    },
    /// A client that is no agent, whole.
    Client {
        /// The client.
        client: Client,
    },
    /// A target, whole.
    Target {
        /// The target.
        target: Target,
    },
    /// An issuer, whole.
    Issuer {
        /// The issuer.
        issuer: Issuer,
    },
    /// A grant, whole, apart from its uses, which decisions count.
    Grant {
        /// The grant.
        grant: Grant,
    },
    /// A client's secrets, all of them.
    Secrets {
        /// The client's or agent's id.
        client: String,
        /// Their hashes.
        hashes: Vec<StoredSecret>,
    },
    /// The policy bundle, whole.
    Policies {
        /// The bundle.
        policies: Policies,
    },
    /// A revocation.
    Revocation {
        /// The revocation.
        revocation: RevocationEntry,
    },
    /// A lock.
    Lock {
        /// The lock.
        lock: LockEntry,
    },
    /// A lock was lifted.
    Lift {
        /// Which.
        id: LockId,
    },
    /// A credential of the admin API.
    Credential {
        /// The credential.
        credential: AdminCredential,
    },
    /// A credential was revoked.
    CredentialRevoked {
        /// Which.
        id: CredentialId,
    },
    /// A signing key.
    SigningKey {
        /// The key.
        key: SigningKeyEntry,
    },
    /// An upstream secret, whole.
    UpstreamSecret {
        /// The secret.
        secret: UpstreamSecret,
    },
    /// An upstream secret was deleted.
    UpstreamSecretDeleted {
        /// Which.
        name: SecretName,
    },
    /// A replay mark taken where there is no decision. It is only read: a `marked`
    /// record has taken its place.
    Mark {
        /// Its key, base64url.
        key: String,
        /// Unix seconds until which it counts.
        until_s: u64,
    },
    /// Keys of what earlier records name, so that an erasure undoes nothing.
    Names {
        /// The keys.
        names: Vec<NamedKey>,
    },
    /// The greatest age of a subject token, as it is configured from now on.
    TokenAge {
        /// Seconds.
        max_s: u64,
        /// Whether nothing was accepted under another limit before: the folder is
        /// new.
        always: bool,
    },
    /// The answer to an `Idempotency-Key`.
    Answer {
        /// What to answer again.
        remembered: Remembered,
    },
}

/// What the changes of a record touch that something else is kept ready for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Ids of agents and clients that were declared.
    pub callers: Vec<String>,
    /// The policies.
    pub policies: bool,
    /// Signing keys.
    pub signing_keys: bool,
    /// Upstream secrets.
    pub upstream_secrets: bool,
}

impl Changed {
    /// Everything but callers, whose keys are made ready when they are asked for.
    #[must_use]
    pub const fn everything() -> Self {
        Self {
            callers: Vec::new(),
            policies: true,
            signing_keys: true,
            upstream_secrets: true,
        }
    }

    /// Of a record of whatever type.
    #[must_use]
    pub fn of(record: &Draft) -> Self {
        let changes = record.value().get("changes").and_then(Value::as_array);
        let changes = changes.filter(|_| record.kind() == CHANGE);
        let mut out = Self::default();
        for change in changes.into_iter().flatten() {
            let text = |pointer: &str| change.pointer(pointer).and_then(Value::as_str);
            match text("/change") {
                Some("agent") => out
                    .callers
                    .extend(text("/agent/spec/id").map(str::to_owned)),
                Some("client") => out
                    .callers
                    .extend(text("/client/spec/id").map(str::to_owned)),
                Some("policies") => out.policies = true,
                Some("signing_key") => out.signing_keys = true,
                Some("upstream_secret" | "upstream_secret_deleted") => {
                    out.upstream_secrets = true;
                }
                Some(_) | None => {}
            }
        }
        out
    }
}

impl Change {
    /// The key of what is named, and where in the record it stands: an erasure
    /// takes the name out of the side record, and what it names stays in force.
    fn keyed(&self, names: &dyn Keyed) -> Option<(&'static str, &'static str, Key)> {
        let of = |what: &What| names.key(what.kind, &what.id);
        match self {
            Self::Revocation { revocation } if revocation.key.is_none() => {
                Some(("revocation", "key", of(&revocation.what)))
            }
            Self::Lock { lock } if lock.key.is_none() => Some(("lock", "key", of(&lock.what))),
            Self::Agent { agent } if agent.owner_key.is_none() => {
                Some(("agent", "owner_key", agent.owner_key(names)))
            }
            Self::Revocation { .. }
            | Self::Lock { .. }
            | Self::Agent { .. }
            | Self::Client { .. }
            | Self::Target { .. }
            | Self::Issuer { .. }
            | Self::Grant { .. }
            | Self::Secrets { .. }
            | Self::Policies { .. }
            | Self::Lift { .. }
            | Self::Credential { .. }
            | Self::CredentialRevoked { .. }
            | Self::SigningKey { .. }
            | Self::UpstreamSecret { .. }
            | Self::UpstreamSecretDeleted { .. }
            | Self::Mark { .. }
            | Self::Names { .. }
            | Self::TokenAge { .. }
            | Self::WorkloadReleased { .. }
            | Self::Answer { .. } => None,
        }
    }

    /// Where personal or bulky values stand: they go into the side record, and
    /// a salted commitment takes their place.
    const fn personal(&self) -> &'static [&'static str] {
        match self {
            Self::Agent { .. } => &["/agent/spec/owner/id"],
            Self::Grant { .. } => &[
                "/grant/spec/person",
                "/grant/spec/groups",
                "/grant/spec/reason",
                "/grant/made_by",
            ],
            Self::Secrets { .. } => &["/hashes"],
            Self::Policies { .. } => &["/policies/files"],
            Self::Revocation { .. } => &[
                "/revocation/what/id",
                "/revocation/reason",
                "/revocation/by",
            ],
            Self::Lock { .. } => &["/lock/what/id", "/lock/reason", "/lock/by"],
            Self::Credential { .. } => &["/credential/hash", "/credential/name"],
            Self::SigningKey { .. } => &["/key/sealed"],
            Self::UpstreamSecret { .. } => &["/secret/sealed"],
            Self::Answer { .. } => &["/remembered/answer"],
            Self::WorkloadReleased { .. }
            | Self::Client { .. }
            | Self::Target { .. }
            | Self::Issuer { .. }
            | Self::Lift { .. }
            | Self::CredentialRevoked { .. }
            | Self::UpstreamSecretDeleted { .. }
            | Self::Names { .. }
            | Self::TokenAge { .. }
            | Self::Mark { .. } => &[],
        }
    }
}

/// Who made a change, how and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The admin credential's name, or `locum` itself.
    pub by: String,
    /// The admin credential's id, if it was one: names are not unique.
    pub credential: Option<CredentialId>,
    /// Why, as given.
    pub reason: String,
    /// The request, if one asked for it.
    pub request_id: Option<String>,
}

impl Author {
    /// Locum itself, whom nobody asked.
    #[must_use]
    pub fn itself(reason: impl Into<String>) -> Self {
        Self {
            by: "locum".into(),
            credential: None,
            reason: reason.into(),
            request_id: None,
        }
    }
}

/// The draft of a record of changes. `salts` are the record's and the
/// commitments' 16 random bytes; `names` makes keys of what is named.
///
/// # Errors
/// When a change does not serialise, which no change of ours does.
pub fn draft(
    changes: &[Change],
    author: &Author,
    salts: [[u8; 16]; 2],
    names: &dyn Keyed,
) -> Result<Draft, serde_json::Error> {
    let [salt, personal] = salts;
    let mut bodies = Vec::new();
    let mut sides = Vec::new();
    for change in changes {
        let mut body = serde_json::to_value(change)?;
        if let Some((object, member, key)) = change.keyed(names)
            && let Some(Value::Object(members)) = body.get_mut(object)
        {
            members.insert(member.into(), key_text::of(&key).into());
        }
        sides.push(personal::take_out(&mut body, change.personal(), &personal));
        bodies.push(body);
    }
    let by = commitment(&personal, "by", &author.by);
    let reason = commitment(&personal, "reason", &author.reason);
    let body = json!({
        "changes": bodies,
        "by": by,
        "credential": author.credential,
        "reason": reason,
        "request_id": author.request_id,
    });
    let side = json!({
        "salt": personal::salt_text(&personal),
        "changes": sides,
        "by": author.by,
        "reason": author.reason,
    });
    Ok(Draft::new(CHANGE, salt, body, Some(side)))
}

/// The changes of a record, with what its side record still holds.
///
/// # Errors
/// What does not fit.
pub fn read(body: &Value, side: Option<&Value>) -> Result<Vec<Change>, String> {
    let bodies = body
        .get("changes")
        .and_then(Value::as_array)
        .ok_or("a change record without changes")?;
    let sides = side
        .and_then(|side| side.get("changes"))
        .and_then(Value::as_array);
    let salt = side
        .and_then(|side| side.get("salt"))
        .and_then(Value::as_str);
    let mut out = Vec::new();
    for (place, body) in bodies.iter().enumerate() {
        let mut body = body.clone();
        if let Some(side) = sides.and_then(|sides| sides.get(place)) {
            personal::put_back(&mut body, side, salt)
                .map_err(|found| format!("change {place}: {found}"))?;
        }
        personal::blank(&mut body);
        out.push(serde_json::from_value(body).map_err(|e| format!("change {place}: {e}"))?);
    }
    Ok(out)
}
