//! Agents: owner, versions, certification, ceiling, life cycle.

use super::problem::Problems;
use super::snapshot::{Addressed, Snapshot};
use crate::ids::{AgentId, ClientId, IssuerId, TargetId, VersionId};
use crate::jcs;
use crate::lineage::{Key, Keyed, LineageKind};
use crate::policy::Risk;
use crate::record::key_text;
use crate::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Greatest `max_lifetime`, in seconds (contract §6).
pub const LIFETIME_MAX: u32 = 3600;
/// Most drafts of an agent at once. Certifying one ends those older than it.
pub const DRAFTS_MAX: usize = 64;
const fn default_depth() -> u32 {
    4
}

/// `POST /agents` (contract §12).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// The agent's id, `client_id` and `sub`.
    pub id: AgentId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Who answers for it.
    pub owner: Owner,
    /// How much harm it can do.
    #[serde(default)]
    pub risk: Risk,
    /// How it authenticates as a client.
    #[serde(default)]
    pub auth: Vec<AuthMethod>,
    /// The workload identity it is known by, if any.
    #[serde(default)]
    pub workload: Option<Workload>,
    /// Clients that may present for it.
    #[serde(default)]
    pub presenters: Vec<ClientId>,
    /// Issuers whose people or workloads it may act for; `locum` means other agents.
    #[serde(default)]
    pub subject_issuers: Vec<IssuerId>,
    /// Greatest number of `act` objects of a token it obtains.
    #[serde(default = "default_depth")]
    pub max_depth: u32,
    /// Whether a workload token may be the only proof (contract §11).
    #[serde(default)]
    pub actor_token_authenticates: bool,
    /// The most it may ever get, target by target.
    #[serde(default)]
    pub ceiling: Vec<CeilingEntry>,
}

/// Who answers for an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// A team or a person.
    pub kind: OwnerKind,
    /// The team's id, or the person's `<issuer id>:<sub>`.
    pub id: String,
}

/// What kind of owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerKind {
    /// A team, entity `Team` in policy.
    Team,
    /// A person.
    Person,
}

/// How a client authenticates (contract §11).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthMethod {
    /// `client_secret_basic` and `client_secret_post` alike.
    ClientSecret {},
    /// RFC 7523 §2.2 with the client's public keys.
    PrivateKeyJwt {
        /// A JWK set (RFC 7517 §5), public keys only.
        jwks: Value,
    },
}

impl AuthMethod {
    /// Checks a client's list of methods.
    pub(super) fn check(list: &[Self], out: &mut Problems) {
        out.list("/auth", list.len());
        for (place, method) in list.iter().enumerate() {
            let same =
                |other: &Self| std::mem::discriminant(other) == std::mem::discriminant(method);
            let twice = list.iter().take(place).any(same);
            out.require(
                !twice,
                &format!("/auth/{place}"),
                "expected each method once",
            );
        }
    }
}

/// A workload identity: claims that a token of that issuer must carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// An issuer with role `workload`.
    pub issuer: IssuerId,
    /// Exact claims; `sub` is required (contract §5).
    pub claims: BTreeMap<String, Value>,
}

/// The most an agent may get at one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CeilingEntry {
    /// Which target.
    pub target: TargetId,
    /// Scopes it may get for others.
    #[serde(default)]
    pub scopes: Scope,
    /// What a request without `scope` means.
    #[serde(default)]
    pub default: Scope,
    /// Scopes it may use for itself (`self`).
    #[serde(default)]
    pub alone: Scope,
    /// Limits on `authorization_details`; empty sets none.
    #[serde(default)]
    pub authorization_details: Vec<Value>,
    /// Seconds.
    #[serde(default)]
    pub max_lifetime: Option<u32>,
}

/// One certified or proposed build of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its generated id, in `del.ver`.
    pub id: VersionId,
    /// The operator's version text.
    pub version: String,
    /// Digest of what runs.
    pub digest: Option<String>,
    /// The model it runs on.
    pub model: Option<String>,
    /// Draft, certified, ended.
    pub state: VersionState,
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

impl Version {
    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state == VersionState::Ended
    }
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionState {
    /// Not yet certified.
    Draft,
    /// The current one.
    Certified,
    /// Superseded by a newer one, or passed over while a draft. An agent does
    /// not hold it any more: it is read from the record.
    Ended,
}

/// An agent's certification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certification {
    /// The current version.
    pub version: VersionId,
    /// Unix seconds at which it ends.
    pub until: u64,
}

/// Where an agent stands: draft → active → suspended → retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Status {
    /// No version was ever certified.
    Draft,
    /// Certified, until the certification ends.
    Active(Certification),
    /// Stopped by an operator; resumes to what it was.
    Suspended {
        /// What it resumes to; `None` when it was a draft.
        was: Option<Certification>,
    },
    /// For ever.
    Retired,
}

impl Status {
    /// The state's name in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active(_) => "active",
            Self::Suspended { .. } => "suspended",
            Self::Retired => "retired",
        }
    }
}

/// A transition that the state does not allow (HTTP 409).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an agent that is {expected}, found one that is {found}")]
pub struct WrongState {
    /// The states that would do.
    pub expected: &'static str,
    /// The state it has.
    pub found: &'static str,
}

impl WrongState {
    /// A version was to be certified that has ended.
    #[must_use]
    pub const fn past() -> Self {
        Self {
            expected: "at a draft or current version",
            found: "past that version",
        }
    }
}

/// A registered agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// What was declared.
    pub spec: Snapshot<AgentSpec>,
    /// Where it stands.
    pub status: Status,
    /// The certified version and the drafts, oldest first. Records of before
    /// held ended ones as well.
    pub versions: Vec<Version>,
    /// Unix milliseconds.
    pub created_at_ms: u64,
    /// The owner's key in a lineage, which outlives the erasure of its name.
    #[serde(default, with = "key_text", skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<Key>,
}

/// Nothing personal is hashed without a salt, since a guess could be tried
/// against it: an agent is addressed without its owner.
impl Addressed for AgentSpec {
    fn address(&self) -> Option<String> {
        let mut shown = self.clone();
        shown.owner.id.clear();
        jcs::address(&shown).ok()
    }
}

impl Agent {
    /// A new agent, a draft.
    #[must_use]
    pub fn new(spec: impl Into<Snapshot<AgentSpec>>, created_at_ms: u64) -> Self {
        Self {
            spec: spec.into(),
            status: Status::Draft,
            versions: Vec::new(),
            created_at_ms,
            owner_key: None,
        }
    }

    /// Declares it anew; another owner has another key.
    pub fn declare(&mut self, spec: AgentSpec) {
        if self.spec.owner != spec.owner {
            self.owner_key = None;
        }
        self.spec = spec.into();
    }

    /// The key of its owner in a lineage.
    #[must_use]
    pub fn owner_key(&self, keys: &dyn Keyed) -> Key {
        let made = || keys.key(LineageKind::Owner, &self.spec.owner.id);
        self.owner_key.unwrap_or_else(made)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &AgentId {
        &self.spec.id
    }

    /// The ceiling at one target.
    #[must_use]
    pub fn ceiling_at(&self, target: &TargetId) -> Option<&CeilingEntry> {
        self.spec
            .ceiling
            .iter()
            .find(|entry| entry.target == *target)
    }

    /// The certification, when active and not ended at `now_s`.
    #[must_use]
    pub fn certified(&self, now_s: u64) -> Option<Certification> {
        match self.status {
            Status::Active(certification) if certification.until > now_s => Some(certification),
            Status::Active(_) | Status::Draft | Status::Suspended { .. } | Status::Retired => None,
        }
    }

    /// Its drafts.
    pub fn drafts(&self) -> impl Iterator<Item = &Version> {
        let versions = self.versions.iter();
        versions.filter(|version| version.state == VersionState::Draft)
    }

    /// Without the versions that have ended, which records of before held.
    #[must_use]
    pub(super) fn without_ended(mut self) -> Self {
        self.versions.retain(|version| !version.has_ended());
        self
    }

    /// Certifies a version: it becomes the current one. Its predecessor ends,
    /// and so do the drafts that are older than it: they leave the agent.
    ///
    /// # Errors
    /// [`WrongState`] when retired, or when it has no such version any more.
    pub fn certify(mut self, version: VersionId, until: u64) -> Result<Self, WrongState> {
        let known = |each: &Version| each.id == version && !each.has_ended();
        if !self.versions.iter().any(known) {
            return Err(WrongState::past());
        }
        let certification = Certification { version, until };
        self.status = match self.status {
            Status::Draft | Status::Active(_) => Status::Active(certification),
            Status::Suspended { .. } => Status::Suspended {
                was: Some(certification),
            },
            Status::Retired => {
                return Err(WrongState {
                    expected: "not retired",
                    found: "retired",
                });
            }
        };
        let mut newer = false;
        self.versions.retain_mut(|each| {
            let current = each.id == version;
            newer |= current;
            if current {
                each.state = VersionState::Certified;
            }
            current || (newer && each.state == VersionState::Draft)
        });
        Ok(self)
    }

    /// Stops the agent until it is resumed.
    ///
    /// # Errors
    /// [`WrongState`] when suspended already or retired.
    pub fn suspend(mut self) -> Result<Self, WrongState> {
        self.status = match self.status {
            Status::Draft => Status::Suspended { was: None },
            Status::Active(certification) => Status::Suspended {
                was: Some(certification),
            },
            found @ (Status::Suspended { .. } | Status::Retired) => {
                return Err(WrongState {
                    expected: "draft or active",
                    found: found.name(),
                });
            }
        };
        Ok(self)
    }

    /// Lifts a suspension.
    ///
    /// # Errors
    /// [`WrongState`] when not suspended.
    pub fn resume(mut self) -> Result<Self, WrongState> {
        self.status = match self.status {
            Status::Suspended {
                was: Some(certification),
            } => Status::Active(certification),
            Status::Suspended { was: None } => Status::Draft,
            found @ (Status::Draft | Status::Active(_) | Status::Retired) => {
                return Err(WrongState {
                    expected: "suspended",
                    found: found.name(),
                });
            }
        };
        Ok(self)
    }

    /// Ends the agent for ever; its id stays taken.
    ///
    /// # Errors
    /// [`WrongState`] when retired already.
    pub fn retire(mut self) -> Result<Self, WrongState> {
        if self.status == Status::Retired {
            return Err(WrongState {
                expected: "not retired",
                found: "retired",
            });
        }
        self.status = Status::Retired;
        Ok(self)
    }
}
