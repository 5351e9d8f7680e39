//! Which keys change: when one takes over from another, and when one goes.

use super::{Keyring, Planning, Series, Turn, ends_ms, lives, planned};
use crate::records::{Changing, Records};
use crate::unavailable::Unavailable;
use locum_core::lineage::{LineageKind, What};
use locum_core::token::Alg;
use locum_stores::state::{KeyState, SigningKeyEntry};
use std::sync::Arc;

/// Most old keys that one record retires: far less than a record holds.
const RETIRED_AT_ONCE: usize = 64;

/// Why keys do not change.
#[derive(Debug, thiserror::Error)]
pub enum NotTurned {
    /// There are as many as there may be.
    #[error(
        "expected fewer than {max} keys of `{alg}` whose {signed} may live, found {found}; rotate again from {again}",
        max = series.keys_max(),
        alg = series.alg,
        signed = series.signed()
    )]
    Full {
        /// Which keys.
        series: Series,
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

/// The next key of a series signs and another is published.
///
/// # Errors
/// [`NotTurned`]: nothing changes then.
pub fn rotation(planning: &Planning, series: Series) -> Result<Turn, NotTurned> {
    room(planning, series)?;
    Ok(first(planning, series)?)
}

/// The same, whatever else there is: also where there are no keys yet.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(super) fn first(planning: &Planning, series: Series) -> Result<Turn, Unavailable> {
    Turn::new(planning, rotated(planning, &planning.keys, series)?)
}

/// A key out of use for ever, and what takes its place: another signs, another
/// is published. `None` where there is no such key, or it is out of use.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub fn retirement(planning: &Planning, kid: &str) -> Result<Option<Turn>, Unavailable> {
    let entries = planning.keys.iter().cloned();
    let (mine, others): (Vec<_>, Vec<_>) = entries.partition(|entry| entry.kid == kid);
    let Some(key) = mine.into_iter().next() else {
        return Ok(None);
    };
    let mut keys = match key.state() {
        KeyState::Active => rotated(planning, &others, Series::of(&key))?,
        KeyState::Next => vec![planning.generate(Series::of(&key), None)?],
        KeyState::Old => Vec::new(),
        KeyState::Retired => return Ok(None),
    };
    keys.push(key.retired(planning.now_ms));
    Ok(Some(Turn::new(planning, keys)?))
}

/// What a revocation does to the keys: one of ours that is named is retired in
/// the same record (contract §12).
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub async fn of_revocation(
    keyring: (&Arc<Keyring>, &Records),
    changing: &Changing,
    what: &What,
) -> Result<Turn, Unavailable> {
    let kid = what.id.strip_prefix("locum:");
    let Some(kid) = kid.filter(|_| what.kind == LineageKind::Key) else {
        return Ok(Turn::nothing());
    };
    let kid = kid.to_owned();
    let turn = planned(keyring, changing, move |planning| {
        retirement(planning, &kid)
    });
    Ok(turn.await?.unwrap_or_else(Turn::nothing))
}

/// Old keys whose last token or receipt has expired, out of use: some of them, where there
/// are very many. Nothing is revoked by it.
///
/// # Errors
/// [`Unavailable`] when a key that stays does not open.
pub(super) fn expired(planning: &Planning) -> Result<Option<Turn>, Unavailable> {
    let now_ms = planning.now_ms;
    let over = planning
        .keys
        .iter()
        .filter(|entry| entry.state() == KeyState::Old && !lives(entry, now_ms));
    let keys: Vec<_> = over
        .take(RETIRED_AT_ONCE)
        .map(|entry| entry.clone().retired(now_ms))
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    Ok(Some(Turn::new(planning, keys)?))
}

/// What is missing of the keys of a series in use: one that signs, and
/// one that is published before it does.
///
/// # Errors
/// [`Unavailable`] when the library fails.
pub(super) fn missing(planning: &Planning, series: Series) -> Result<Option<Turn>, Unavailable> {
    let entries = &planning.keys;
    let has = |wanted: KeyState| found(entries, series, wanted).is_some();
    let mine = |entry: &SigningKeyEntry| Series::of(entry) == series;
    let in_use = series == Series::tokens(Alg::default()) || entries.iter().any(mine);
    let keys = match (has(KeyState::Active), has(KeyState::Next)) {
        _ if !in_use => return Ok(None),
        (true, true) => return Ok(None),
        (true, false) => vec![planning.generate(series, None)?],
        (false, _) => rotated(planning, entries, series)?,
    };
    Ok(Some(Turn::new(planning, keys)?))
}

/// Whether there may be another key of the series.
fn room(planning: &Planning, series: Series) -> Result<(), NotTurned> {
    let now_ms = planning.now_ms;
    let entries = planning.keys.iter();
    let mine = entries.filter(|entry| Series::of(entry) == series);
    let living: Vec<_> = mine.filter(|entry| lives(entry, now_ms)).collect();
    let (found, max) = (living.len(), series.keys_max());
    if found < max {
        return Ok(());
    }
    // There is room once so many have ended that one more fits.
    let mut ends: Vec<u64> = living.into_iter().filter_map(ends_ms).collect();
    ends.sort_unstable();
    let last = ends.get(found - max).or(ends.last());
    let again = last.copied().unwrap_or(now_ms);
    Err(NotTurned::Full {
        series,
        found,
        again: crate::times::shown(again),
    })
}

fn found(
    entries: &[SigningKeyEntry],
    series: Series,
    wanted: KeyState,
) -> Option<&SigningKeyEntry> {
    let mut mine = entries.iter().filter(|entry| Series::of(entry) == series);
    mine.find(|entry| entry.state() == wanted)
}

/// The keys that change when the next one of a series takes over.
fn rotated(
    planning: &Planning,
    entries: &[SigningKeyEntry],
    series: Series,
) -> Result<Vec<SigningKeyEntry>, Unavailable> {
    let mut keys = Vec::new();
    if let Some(active) = found(entries, series, KeyState::Active) {
        keys.push(SigningKeyEntry {
            superseded_ms: Some(planning.now_ms),
            ..active.clone()
        });
    }
    keys.push(match found(entries, series, KeyState::Next) {
        Some(next) => SigningKeyEntry {
            activated_ms: Some(planning.now_ms),
            ..next.clone()
        },
        None => planning.generate(series, Some(planning.now_ms))?,
    });
    keys.push(planning.generate(series, None)?);
    Ok(keys)
}
