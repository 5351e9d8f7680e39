//! Changes, one at a time: checked against the state as it stands, recorded,
//! and what follows done. Once begun a change runs to its end, whoever waits
//! for it; who waits does so within a bound.

use crate::app::{App, RECORDED_WITHIN, Unavailable};
use locum_core::record::{Appended, Draft};
use locum_stores::ledger::AppendError;
use locum_stores::state::{Author, Change, draft};
use std::sync::Arc;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

/// The right to change. Nobody else has it until its holder and every change
/// begun with it are done, so none is planned on a state that lacks another.
#[derive(Debug, Clone)]
pub(crate) struct Changing(#[expect(dead_code, reason = "held")] Arc<OwnedMutexGuard<()>>);

/// What follows a record, before the next change.
pub(crate) type Then = Box<dyn FnOnce(&App) + Send>;

/// Why a change cannot be said to have been made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotChanged {
    /// It was not.
    #[error("ledger: {0}")]
    Refused(#[from] AppendError),
    /// The disk is slow: it may still be made, and then whole.
    #[error("ledger: expected a record within {} s, found none", RECORDED_WITHIN.as_secs())]
    Slow,
}

impl From<NotChanged> for Unavailable {
    fn from(error: NotChanged) -> Self {
        Self(error.to_string())
    }
}

impl App {
    /// Waits for the right to change, within a bound.
    ///
    /// # Errors
    /// [`Unavailable`] when another change has it for too long.
    pub(crate) async fn changing(&self) -> Result<Changing, Unavailable> {
        let held = timeout(RECORDED_WITHIN, self.changes.clone().lock_owned()).await;
        let busy =
            |_| Unavailable("expected the change before to be recorded, found it waits".into());
        held.map(|held| Changing(Arc::new(held))).map_err(busy)
    }

    /// Records changes that hold together, which were checked against the state
    /// since `changing` was had, and does what follows. When this returns, they
    /// are durable and in force.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub(crate) async fn change(
        &self,
        changing: &Changing,
        draft: Draft,
        then: Then,
    ) -> Result<Appended, NotChanged> {
        let gone = || NotChanged::Refused(AppendError::Closed);
        let (app, held) = (self.me.upgrade().ok_or_else(gone)?, changing.clone());
        let whole = tokio::spawn(async move {
            let draft = Arc::new(draft);
            let appended = app.ledger.append(draft.clone()).await?;
            app.client_keys.follow(&app.state, &draft);
            then(&app);
            drop(held);
            Ok(appended)
        });
        let ended = timeout(RECORDED_WITHIN, whole).await;
        ended.map_err(|_| NotChanged::Slow)?.map_err(|_| gone())?
    }

    /// The draft of changes.
    ///
    /// # Errors
    /// [`Unavailable`] when one does not serialise, which none of ours does.
    pub(crate) fn draft(&self, changes: &[Change], author: &Author) -> Result<Draft, Unavailable> {
        let salts = [self.random.bytes(), self.random.bytes()];
        draft(changes, author, salts, &self.names).map_err(|e| Unavailable(format!("record: {e}")))
    }
}
