//! The decision: a ladder of named checks in a fixed order, one small file
//! each. Pure: the world is in [`Facts`], the policy is an argument.

mod agent;
mod aim;
mod basis;
mod bound;
mod case;
mod chain;
mod claims;
mod descent;
mod details;
mod entitlements;
mod facts;
mod handout;
mod lacking;
mod ladder;
mod lifetime;
mod locks;
mod may_act;
mod outcome;
mod passing;
mod permit;
mod policy;
mod presenter;
mod question;
mod receipt;
mod record;
mod revocation;
mod scope;
mod summary;
mod target;
#[cfg(test)]
mod tests;
mod trail;
mod work;

pub use agent::in_force;
pub use bound::{REFUSAL_MAX, by_digest};
pub use case::{Ask, Case, GrantType, IssuedType};
pub use facts::{DecisionLimits, DelegateTo, Facts, Standings, TargetRequest, VendorTerms};
pub use ladder::decide;
pub use outcome::{
    CREDENTIAL_REVOCATION, CredentialState, Failure, HandedOut, Leftover, NotObtained, OUTCOME,
    Obtained, OutcomeFrame, VendorRevocation, never_known, vendor_revocation,
};
pub use passing::PASSING_QUESTIONS_MAX;
pub use permit::{Decision, NotRecorded, Permit, Recorded, Refused};
pub use presenter::delegate_nowhere;
pub use receipt::{RECEIPT_LIFE_S, RECEIPT_TYP, ReceiptFrame};
pub use record::{DECISION, PersonalSalt, RecordFrame, RecordedMark, SeenMark};
pub use summary::{Counts, Row, SINGLY_MAX, SUMMARY, SUMMARY_ROWS_MAX, closed, marked, opened};
pub use trail::{Check, CheckResult, Trail};
