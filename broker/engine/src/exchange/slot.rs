//! In which slot a token was sent: it decides the code of a refusal and the
//! greatest age.

use super::advice::TakenFor;
use crate::broker::Broker;
use locum_core::refusal::{Code, Refusal};
use locum_core::token::{Claims, TokenFlaw, Unverified};

/// The two slots of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// `subject_token`.
    Subject,
    /// `actor_token`.
    Actor,
}

impl Slot {
    /// A refusal of the slot's code.
    pub(crate) fn refusal(self, text: &str) -> Refusal {
        let fresh = match self {
            Self::Subject => "get a fresh subject token and name its type",
            Self::Actor => "get a fresh actor token and name its type",
        };
        self.advising(text, fresh)
    }

    /// A refusal of the slot's code with another next step.
    pub(crate) fn advising(self, text: &str, next: &str) -> Refusal {
        let code = match self {
            Self::Subject => Code::SubjectInvalid,
            Self::Actor => Code::ActorInvalid,
        };
        Refusal::new(code, format!("{text}; {next}"))
    }

    /// A refusal for what is wrong with a foreign token.
    pub(super) fn flaw_of(self, flaw: &TokenFlaw, taken_for: TakenFor<'_>) -> Refusal {
        match taken_for.next_step(flaw) {
            Some(next) => self.advising(&flaw.public(), &next).because(flaw.detail()),
            None => self.flaw(flaw),
        }
    }

    /// A refusal for what is wrong with the token.
    pub(crate) fn flaw(self, flaw: &TokenFlaw) -> Refusal {
        self.refusal(&flaw.public()).because(flaw.detail())
    }

    /// Greatest age by `iat`, in seconds.
    pub(crate) const fn max_age_s(self, broker: &Broker) -> u64 {
        match self {
            Self::Subject => broker.bounds.max_token_age_s,
            Self::Actor => broker.bounds.actor_max_age_s,
        }
    }
}

impl Slot {
    /// What is wrong with the age of a token: a subject token must be young enough.
    /// The greatest age in force since it was issued counts: a raised age counts for
    /// tokens issued since. Other slots have no such limit.
    pub(crate) fn too_old(self, broker: &Broker, claims: &Claims) -> Option<TokenFlaw> {
        let now_s = broker.records.clock.now_s();
        let iat = claims.iat.filter(|_| self == Self::Subject)?;
        let max_age_s = broker.records.state.read().token_ages.of_issued(iat);
        let old = now_s.saturating_sub(iat) > max_age_s;
        old.then_some(TokenFlaw::TooOld {
            iat,
            max_age_s,
            now_s,
        })
    }
}

/// Reads a compact token, within the size limit.
///
/// # Errors
/// `LCM-REQUEST` over the limit, the slot's code otherwise.
pub(crate) fn read(broker: &Broker, text: &str, slot: Slot) -> Result<Unverified, Refusal> {
    if text.len() > broker.bounds.token_bytes {
        return Err(Refusal::new(
            Code::Request,
            format!(
                "expected a token of at most {} bytes, found {}; get a smaller token",
                broker.bounds.token_bytes,
                text.len()
            ),
        ));
    }
    Unverified::parse(text, broker.bounds.token_bytes).map_err(|flaw| slot.flaw(&flaw))
}
