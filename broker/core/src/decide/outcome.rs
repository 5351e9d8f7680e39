//! The second record of an exchange: what came of a permit under which a vendor
//! was asked (contract §15, "Two records"). A permit under which Locum signs has one
//! record, which is both.

use super::permit::{NotRecorded, Permit, Recorded, Refused, attest};
use super::record::{self, RecordedMark};
use crate::ids::{GrantId, Jti, RequestId};
use crate::lineage::Key;
use crate::record::{Appended, Draft, key_text};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The record type of outcomes.
pub const OUTCOME: &str = "outcome";
/// The record type of what came of revoking a credential at its vendor.
pub const CREDENTIAL_REVOCATION: &str = "credential_revocation";

/// How obtaining a credential ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialState {
    /// The vendor handed one out.
    Obtained,
    /// The vendor refused.
    Refused,
    /// Surely nothing was sent.
    NotSent,
    /// Something may have been sent: there may be a credential.
    Unknown,
}

/// How revoking at the vendor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorRevocation {
    /// The vendor confirmed it.
    Done,
    /// The vendor never confirmed it, and the credential has expired, or the
    /// vendor will not.
    Failed,
}

/// What a vendor handed out, as it is recorded: never the credential itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedOut {
    /// Unix seconds at which it ends by itself; `None`: nobody knows.
    pub expires_s: Option<u64>,
    /// Keyed hash of the credential.
    pub fingerprint: Key,
    /// The vendor's id of the request.
    pub vendor_request_id: Option<String>,
    /// What is needed to revoke it, sealed.
    pub handle: Option<String>,
}

/// A credential was obtained under the permit.
#[derive(Debug)]
pub struct Obtained {
    permit: Permit,
    handed: Option<HandedOut>,
}

/// Why there is no credential under a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The vendor refused.
    Refused,
    /// Surely nothing was sent.
    NotSent,
    /// Something may have been sent: there may be a credential.
    Unknown,
}

/// None was obtained.
#[derive(Debug)]
pub struct NotObtained {
    permit: Permit,
    failure: Failure,
    refusal: Refusal,
    leftover: Leftover,
}

/// What there may be at a vendor though nobody got it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Unix seconds at which it ends by itself; `None`: nobody knows.
    pub expires_s: Option<u64>,
    /// What is needed to revoke it, sealed.
    pub handle: Option<String>,
}

/// What surrounds an outcome in its record.
pub struct OutcomeFrame {
    /// The request.
    pub request_id: RequestId,
    /// Marks of assertions that may be used once more: nothing was sent.
    pub marks: Vec<RecordedMark>,
    /// Salt of the record.
    pub salt: [u8; 16],
}

impl Recorded<Permit> {
    /// Locum signs the token itself: the record of the permit is that of its
    /// outcome. `None` where a vendor has to be asked.
    #[must_use]
    pub fn signed(self) -> Option<Recorded<Obtained>> {
        let permit = self.0;
        permit.handout.is_none().then_some(Recorded(Obtained {
            permit,
            handed: None,
        }))
    }

    /// The vendor handed a credential out, which is to be recorded.
    #[must_use]
    pub fn obtained(self, handed: HandedOut) -> Obtained {
        Obtained {
            permit: self.0,
            handed: Some(handed),
        }
    }

    /// The vendor handed none out, or nobody knows; that is to be recorded too.
    #[must_use]
    pub fn failed(self, failure: Failure, refusal: Refusal) -> NotObtained {
        NotObtained {
            permit: self.0,
            failure,
            refusal,
            leftover: Leftover::default(),
        }
    }
}

impl Obtained {
    /// The permit.
    #[must_use]
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// What the vendor handed out; `None`: Locum signed it.
    #[must_use]
    pub const fn handed(&self) -> Option<&HandedOut> {
        self.handed.as_ref()
    }

    /// The draft of its record.
    #[must_use]
    pub fn draft(&self, frame: &OutcomeFrame) -> Draft {
        let mut body = body(&self.permit, CredentialState::Obtained, frame);
        let mut side = Map::new();
        if let Some(handed) = &self.handed {
            body.insert("expires_at".into(), json!(handed.expires_s));
            body.insert(
                "fingerprint".into(),
                json!(key_text::of(&handed.fingerprint)),
            );
            body.insert("vendor_request_id".into(), json!(handed.vendor_request_id));
            body.insert("revocable".into(), json!(handed.handle.is_some()));
            side.insert("handle".into(), json!(handed.handle));
        }
        draft(OUTCOME, frame.salt, body, side)
    }

    /// Exchanges it for its recorded form.
    ///
    /// # Errors
    /// [`NotRecorded`] when the ledger's word is about other bytes.
    pub fn recorded(
        self,
        draft: &Draft,
        appended: &Appended,
    ) -> Result<Recorded<Self>, NotRecorded> {
        let print = self
            .handed
            .as_ref()
            .map(|handed| key_text::of(&handed.fingerprint));
        let own = is_of(draft, &self.permit, CredentialState::Obtained)
            && draft.value().get("fingerprint") == Some(&json!(print));
        attest(draft, appended, own).map(|()| Recorded(self))
    }
}

impl NotObtained {
    /// With what there may be at the vendor and is not handed out.
    #[must_use]
    pub fn leaving(mut self, leftover: Leftover) -> Self {
        self.leftover = leftover;
        self
    }

    /// Why there is none.
    #[must_use]
    pub const fn failure(&self) -> Failure {
        self.failure
    }

    /// The grant that gets its use back: nothing was sent.
    fn gives_back(&self) -> Option<GrantId> {
        let nothing_sent = self.failure == Failure::NotSent;
        nothing_sent.then(|| self.permit.takes_use_of()).flatten()
    }

    /// The draft of its record.
    #[must_use]
    pub fn draft(&self, frame: &OutcomeFrame) -> Draft {
        let mut body = body(&self.permit, self.failure.into(), frame);
        body.insert("code".into(), json!(self.refusal.code.text()));
        let mut side = Map::new();
        if self.failure == Failure::Unknown {
            left(&self.leftover, &mut body, &mut side);
        }
        if let Some(grant) = self.gives_back() {
            body.insert("unused".into(), json!(grant));
        }
        side.insert("description".into(), json!(self.refusal.description));
        side.insert("detail".into(), json!(self.refusal.detail));
        draft(OUTCOME, frame.salt, body, side)
    }

    /// Exchanges it for its recorded form.
    ///
    /// # Errors
    /// [`NotRecorded`] when the ledger's word is about other bytes.
    pub fn recorded(
        self,
        draft: &Draft,
        appended: &Appended,
    ) -> Result<Recorded<Self>, NotRecorded> {
        let own = is_of(draft, &self.permit, self.failure.into())
            && draft.value().get("code") == Some(&json!(self.refusal.code.text()));
        attest(draft, appended, own).map(|()| Recorded(self))
    }
}

impl Recorded<Obtained> {
    /// Gives it up: something in its lineage fell while the vendor was asked, or
    /// what came is not what may be handed out.
    #[must_use]
    pub fn overtaken(self, refusal: Refusal) -> Refused {
        self.0.permit.overtaken(refusal)
    }
}

impl Recorded<NotObtained> {
    /// What the caller is told.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        &self.0.refusal
    }
}

impl From<Failure> for CredentialState {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused => Self::Refused,
            Failure::NotSent => Self::NotSent,
            Failure::Unknown => Self::Unknown,
        }
    }
}

/// The draft of the record that closes a permit whose outcome nobody knows: its
/// process ended while the vendor was asked, or could not record what came of it.
#[must_use]
pub fn never_known(jti: Jti, leftover: &Leftover, salt: [u8; 16]) -> Draft {
    let (mut body, mut side) = (Map::new(), Map::new());
    body.insert("of".into(), json!(jti));
    body.insert("state".into(), json!(CredentialState::Unknown));
    left(leftover, &mut body, &mut side);
    draft(OUTCOME, salt, body, side)
}

fn left(leftover: &Leftover, body: &mut Map<String, Value>, side: &mut Map<String, Value>) {
    body.insert("expires_at".into(), json!(leftover.expires_s));
    body.insert("revocable".into(), json!(leftover.handle.is_some()));
    if let Some(handle) = &leftover.handle {
        side.insert("handle".into(), json!(handle));
    }
}

/// The draft of the record of what came of revoking the credential of that permit
/// at its vendor.
#[must_use]
pub fn vendor_revocation(jti: Jti, ended: VendorRevocation, salt: [u8; 16]) -> Draft {
    let mut body = Map::new();
    body.insert("of".into(), json!(jti));
    body.insert("revocation".into(), json!(ended));
    draft(CREDENTIAL_REVOCATION, salt, body, Map::new())
}

fn body(permit: &Permit, state: CredentialState, frame: &OutcomeFrame) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("of".into(), json!(permit.case.jti));
    body.insert("request_id".into(), json!(frame.request_id));
    body.insert("state".into(), json!(state));
    if !frame.marks.is_empty() {
        body.insert("marks".into(), record::marks(&frame.marks));
    }
    body
}

fn draft(
    kind: &'static str,
    salt: [u8; 16],
    body: Map<String, Value>,
    side: Map<String, Value>,
) -> Draft {
    let side = (!side.is_empty()).then_some(Value::Object(side));
    Draft::new(kind, salt, Value::Object(body), side)
}

/// Whether the draft is the record of that outcome of this permit.
fn is_of(draft: &Draft, permit: &Permit, state: CredentialState) -> bool {
    let body = draft.value();
    draft.kind() == OUTCOME
        && body.get("of") == Some(&json!(permit.case.jti))
        && body.get("state") == Some(&json!(state))
}
