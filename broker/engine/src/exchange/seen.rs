//! When a foreign token was first seen. What descends from one that came ahead
//! of our clock counts from then, however late its `iat` is (contract §12).

use super::kept::Foreign;
use crate::broker::Broker;
use crate::unavailable::unavailable;
use locum_core::decide::SeenMark;
use locum_core::jcs;
use locum_core::refusal::Refusal;
use locum_core::registry::TOKEN_AGE_MAX_S;
use sha2::{Digest, Sha256};

/// When a foreign token was first seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AheadToken {
    /// Unix milliseconds: now, unless it came ahead of our clock before.
    pub(crate) ms: u64,
    /// What is to be recorded with whatever becomes of the request.
    pub(crate) mark: Option<SeenMark>,
}

/// When the token was first seen. One that is ahead of our clock is remembered
/// from now on.
///
/// # Errors
/// `LCM-UNAVAILABLE` where too many are remembered: its `iat` comes soon.
pub(crate) async fn first(
    broker: &Broker,
    text: &str,
    found: &Foreign,
) -> Result<AheadToken, Refusal> {
    let now_ms = broker.records.clock.now_ms();
    let claims = found.token.get();
    let iat_s = claims.iat.unwrap_or_default();
    let ahead = iat_s.saturating_mul(1_000) > now_ms;
    if !ahead && broker.records.state.read().seen.is_empty() {
        return Ok(AheadToken {
            ms: now_ms,
            mark: None,
        });
    }
    let key = key(broker, text);
    // Any issuer may be given an age of its own later, up to the greatest. So it is
    // remembered until the token can never pass again, whatever is declared now.
    let oldest_s = iat_s.saturating_add(TOKEN_AGE_MAX_S);
    let until_s = claims.exp.min(oldest_s).saturating_add(1);
    let first_ms = if ahead {
        let seen = broker.records.claims.see(key, now_ms, until_s).await;
        Some(seen.map_err(|full| unavailable().because(full.to_string()))?)
    } else {
        broker.records.state.read().seen.get(&key)
    };
    Ok(AheadToken {
        ms: first_ms.unwrap_or(now_ms),
        mark: first_ms.map(|ms| (key, ms, until_s)),
    })
}

/// Of what was signed: another form of the same signature is no other token.
fn key(broker: &Broker, text: &str) -> [u8; 16] {
    let signed = text.rsplit_once('.').map_or(text, |(signed, _)| signed);
    let digest = jcs::hex(&Sha256::digest(signed));
    broker.records.vault.mark("first seen", &digest)
}
