//! Tokens of ours, read back: verified with our keys, compared with their
//! record.

use super::slot::Slot;
use crate::broker::Broker;
use crate::recall::Recalled;
use crate::unavailable::{Unavailable, unavailable};
use locum_core::lineage::{Key, Keyed, LineageKind};
use locum_core::own::OwnToken;
use locum_core::refusal::Refusal;
use locum_core::standing::FOR_EVER;
use locum_core::token::{
    Alg, Audiences, Claims, Demands, Expectation, IssuerRule, Kid, TokenFlaw, TokenKind, TypRule,
    Unverified, Verified, verify,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Verifies a token of ours. Whom it is for is compared by the caller.
///
/// # Errors
/// What does not fit.
pub(crate) fn verified(broker: &Broker, text: &str) -> Result<Arc<Verified<Claims>>, TokenFlaw> {
    let expectation = Expectation {
        kind: TokenKind::Own,
        issuer: IssuerRule::Claim(&broker.issuer),
        demands: Demands::default(),
        audiences: Audiences::CallerDecides,
        algs: &Alg::ALL,
        typ: TypRule::ACCESS,
        skew_s: broker.bounds.clock_skew_s,
        max_age_s: broker.bounds.max_token_age_s,
        iat_required: true,
        jti_required: true,
        exp_max_ahead_s: None,
    };
    let keys = broker.keyring.checks();
    let key: [u8; 32] = Sha256::digest(text).into();
    if let Some((token, by)) = broker.own.get(&key)
        && Arc::ptr_eq(&by, &keys)
    {
        return token
            .check_time(&expectation, broker.records.clock.now_s())
            .map(|()| token);
    }
    let unverified = Unverified::parse(text, broker.bounds.token_bytes)?;
    let token = verify(
        unverified,
        &expectation,
        broker.records.clock.now_s(),
        &*keys,
    )?;
    let token = Arc::new(token);
    let weight = token.get().weight();
    broker.own.put_weighing(key, (token.clone(), keys), weight);
    Ok(token)
}

/// A token of ours in a slot.
///
/// # Errors
/// The slot's code.
pub(crate) fn verified_in(
    broker: &Broker,
    text: &str,
    slot: Slot,
) -> Result<Arc<Verified<Claims>>, Refusal> {
    let unverified = super::slot::read(broker, text, slot)?;
    if unverified.issuer_unverified() != Some(&broker.issuer) {
        return Err(slot.advising(
            "expected an access token of this broker, found a token of another issuer",
            "send a provider's access token or a workload token with the type `urn:ietf:params:oauth:token-type:jwt`, an ID token with `urn:ietf:params:oauth:token-type:id_token`",
        ));
    }
    let token = verified(broker, text).map_err(|flaw| slot.flaw(&flaw))?;
    match slot.too_old(broker, token.get()) {
        Some(flaw) => Err(slot.flaw(&flaw)),
        None => Ok(token),
    }
}

/// A token of ours that is on record.
pub(crate) struct OnRecord {
    /// As it was verified.
    pub(crate) verified: Arc<Verified<Claims>>,
    /// As it is read.
    pub(crate) token: OwnToken,
    /// What the ledger remembers of it.
    pub(crate) recalled: Arc<Recalled>,
}

/// A token of ours that is on record; `None` for any other text.
///
/// # Errors
/// [`Unavailable`] when the ledger cannot be read.
pub(crate) async fn on_record(
    broker: &Broker,
    text: &str,
) -> Result<Option<OnRecord>, Unavailable> {
    let Ok(verified) = verified(broker, text) else {
        return Ok(None);
    };
    let Ok(token) = OwnToken::read(&verified, &broker.issuer) else {
        return Ok(None);
    };
    let recalled = broker.recall(&token).await?;
    Ok(recalled.map(|recalled| OnRecord {
        verified,
        token,
        recalled,
    }))
}

/// The lineage key of a key of ours.
pub(crate) fn key_of(broker: &Broker, kid: &Kid) -> Key {
    let name = format!("locum:{}", kid.as_str());
    broker.records.names.key(LineageKind::Key, &name)
}

/// What the ledger remembers of a token of ours, and the lineage key of the key
/// that signed it. A token it does not know was
/// never issued; a key that was revoked vouches for nothing.
///
/// # Errors
/// The slot's code, or `LCM-UNAVAILABLE` when the ledger cannot be read.
pub(crate) async fn known(
    broker: &Broker,
    token: &OwnToken,
    kid: &Kid,
    slot: Slot,
) -> Result<(Arc<Recalled>, Key), Refusal> {
    let key = key_of(broker, kid);
    if broker.records.state.read().view.is_revoked(&key, FOR_EVER) {
        return Err(slot
            .refusal("expected a token signed by a key in use, found one whose key was revoked"));
    }
    let recalled = broker.recall(token).await;
    let recalled = recalled.map_err(|error| unavailable().because(error.to_string()))?;
    let recalled = recalled.ok_or_else(|| {
        slot.refusal("expected a token that is on the record, found one that is not")
    })?;
    Ok((recalled, key))
}
