//! Foreign tokens: from bytes to claims that the issuer's key vouches for
//! (contract §5). What was verified is kept for a while: a token that comes
//! again costs a look at the clock, not a signature (architecture,
//! "One exchange"). The signature itself is checked in
//! `broker/tokens/src/keys/verifier.rs`.

use super::advice::TakenFor;
use super::kept::Foreign;
use super::slot::Slot;
use crate::broker::Broker;
use crate::issuer_keys::IssuerJwks;
use crate::oauth::waiting::Waiter;
use crate::unavailable::Unavailable;
use locum_core::refusal::{Code, Refusal, quoted};
use locum_core::registry::{Issuer, IssuerKind, IssuerRole};
use locum_core::token::{
    Audiences, Claims, Expectation, TokenFlaw, TokenKind, TypRule, Unverified, Verified,
    trust_domain, verify,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

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

/// Verifies a foreign token. A `kid` that is not among the keys asks for those
/// that were fetched since the token came, and is refused for good where it is not
/// among them either.
///
/// # Errors
/// `LCM-REQUEST` over the size limit, the slot's code, or `LCM-UNAVAILABLE`
/// when the keys cannot be had.
pub(crate) async fn accept(
    (broker, waiter): (&Broker, &Waiter),
    text: &str,
    sent_as: SentAs,
) -> Result<Foreign, Refusal> {
    let found = accept_now((broker, waiter), text, sent_as).await?;
    let slot = sent_as.slot();
    let (issuer, kind) = (&found.issuer, found.kind);
    let own_limit = issuer.spec.max_token_age_s.is_some();
    let old = slot.too_old(broker, found.token.get());
    match old.filter(|_| !own_limit) {
        Some(flaw) => Err(slot.flaw_of(&flaw, TakenFor { issuer, kind, slot })),
        None => Ok(found),
    }
}

/// Verifies the token, or finds it verified lately. Its age is looked at by
/// [`accept`].
async fn accept_now(
    (broker, waiter): (&Broker, &Waiter),
    text: &str,
    sent_as: SentAs,
) -> Result<Foreign, Refusal> {
    let slot = sent_as.slot();
    let key = sent_as.key(text);
    if let Some(kept) = broker
        .verified
        .get(&key)
        .filter(|kept| is_declared(broker, &kept.issuer))
    {
        let keys = keys((broker, waiter), &kept.issuer).await?;
        if keys.generation == kept.generation && is_declared(broker, &kept.issuer) {
            let audiences = audiences(broker, &kept.issuer, kept.kind);
            let expectation = expectation(broker, &kept.issuer, kept.kind, slot, &audiences);
            let in_time = kept
                .token
                .check_time(&expectation, broker.records.clock.now_s());
            let (issuer, kind) = (&kept.issuer, kept.kind);
            let refused = |flaw| slot.flaw_of(&flaw, TakenFor { issuer, kind, slot });
            return in_time.map_err(refused).map(|()| kept);
        }
    }
    let (issuer, kind, (token, generation)) = loop {
        let unverified = super::slot::read(broker, text, slot)?;
        let issuer = issuer_of(broker, &unverified, slot)?;
        let kind = sent_as.kind(&issuer)?;
        let sent = (text, unverified);
        let judged = verified((broker, waiter), sent, &issuer, kind, slot).await;
        // What was declared while it waited for keys counts: it is judged anew.
        if is_declared(broker, &issuer) {
            break (issuer, kind, judged?);
        }
    };
    let weight = token.get().weight() + text.len();
    let found = Foreign {
        token: Arc::new(token),
        issuer,
        kind,
        generation,
    };
    broker.verified.put_weighing(key, found.clone(), weight);
    Ok(found)
}

/// Whether an issuer is still declared as it was then.
fn is_declared(broker: &Broker, issuer: &Arc<Issuer>) -> bool {
    let state = broker.records.state.read();
    let now = state.registry.issuer_named(&issuer.spec.issuer);
    now.is_some_and(|now| Arc::ptr_eq(now, issuer))
}

/// The trusted issuer that a token says it is of, unverified.
pub(crate) fn issuer_unverified(broker: &Broker, token: &Unverified) -> Option<Arc<Issuer>> {
    if token.issuer_unverified() == Some(&broker.issuer) {
        return None;
    }
    let state = broker.records.state.read();
    let registry = &state.registry;
    let named = token
        .issuer_unverified()
        .and_then(|iss| registry.issuer_named(iss));
    // What a SPIFFE issuer signs belongs to it by its `sub`, with or without `iss`.
    let domain = token.subject_unverified().and_then(trust_domain);
    let by_domain = domain.and_then(|domain| registry.issuer_named(domain));
    let by_domain = by_domain.filter(|issuer| issuer.spec.kind == IssuerKind::Spiffe);
    named.or(by_domain).cloned()
}

fn issuer_of(broker: &Broker, token: &Unverified, slot: Slot) -> Result<Arc<Issuer>, Refusal> {
    let known = issuer_unverified(broker, token);
    known.ok_or_else(|| not_trusted(broker, token, slot))
}

/// No trusted issuer's token, and what to do about it.
fn not_trusted(broker: &Broker, token: &Unverified, slot: Slot) -> Refusal {
    if token.issuer_unverified() == Some(&broker.issuer) {
        return slot.advising(
            "expected a token of a trusted issuer, found one of this broker",
            "send it with the type `urn:ietf:params:oauth:token-type:access_token`",
        );
    }
    let refusal = slot.advising(
        "expected a token of a trusted issuer, found another",
        "have its `iss` declared as an issuer to the letter, since a slash at the end counts, or get a token of a trusted one",
    );
    match token.issuer_unverified() {
        Some(iss) => refusal.because(format!("the token's `iss` is {}", quoted(iss))),
        None => refusal.because("the token has no `iss`"),
    }
}

async fn keys(
    (broker, waiter): (&Broker, &Waiter),
    issuer: &Arc<Issuer>,
) -> Result<Arc<IssuerJwks>, Refusal> {
    let keys = broker.issuer_keys.keys_unless(issuer, || waiter.waits());
    let expected =
        "expected the keys of the issuer of the token, found that they cannot be had now";
    keys.await.map_err(|error| gone(broker, expected, &error))
}

/// The keys that a token needs cannot be had. Until they are asked for again,
/// nothing changes.
fn gone(broker: &Broker, expected: &str, error: &Unavailable) -> Refusal {
    let pause_s = broker.issuer_keys.pause_s();
    let text = format!(
        "{expected}; try again in {pause_s} s, and report the request id to the operator if it goes on"
    );
    Refusal::new(Code::Unavailable, text)
        .because(error.to_string())
        .again_after(pause_s)
}

/// A `kid` that is not among the keys, while no others are to be had.
const NO_SUCH_KID: &str = "expected the `kid` of a key that the issuer publishes, found one that is not among its keys, which are not fetched again yet";

fn audiences(broker: &Broker, issuer: &Issuer, kind: TokenKind) -> Vec<String> {
    match kind {
        TokenKind::ForeignAccess => issuer.access_audiences(&broker.issuer),
        TokenKind::IdToken | TokenKind::Workload | TokenKind::Own | TokenKind::ClientAssertion => {
            issuer.audiences(&broker.issuer)
        }
    }
}

fn expectation<'a>(
    broker: &Broker,
    issuer: &'a Issuer,
    kind: TokenKind,
    slot: Slot,
    audiences: &'a [String],
) -> Expectation<'a> {
    Expectation {
        kind,
        issuer: issuer.rule(),
        audiences: Audiences::AnyOf(audiences),
        demands: issuer.demands(),
        algs: &issuer.spec.algs,
        typ: match (kind, issuer.spec.kind) {
            (TokenKind::ForeignAccess, _) if issuer.spec.accept_untyped => {
                TypRule::ACCESS_OR_UNTYPED
            }
            (TokenKind::ForeignAccess, _) => TypRule::ACCESS,
            (TokenKind::Workload, IssuerKind::Spiffe) => TypRule::JWT_OR_JOSE,
            (
                TokenKind::IdToken
                | TokenKind::Workload
                | TokenKind::Own
                | TokenKind::ClientAssertion,
                IssuerKind::Oidc | IssuerKind::Jwt | IssuerKind::Spiffe,
            ) => TypRule::JWT,
        },
        skew_s: broker.bounds.clock_skew_s,
        max_age_s: issuer
            .spec
            .max_token_age_s
            .unwrap_or_else(|| slot.max_age_s(broker)),
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    }
}

async fn verified(
    (broker, waiter): (&Broker, &Waiter),
    sent: (&str, Unverified),
    issuer: &Arc<Issuer>,
    kind: TokenKind,
    slot: Slot,
) -> Result<(Verified<Claims>, u64), Refusal> {
    let (text, unverified) = sent;
    let audiences = audiences(broker, issuer, kind);
    let expectation = expectation(broker, issuer, kind, slot, &audiences);
    let check =
        |unverified: Unverified, keys: &IssuerJwks| -> Result<Verified<Claims>, TokenFlaw> {
            verify(
                unverified,
                &expectation,
                broker.records.clock.now_s(),
                &*keys.set,
            )
        };
    let refused = |flaw: TokenFlaw| slot.flaw_of(&flaw, TakenFor { issuer, kind, slot });
    let came = broker.issuer_keys.mark();
    let (mut unverified, mut known) = match broker.issuer_keys.at_hand(issuer) {
        Some(keys) => (unverified, keys),
        None => {
            // Nothing that was taken apart is kept while it waits: it may be
            // twenty times as large as what was sent.
            drop(unverified);
            let known = keys((broker, waiter), issuer).await?;
            (super::slot::read(broker, text, slot)?, known)
        }
    };
    loop {
        match check(unverified, &known) {
            Ok(verified) => return Ok((verified, known.generation)),
            Err(flaw) if flaw.asks_for_fresh_keys() && !known.is_after(came) => {
                let asker = waiter.asker();
                let asked = (issuer, &asker);
                let newer = broker
                    .issuer_keys
                    .newer_unless(asked, &known, || waiter.waits());
                known = newer
                    .await
                    .map_err(|error| gone(broker, NO_SUCH_KID, &error))?;
                unverified = super::slot::read(broker, text, slot)?;
            }
            Err(flaw) => return Err(refused(flaw)),
        }
    }
}
