//! Foreign tokens: from bytes to claims that the issuer's key vouches for
//! (contract §5). What was verified is kept for a while: a token that comes
//! again costs a look at the clock, not a signature (architecture,
//! "One exchange").

use super::slot::Slot;
use crate::app::{App, Unavailable};
use crate::issuer_keys::Keys;
use crate::oauth::answer::unavailable;
use crate::oauth::waiting::Waiter;
use locum_core::generations::Generations;
use locum_core::refusal::Refusal;
use locum_core::registry::{Issuer, IssuerRole};
use locum_core::token::{
    Audiences, Claims, Expectation, TokenFlaw, TokenKind, TypRule, Unverified, Verified, verify,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Verified tokens kept in each of two generations.
const KEPT: usize = 1_024;
/// Bytes of them in each.
const KEPT_BYTES: usize = 8 << 20;

/// As what a foreign token was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SentAs {
    /// `subject_token` of type `id_token`.
    IdToken,
    /// `subject_token` of type `jwt`: the issuer's one role decides whether it
    /// is an access token or a workload's.
    SubjectJwt,
    /// `actor_token` of type `jwt`: a workload's.
    ActorJwt,
}

/// A foreign token that was verified.
#[derive(Clone)]
pub(crate) struct Foreign {
    /// Its claims.
    pub(crate) token: Arc<Verified<Claims>>,
    /// Who issued it.
    pub(crate) issuer: Arc<Issuer>,
    kind: TokenKind,
    /// Of the keys that verified it.
    generation: u64,
}

/// Verified tokens, by SHA-256 of the whole token and how it was sent. An
/// entry counts only while its issuer is declared as it was and its keys are
/// those that verified it; time is looked at on every use.
pub(crate) type Kept = Generations<[u8; 32], Foreign>;

/// No tokens yet.
pub(crate) fn none_kept() -> Kept {
    Generations::within(KEPT, KEPT_BYTES)
}

impl SentAs {
    const fn slot(self) -> Slot {
        match self {
            Self::IdToken | Self::SubjectJwt => Slot::Subject,
            Self::ActorJwt => Slot::Actor,
        }
    }

    /// What the token must be, of that issuer.
    fn kind(self, issuer: &Issuer) -> Result<TokenKind, Refusal> {
        match (self, issuer.spec.role) {
            (Self::IdToken, IssuerRole::Subject) => Ok(TokenKind::IdToken),
            (Self::SubjectJwt, IssuerRole::Subject) => Ok(TokenKind::ForeignAccess),
            (Self::SubjectJwt | Self::ActorJwt, IssuerRole::Workload) => Ok(TokenKind::Workload),
            (Self::IdToken, IssuerRole::Workload) | (Self::ActorJwt, IssuerRole::Subject) => {
                Err(self.slot().refusal(
                    "expected a token of an issuer that is trusted for this use, found one trusted for another",
                ))
            }
        }
    }

    fn key(self, text: &str) -> [u8; 32] {
        let label: &[u8] = match self {
            Self::IdToken => b"id_token",
            Self::SubjectJwt => b"subject jwt",
            Self::ActorJwt => b"actor jwt",
        };
        let hash = Sha256::new().chain_update(label).chain_update([0]);
        hash.chain_update(text).finalize().into()
    }
}

/// Verifies a foreign token. A `kid` that is not among the keys asks for fresh
/// ones once.
///
/// # Errors
/// `LCM-REQUEST` over the size limit, the slot's code, or `LCM-UNAVAILABLE`
/// when the keys cannot be had.
pub(crate) async fn accept(
    (app, waiter): (&App, &Waiter),
    text: &str,
    sent_as: SentAs,
) -> Result<Foreign, Refusal> {
    let found = accept_now((app, waiter), text, sent_as).await?;
    sent_as.slot().in_age(app, found.token.get())?;
    Ok(found)
}

/// As the limits are now.
async fn accept_now(
    (app, waiter): (&App, &Waiter),
    text: &str,
    sent_as: SentAs,
) -> Result<Foreign, Refusal> {
    let slot = sent_as.slot();
    let key = sent_as.key(text);
    if let Some(kept) = app.verified.get(&key).filter(|kept| is_declared(app, kept)) {
        let keys = keys((app, waiter), &kept.issuer, false).await?;
        if keys.generation == kept.generation {
            let audiences = audiences(app, &kept.issuer, kept.kind);
            let expectation = expectation(app, &kept.issuer, kept.kind, slot, &audiences);
            let in_time = kept.token.check_time(&expectation, app.clock.now_s());
            return in_time.map(|()| kept).map_err(|flaw| slot.flaw(&flaw));
        }
    }
    let unverified = super::slot::read(app, text, slot)?;
    let issuer = issuer_of(app, &unverified, slot)?;
    let kind = sent_as.kind(&issuer)?;
    let (token, generation) =
        verified((app, waiter), (text, unverified), &issuer, kind, slot).await?;
    let weight = token.get().weight() + text.len();
    let found = Foreign {
        token: Arc::new(token),
        issuer,
        kind,
        generation,
    };
    app.verified.put_weighing(key, found.clone(), weight);
    Ok(found)
}

/// Whether the issuer of a kept token is still declared as it was then.
fn is_declared(app: &App, kept: &Foreign) -> bool {
    let state = app.state.read();
    let now = state.registry.issuer_named(&kept.issuer.spec.issuer);
    now.is_some_and(|now| Arc::ptr_eq(now, &kept.issuer))
}

fn issuer_of(app: &App, token: &Unverified, slot: Slot) -> Result<Arc<Issuer>, Refusal> {
    let state = app.state.read();
    let known = token
        .issuer_unverified()
        .and_then(|iss| state.registry.issuer_named(iss));
    known
        .cloned()
        .ok_or_else(|| slot.refusal("expected a token of a trusted issuer, found another"))
}

async fn keys(
    (app, waiter): (&App, &Waiter),
    issuer: &Arc<Issuer>,
    newer: bool,
) -> Result<Arc<Keys>, Refusal> {
    let gone = |error: Unavailable| unavailable().because(error.to_string());
    let keys = app
        .issuer_keys
        .keys_unless(issuer, newer, || waiter.waits());
    keys.await.map_err(gone)
}

fn audiences(app: &App, issuer: &Issuer, kind: TokenKind) -> Vec<String> {
    match kind {
        TokenKind::ForeignAccess => issuer.access_audiences(&app.issuer),
        TokenKind::IdToken | TokenKind::Workload | TokenKind::Own | TokenKind::ClientAssertion => {
            issuer.audiences(&app.issuer)
        }
    }
}

fn expectation<'a>(
    app: &App,
    issuer: &'a Issuer,
    kind: TokenKind,
    slot: Slot,
    audiences: &'a [String],
) -> Expectation<'a> {
    Expectation {
        kind,
        issuer: &issuer.spec.issuer,
        audiences: Audiences::AnyOf(audiences),
        algs: &issuer.spec.algs,
        typ: match (kind, issuer.spec.accept_untyped) {
            (TokenKind::ForeignAccess, true) => TypRule::ACCESS_OR_UNTYPED,
            (TokenKind::ForeignAccess, false) => TypRule::ACCESS,
            (
                TokenKind::IdToken
                | TokenKind::Workload
                | TokenKind::Own
                | TokenKind::ClientAssertion,
                _,
            ) => TypRule::JWT,
        },
        skew_s: app.bounds.clock_skew_s,
        max_age_s: slot.max_age_s(app),
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    }
}

async fn verified(
    (app, waiter): (&App, &Waiter),
    sent: (&str, Unverified),
    issuer: &Arc<Issuer>,
    kind: TokenKind,
    slot: Slot,
) -> Result<(Verified<Claims>, u64), Refusal> {
    let (text, unverified) = sent;
    let audiences = audiences(app, issuer, kind);
    let expectation = expectation(app, issuer, kind, slot, &audiences);
    let check = |unverified: Unverified, keys: &Keys| -> Result<Verified<Claims>, TokenFlaw> {
        verify(unverified, &expectation, app.clock.now_s(), &*keys.set)
    };
    let (unverified, known) = match app.issuer_keys.at_hand(issuer) {
        Some(keys) => (unverified, keys),
        None => {
            // Nothing that was taken apart is kept while it waits: it may be
            // twenty times as large as what was sent.
            drop(unverified);
            let known = keys((app, waiter), issuer, false).await?;
            (super::slot::read(app, text, slot)?, known)
        }
    };
    match check(unverified, &known) {
        Ok(verified) => Ok((verified, known.generation)),
        Err(flaw) if flaw.asks_for_fresh_keys() => {
            let fresh = keys((app, waiter), issuer, true).await?;
            let again = super::slot::read(app, text, slot)?;
            let verified = check(again, &fresh).map_err(|flaw| slot.flaw(&flaw))?;
            Ok((verified, fresh.generation))
        }
        Err(flaw) => Err(slot.flaw(&flaw)),
    }
}
