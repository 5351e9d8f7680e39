//! Which keys change: when one takes over from another, and when one goes.

use super::{Turn, ends_ms, lives};
use crate::admin::shown_time;
use crate::app::{App, Unavailable};
use locum_core::lineage::{Kind, What};
use locum_core::token::Alg;
use locum_stores::state::{KeyState, SigningKeyEntry};
use locum_tokens::keys::SigningKey;

/// Most keys of one algorithm that sign, will sign, or have signed what may
/// still live: with four algorithms `/jwks` has at most 64, which is what strict
/// readers take of a key set.
pub(super) const KEYS_PER_ALG_MAX: usize = 16;
/// Most old keys that one record retires: far less than a record holds.
const RETIRED_AT_ONCE: usize = 64;

/// Why keys do not change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTurned {
    /// There are as many as there may be.
    #[error(
        "expected fewer than {KEYS_PER_ALG_MAX} keys of `{alg}` whose tokens may live, found {found}; rotate again from {again}"
    )]
    Full {
        /// The algorithm.
        alg: Alg,
        /// Keys of it that live.
        found: usize,
        /// From when on there is room, as of RFC 3339.
        again: String,
    },
    /// The library fails, or a key does not open.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<NotTurned> for Unavailable {
    fn from(flaw: NotTurned) -> Self {
        match flaw {
            NotTurned::Full { .. } => Self(flaw.to_string()),
            NotTurned::Unavailable(flaw) => flaw,
        }
    }
}

/// The next key of an algorithm signs and another is published.
///
/// # Errors
/// [`NotTurned`]: nothing changes then.
pub(crate) fn rotation(
    app: &App,
    entries: &[SigningKeyEntry],
    alg: Alg,
    now_ms: u64,
) -> Result<Turn, NotTurned> {
    room(entries, alg, now_ms)?;
    Ok(first(app, entries, alg, now_ms)?)
}

/// The same, whatever else there is: also where there are no keys yet.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(super) fn first(
    app: &App,
    entries: &[SigningKeyEntry],
    alg: Alg,
    now_ms: u64,
) -> Result<Turn, Unavailable> {
    let keys = rotated(app, entries, alg, now_ms)?;
    Turn::new(app, entries, keys, now_ms)
}

/// A key out of use for ever, and what takes its place: another signs, another
/// is published. `None` where there is no such key, or it is out of use.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(crate) fn retirement(
    app: &App,
    entries: &[SigningKeyEntry],
    kid: &str,
    now_ms: u64,
) -> Result<Option<Turn>, Unavailable> {
    let (mine, others): (Vec<_>, Vec<_>) =
        entries.iter().cloned().partition(|entry| entry.kid == kid);
    let Some(key) = mine.into_iter().next() else {
        return Ok(None);
    };
    let mut keys = match key.state() {
        KeyState::Active => rotated(app, &others, key.alg, now_ms)?,
        KeyState::Next => vec![generate(app, key.alg, None)?],
        KeyState::Old => Vec::new(),
        KeyState::Retired => return Ok(None),
    };
    keys.push(key.retired(now_ms));
    Ok(Some(Turn::new(app, entries, keys, now_ms)?))
}

/// What a revocation does to the keys: one of ours that is named is retired in
/// the same record (contract §12).
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(crate) fn of_revocation(app: &App, what: &What) -> Result<Turn, Unavailable> {
    let kid = what.id.strip_prefix("locum:");
    let Some(kid) = kid.filter(|_| what.kind == Kind::Key) else {
        return Ok(Turn::nothing());
    };
    let state = app.state.read();
    let turn = retirement(app, &state.signing_keys, kid, app.clock.now_ms())?;
    Ok(turn.unwrap_or_else(Turn::nothing))
}

/// Old keys whose last token has expired, out of use: some of them, where there
/// are very many. Nothing is revoked by it.
///
/// # Errors
/// [`Unavailable`] when a key that stays does not open.
pub(super) fn expired(
    app: &App,
    entries: &[SigningKeyEntry],
    now_ms: u64,
) -> Result<Option<Turn>, Unavailable> {
    let over = entries
        .iter()
        .filter(|entry| entry.state() == KeyState::Old && !lives(entry, now_ms));
    let keys: Vec<_> = over
        .take(RETIRED_AT_ONCE)
        .map(|entry| entry.clone().retired(now_ms))
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    Ok(Some(Turn::new(app, entries, keys, now_ms)?))
}

/// What is missing of the keys of every algorithm in use: one that signs, and
/// one that is published before it does.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(super) fn missing(
    app: &App,
    entries: &[SigningKeyEntry],
    alg: Alg,
    now_ms: u64,
) -> Result<Option<Turn>, Unavailable> {
    let has = |wanted: KeyState| found(entries, alg, wanted).is_some();
    let in_use = alg == Alg::default() || entries.iter().any(|entry| entry.alg == alg);
    let keys = match (has(KeyState::Active), has(KeyState::Next)) {
        _ if !in_use => return Ok(None),
        (true, true) => return Ok(None),
        (true, false) => vec![generate(app, alg, None)?],
        (false, _) => rotated(app, entries, alg, now_ms)?,
    };
    Ok(Some(Turn::new(app, entries, keys, now_ms)?))
}

/// Whether there may be another key of the algorithm.
fn room(entries: &[SigningKeyEntry], alg: Alg, now_ms: u64) -> Result<(), NotTurned> {
    let of_alg = entries.iter().filter(|entry| entry.alg == alg);
    let living: Vec<_> = of_alg.filter(|entry| lives(entry, now_ms)).collect();
    let found = living.len();
    if found < KEYS_PER_ALG_MAX {
        return Ok(());
    }
    // There is room once so many have ended that one more fits.
    let mut ends: Vec<u64> = living.into_iter().filter_map(ends_ms).collect();
    ends.sort_unstable();
    let last = ends.get(found - KEYS_PER_ALG_MAX).or(ends.last());
    let again = last.copied().unwrap_or(now_ms);
    Err(NotTurned::Full {
        alg,
        found,
        again: shown_time(again),
    })
}

fn found(entries: &[SigningKeyEntry], alg: Alg, wanted: KeyState) -> Option<&SigningKeyEntry> {
    let mut of_alg = entries.iter().filter(|entry| entry.alg == alg);
    of_alg.find(|entry| entry.state() == wanted)
}

/// The keys that change when the next one of an algorithm takes over.
fn rotated(
    app: &App,
    entries: &[SigningKeyEntry],
    alg: Alg,
    now_ms: u64,
) -> Result<Vec<SigningKeyEntry>, Unavailable> {
    let mut keys = Vec::new();
    if let Some(active) = found(entries, alg, KeyState::Active) {
        keys.push(SigningKeyEntry {
            superseded_ms: Some(now_ms),
            ..active.clone()
        });
    }
    keys.push(match found(entries, alg, KeyState::Next) {
        Some(next) => SigningKeyEntry {
            activated_ms: Some(now_ms),
            ..next.clone()
        },
        None => generate(app, alg, Some(now_ms))?,
    });
    keys.push(generate(app, alg, None)?);
    Ok(keys)
}

/// A new key, sealed, not yet recorded.
pub(super) fn generate(
    app: &App,
    alg: Alg,
    activated_ms: Option<u64>,
) -> Result<SigningKeyEntry, Unavailable> {
    let failed = |e: &dyn std::fmt::Display| Unavailable(format!("signing key: {e}"));
    let key = SigningKey::generate(alg, None).map_err(|e| failed(&e))?;
    let private = key.private_jwk().map_err(|e| failed(&e))?;
    let sealed = app.vault.seal(private.expose(), key.kid());
    Ok(SigningKeyEntry {
        kid: key.kid().to_owned(),
        alg,
        public: key.public_jwk(),
        sealed: sealed.map_err(|e| failed(&e))?,
        created_at_ms: app.clock.now_ms(),
        activated_ms,
        superseded_ms: None,
        retired_ms: None,
    })
}
