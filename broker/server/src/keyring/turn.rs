//! Keys that change together: recorded, and in force with the record.

use super::{Planning, Ring, plan, planned};
use crate::app::{App, Unavailable};
use crate::changing::{Changing, Then};
use locum_core::token::Alg;
use locum_stores::state::{Author, Change, SigningKeyEntry};

/// Why old keys are retired, as it is recorded.
const EXPIRED: &str = "its last token has expired";

/// Keys that change together, and the ring that holds once they are recorded.
/// It stands before the record is made: what is recorded is in force.
pub(crate) struct Turn {
    keys: Vec<SigningKeyEntry>,
    ring: Option<Ring>,
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
        let app = &planning.app;
        let ring = app.keyring.after(&after, &app.vault, planning.now_ms)?;
        Ok(Self {
            keys,
            ring: Some(ring),
        })
    }

    /// No key changes.
    pub(crate) const fn nothing() -> Self {
        Self {
            keys: Vec::new(),
            ring: None,
        }
    }

    /// The keys that change, as they will stand.
    pub(crate) fn keys(&self) -> &[SigningKeyEntry] {
        &self.keys
    }

    /// What is recorded.
    pub(crate) fn changes(&self) -> Vec<Change> {
        let keys = self.keys.iter().cloned();
        keys.map(|key| Change::SigningKey { key }).collect()
    }

    /// What follows the record.
    pub(crate) fn in_force(self) -> Then {
        let ring = self.ring;
        Box::new(|app| {
            if let Some(ring) = ring {
                app.keyring.put(ring);
            }
        })
    }
}

/// Records a turn of Locum's own accord and puts it in force.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn record(
    app: &App,
    changing: &Changing,
    turn: Turn,
    reason: impl Into<String>,
) -> Result<(), Unavailable> {
    let draft = app.draft(&turn.changes(), &Author::itself(reason))?;
    app.change(changing, draft, turn.in_force()).await?;
    Ok(())
}

/// Makes sure there is a key of the algorithm, and that it is recorded and
/// published before it signs.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn ensure(app: &App, alg: Alg) -> Result<(), Unavailable> {
    if app.keyring.signer(alg).is_some() {
        return Ok(());
    }
    let changing = app.changing().await?;
    if app.keyring.signer(alg).is_some() {
        return Ok(());
    }
    let turn = planned(app, &changing, move |planning| plan::first(planning, alg)).await?;
    let reason = format!("first signing keys for {alg}");
    record(app, &changing, turn, reason).await
}

/// Retires every old key whose last token has expired, as often as it takes.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn retire_expired(app: &App, changing: &Changing) -> Result<(), Unavailable> {
    while let Some(turn) = planned(app, changing, plan::expired).await? {
        let count = turn.keys().len();
        record(app, changing, turn, EXPIRED).await?;
        tracing::info!(count, "old signing keys retired: {EXPIRED}");
    }
    Ok(())
}

/// Sees to the keys at a start, once the clock is right: those whose last token
/// has expired go, and every algorithm in use has one that signs and one that is
/// published.
///
/// # Errors
/// [`Unavailable`] when it cannot be recorded.
pub(crate) async fn settle(app: &App) -> Result<(), Unavailable> {
    let changing = app.changing().await?;
    retire_expired(app, &changing).await?;
    for alg in Alg::ALL {
        let missing = move |planning: &Planning| plan::missing(planning, alg);
        let Some(turn) = planned(app, &changing, missing).await? else {
            continue;
        };
        let any = |keys: &[SigningKeyEntry]| keys.iter().any(|key| key.alg == alg);
        let reason = if any(&app.state.read().signing_keys) {
            format!("{alg} had no key that signs, or none that is next")
        } else {
            format!("first signing keys for {alg}")
        };
        record(app, &changing, turn, reason).await?;
    }
    Ok(())
}
