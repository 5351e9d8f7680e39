//! What a decision is: a permit or a refusal, and, once the ledger has it, its
//! recorded form. Connectors and responders demand the recorded form.

use super::case::{Case, IssuedType};
use super::facts::Facts;
use super::record::{self, RecordFrame};
use super::trail::{Check, CheckResult, Trail};
use super::work::Work;
use super::{claims, descent, summary};
use crate::handout::Handout;
use crate::ids::{DelegationId, GrantId, Jti, RequestId};
use crate::lineage::{Keyed, Lineage};
use crate::party::Subject;
use crate::record::{Appended, Draft, leaf_hash};
use crate::refusal::Refusal;
use crate::registry::{Grant, Target};
use crate::scope::Scope;
use crate::token::Alg;
use serde_json::{Map, Value};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// Yes or no.
#[derive(Debug)]
pub enum Decision {
    /// Yes, within these bounds.
    Permit(Box<Permit>),
    /// No.
    Refusal(Box<Refused>),
}

/// A permit: made only by [`super::decide`].
#[derive(Debug)]
pub struct Permit {
    pub(super) case: Case,
    pub(super) target: Option<Arc<Target>>,
    pub(super) grant: Option<Arc<Grant>>,
    pub(super) claims: Map<String, Value>,
    pub(super) del: crate::own::Del,
    pub(super) lifetime: u32,
    pub(super) handout: Option<Handout>,
    pub(super) scope: String,
    pub(super) details: Option<Value>,
    pub(super) policies: Vec<String>,
    pub(super) trail: Trail,
    pub(super) bundle: String,
    /// Worked out once: it is recorded, and looked at again after that.
    lineage: OnceLock<Lineage>,
}

/// A refusal of an authenticated caller, to be recorded.
#[derive(Debug)]
pub struct Refused {
    pub(super) case: Option<Box<Case>>,
    pub(super) refusal: Refusal,
    pub(super) trail: Trail,
    pub(super) bundle: String,
    pub(super) target: Option<String>,
}

impl Decision {
    pub(super) fn permit(
        case: Case,
        facts: &Facts,
        mut work: Work,
        trail: Trail,
        bundle: &str,
    ) -> Self {
        let (claims, del) = match work.built.take() {
            Some(built) => built,
            None => claims::build(&case, facts, &work),
        };
        let policies = work.policies();
        Self::Permit(Box::new(Permit {
            claims,
            del,
            lifetime: work.lifetime,
            handout: work.handout,
            scope: work.scope.to_string(),
            details: (!work.details.is_empty()).then(|| work.details.to_json()),
            target: work.aim.target().cloned(),
            grant: work.grant,
            policies,
            trail,
            bundle: bundle.to_owned(),
            lineage: OnceLock::new(),
            case,
        }))
    }
}

impl Permit {
    /// Who must be in force for the token to stand.
    #[must_use]
    pub fn actors(&self) -> Vec<(crate::ids::AgentId, Option<crate::ids::VersionId>)> {
        descent::actors(&self.case)
    }

    /// The grant that loses one use: at the root only.
    #[must_use]
    pub fn takes_use_of(&self) -> Option<GrantId> {
        self.grant.as_ref().map(|grant| grant.id)
    }

    /// The algorithm the target wants.
    #[must_use]
    pub fn alg(&self) -> Alg {
        self.target
            .as_ref()
            .and_then(|t| t.spec.connector.alg())
            .unwrap_or_default()
    }

    /// The target; `None` for an actor token.
    #[must_use]
    pub const fn target(&self) -> Option<&Arc<Target>> {
        self.target.as_ref()
    }

    /// How a vendor's credential is handed out; `None`: Locum signs a token.
    #[must_use]
    pub const fn handout(&self) -> Option<&Handout> {
        self.handout.as_ref()
    }

    /// Seconds the token lives.
    #[must_use]
    pub const fn lifetime(&self) -> u32 {
        self.lifetime
    }

    /// Unix seconds at which it ends.
    #[must_use]
    pub fn ends_s(&self) -> u64 {
        let exp = self.claims.get("exp").and_then(Value::as_u64);
        exp.unwrap_or_default()
    }

    /// The scope granted.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The same as a set.
    #[must_use]
    pub fn granted(&self) -> Scope {
        Scope::parse(&self.scope).unwrap_or_default()
    }

    /// On whose behalf.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        self.case.chain.subject()
    }

    /// The whole chain as the claim `act`; `None`: nobody acts for another.
    #[must_use]
    pub fn act(&self) -> Option<Value> {
        self.case.chain.act()
    }

    /// The `authorization_details` granted.
    #[must_use]
    pub const fn details(&self) -> Option<&Value> {
        self.details.as_ref()
    }

    /// The delegation's id.
    #[must_use]
    pub const fn delegation(&self) -> DelegationId {
        DelegationId(self.case.jti.0)
    }

    /// The token's id.
    #[must_use]
    pub const fn jti(&self) -> Jti {
        self.case.jti
    }

    /// `issued_token_type`.
    #[must_use]
    pub const fn issued_type(&self) -> IssuedType {
        self.case.ask.issued_type
    }

    /// The acting agent's id.
    #[must_use]
    pub fn actor(&self) -> &str {
        self.case.actor.agent_id().as_str()
    }

    /// How many actors the token's chain holds.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.case.chain.links().len()
    }

    /// The case it was decided on.
    #[must_use]
    pub const fn case(&self) -> &Case {
        &self.case
    }

    /// Everything the token would descend from.
    pub fn lineage(&self, keys: &dyn Keyed) -> &Lineage {
        self.lineage.get_or_init(|| descent::lineage(self, keys))
    }

    /// The draft of its record.
    #[must_use]
    pub fn draft(&self, frame: &RecordFrame<'_>) -> Draft {
        record::permit(self, frame)
    }

    /// What became dead or locked between decision and record: a second,
    /// refusing record follows (architecture, "One exchange", step 8).
    #[must_use]
    pub fn overtaken(self, refusal: Refusal) -> Refused {
        self.fell("recheck", refusal)
    }

    /// It fell after it was decided, at that check.
    fn fell(self, check: &'static str, refusal: Refusal) -> Refused {
        Refused {
            target: self.target.as_ref().map(|t| t.id.to_string()),
            case: Some(Box::new(self.case)),
            refusal,
            trail: self.trail.into_iter().chain([failed(check)]).collect(),
            bundle: self.bundle,
        }
    }

    /// Exchanges the permit for its recorded form.
    ///
    /// # Errors
    /// [`NotRecorded`] when the ledger's word is about other bytes.
    pub fn recorded(
        self,
        draft: &Draft,
        appended: &Appended,
    ) -> Result<Recorded<Self>, NotRecorded> {
        let own = record::is_of_permit(&self, draft);
        attest(draft, appended, own).map(|()| Recorded(self))
    }
}

impl Refused {
    pub(super) fn decided(
        case: Case,
        refusal: Refusal,
        trail: Trail,
        bundle: &str,
        target: Option<Arc<Target>>,
    ) -> Self {
        Self {
            target: target.map(|t| t.id.to_string()),
            case: Some(Box::new(case)),
            refusal,
            trail,
            bundle: bundle.to_owned(),
        }
    }

    /// A refusal on the way to the decision: tokens, chain, malformed request.
    #[must_use]
    pub fn early(refusal: Refusal, check: &'static str, bundle: &str) -> Self {
        Self {
            case: None,
            refusal,
            trail: vec![failed(check)],
            bundle: bundle.to_owned(),
            target: None,
        }
    }

    /// Why.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// The draft of its record.
    #[must_use]
    pub fn draft(&self, frame: &RecordFrame<'_>) -> Draft {
        record::refusal(self, frame)
    }

    /// Exchanges the refusal for its recorded form.
    ///
    /// # Errors
    /// [`NotRecorded`] when the ledger's word is about other bytes.
    pub fn recorded(
        self,
        draft: &Draft,
        appended: &Appended,
        request: RequestId,
    ) -> Result<Recorded<Self>, NotRecorded> {
        let own = record::is_of_refusal(&self, draft, request);
        attest(draft, appended, own).map(|()| Recorded(self))
    }

    /// The same for one that stands in a summary of that client, which this
    /// draft opened.
    ///
    /// # Errors
    /// [`NotRecorded`] when the ledger's word is about other bytes.
    pub fn in_summary(
        self,
        opened: &Draft,
        appended: &Appended,
        client: &str,
    ) -> Result<Recorded<Self>, NotRecorded> {
        let own = summary::opens(opened, client);
        attest(opened, appended, own).map(|()| Recorded(self))
    }
}

const fn failed(name: &'static str) -> Check {
    Check {
        name,
        result: CheckResult::Failed,
    }
}

/// Something whose record is durable. The only maker compares the ledger's
/// leaf hash with the record's own bytes.
#[derive(Debug)]
pub struct Recorded<T>(pub(super) T);

/// The ledger's word was about other bytes, or the bytes about another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the ledger's word on this decision, found one on another")]
pub struct NotRecorded;

/// `own`: whether the draft is about this very decision.
pub(super) fn attest(draft: &Draft, appended: &Appended, own: bool) -> Result<(), NotRecorded> {
    let bytes = draft.encode(&appended.place).map_err(|_| NotRecorded)?;
    (own && leaf_hash(&bytes) == appended.leaf_hash)
        .then_some(())
        .ok_or(NotRecorded)
}

/// What is on record may be read as before.
impl<T> Deref for Recorded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Recorded<Permit> {
    /// The claims to sign.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// Gives the permit up: something in its lineage fell meanwhile.
    #[must_use]
    pub fn overtaken(self, refusal: Refusal) -> Refused {
        self.0.overtaken(refusal)
    }

    /// No credential could be obtained under it: its outcome is a second record,
    /// of a fault (architecture, "One exchange", step 9).
    #[must_use]
    pub fn not_obtained(self, refusal: Refusal) -> Refused {
        self.0.fell("obtain", refusal)
    }
}

impl Recorded<Refused> {
    /// Why.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        &self.0.refusal
    }
}
