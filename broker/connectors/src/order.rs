//! What has to be obtained. Made of a recorded permit alone, so that no
//! credential is obtained off the record.

use locum_core::decide::{Permit, Recorded};
use locum_core::party::Subject;
use locum_core::scope::Scope;
use serde_json::Value;

/// Issuer id of an agent that acts for itself: the one that means agents of
/// Locum (docs/decisions/0005-the-issuer-id-locum-means-other-agents.md).
const OUR_AGENTS: &str = "locum";

/// One credential to be obtained. Private fields: the maker demands a recorded
/// permit.
pub struct Order<'a> {
    /// Locum's issuer.
    pub(crate) issuer: &'a str,
    /// Unix seconds.
    pub(crate) now_s: u64,
    /// Seconds that the permit lasts.
    pub(crate) lifetime_s: u32,
    /// What was granted.
    pub(crate) scope: Scope,
    /// The delegation's id.
    pub(crate) delegation: String,
    /// The acting agent's id.
    pub(crate) agent: String,
    /// On whose behalf.
    pub(crate) who: Who,
    /// The whole chain.
    pub(crate) act: Option<Value>,
    /// The account to ask with, by its place among the principals.
    pub(crate) account: Option<usize>,
}

/// On whose behalf, by every name that a profile may want.
pub(crate) struct Who {
    /// Our `sub`.
    pub(crate) ours: String,
    /// Theirs: without the issuer's id.
    pub(crate) theirs: String,
    /// Our id of their issuer.
    pub(crate) issuer: String,
}

impl Who {
    pub(crate) fn of(subject: &Subject) -> Self {
        let (theirs, issuer) = match subject {
            Subject::Person(foreign) | Subject::Workload(foreign) => {
                (foreign.sub.clone(), foreign.issuer.to_string())
            }
            Subject::Agent(agent) => (agent.to_string(), OUR_AGENTS.to_owned()),
        };
        Self {
            ours: subject.sub(),
            theirs,
            issuer,
        }
    }
}

impl<'a> Order<'a> {
    /// The order of a permit, with the account that the rule of delivery chose.
    #[must_use]
    pub fn of(
        permit: &Recorded<Permit>,
        account: Option<usize>,
        issuer: &'a str,
        now_s: u64,
    ) -> Self {
        Self {
            issuer,
            now_s,
            lifetime_s: permit.lifetime(),
            scope: permit.granted(),
            delegation: permit.delegation().to_string(),
            agent: permit.actor().to_owned(),
            who: Who::of(permit.subject()),
            act: permit.act(),
            account,
        }
    }
}
