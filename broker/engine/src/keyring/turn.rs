//! Keys that change together: recorded, and in force with the record.

use super::{Keyring, Planning, Series, plan, planned};
use crate::records::{Changing, Records};
use crate::unavailable::Unavailable;
use locum_core::token::Alg;
use locum_stores::state::{Author, Change, SigningKeyEntry};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why old keys are retired, as it is recorded.
const EXPIRED: &str = "the last of what it signed has expired";

/// Keys that change together. The ring that holds once they are recorded was
/// opened before: what is recorded can be in force.
pub struct Turn {
    keys: Vec<SigningKeyEntry>,
}

impl Turn {
    /// The turn after which `keys` stand beside the others.
    ///
    /// # Errors
    /// [`Unavailable`] when one does not open.
    pub(super) fn new(
        planning: &Planning,
        keys: Vec<SigningKeyEntry>,
    ) -> Result<Self, Unavailable> {
        let stays = |entry: &&SigningKeyEntry| !keys.iter().any(|key| key.kid == entry.kid);
        let mut after: Vec<_> = planning.keys.iter().filter(stays).cloned().collect();
        after.extend(keys.iter().cloned());
        let vault = &planning.records.vault;
        planning.keyring.plan(&after, (vault, planning.now_ms))?;
        Ok(Self { keys })
    }

    /// No key changes.
    pub const fn nothing() -> Self {
        Self { keys: Vec::new() }
    }

    /// The keys that change, as they will stand.
    pub fn keys(&self) -> &[SigningKeyEntry] {
        &self.keys
    }

    /// What is recorded.
    pub fn changes(&self) -> Vec<Change> {
        let keys = self.keys.iter().cloned();
        keys.map(|key| Change::SigningKey { key }).collect()
    }
}

/// Records a turn of Locum's own accord and puts it in force.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub async fn record(
    records: &Records,
    changing: &Changing,
    turn: &Turn,
    reason: impl Into<String>,
) -> Result<(), Unavailable> {
    let draft = records.draft(&turn.changes(), &Author::itself(reason))?;
    records.change(changing, draft).await?;
    Ok(())
}

impl Keyring {
    /// Makes sure there is a key of the series, and that it is recorded and
    /// published before it signs.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be recorded.
    pub async fn ensure(
        self: &Arc<Self>,
        records: &Records,
        series: Series,
    ) -> Result<(), Unavailable> {
        if self.signer_of(series).is_some() {
            return Ok(());
        }
        let changing = records.changing().await?;
        if self.signer_of(series).is_some() {
            return Ok(());
        }
        let first = move |planning: &Planning| plan::first(planning, series);
        let turn = planned((self, records), &changing, first).await?;
        let reason = format!("first signing keys for {series}");
        record(records, &changing, &turn, reason).await
    }

    /// Retires every old key whose last token or receipt has expired, as often as it takes.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be recorded.
    pub async fn retire_expired(
        self: &Arc<Self>,
        records: &Records,
        changing: &Changing,
    ) -> Result<(), Unavailable> {
        while let Some(turn) = planned((self, records), changing, plan::expired).await? {
            let count = turn.keys().len();
            record(records, changing, &turn, EXPIRED).await?;
            tracing::info!(count, "old signing keys retired: {EXPIRED}");
        }
        Ok(())
    }

    /// Makes sure of a key for every algorithm that a target declares, so that who
    /// checks its tokens has the key before the first of them.
    ///
    /// # Errors
    /// [`Unavailable`] when one cannot be recorded.
    pub async fn ensure_declared(self: &Arc<Self>, records: &Records) -> Result<(), Unavailable> {
        let declared: BTreeSet<Alg> = {
            let state = records.state.read();
            let targets = state.registry.targets();
            targets
                .filter_map(|target| target.spec.connector.alg())
                .collect()
        };
        for alg in declared {
            self.ensure(records, Series::tokens(alg)).await?;
        }
        Ok(())
    }

    /// Sees to the keys at a start, once the clock is right: those whose last token
    /// or receipt has expired go, and every series in use has one that signs and one that is
    /// published.
    ///
    /// # Errors
    /// [`Unavailable`] when it cannot be recorded.
    pub async fn settle(self: &Arc<Self>, records: &Records) -> Result<(), Unavailable> {
        let changing = records.changing().await?;
        self.retire_expired(records, &changing).await?;
        for series in Series::all() {
            let missing = move |planning: &Planning| plan::missing(planning, series);
            let Some(turn) = planned((self, records), &changing, missing).await? else {
                continue;
            };
            let any = |keys: &[SigningKeyEntry]| keys.iter().any(|key| Series::of(key) == series);
            let reason = if any(&records.state.read().signing_keys) {
                format!("{series} had no key that signs, or none that is next")
            } else {
                format!("first signing keys for {series}")
            };
            record(records, &changing, &turn, reason).await?;
        }
        Ok(())
    }
}
