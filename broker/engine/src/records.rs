//! What is on record, what it says now, and how either grows. Changes are made
//! one at a time: checked against the state as it stands, recorded, and what
//! follows done. Once begun a change runs to its end, whoever waits for it; who
//! waits does so within a bound.

use crate::appending::Appending;
use crate::unavailable::Unavailable;
use crate::vault::{Names, Vault};
use locum_ambient::{Clock, Randomness};
use locum_core::ids::Uuid7;
use locum_core::record::{Appended, Draft};
use locum_core::standing::World;
use locum_stores::claims::Claims;
use locum_stores::ledger::{AppendError, Ledger};
use locum_stores::state::{Author, Change, Changed, Shared, State, draft};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// Longest a decision or a change waits for its record to be durable: a disk
/// that is slower is one that does not write.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);

/// What keeps something ready that follows from the state, such as keys that are
/// open.
pub(crate) trait Follows: Send + Sync {
    /// Catches up with changes that are on record and in the state.
    fn follow(&self, changed: &Changed, records: &Records);
}

/// The record, what it says now, and what else every record is made from. Cheap
/// to share.
#[derive(Clone)]
pub struct Records {
    /// The record.
    pub ledger: Ledger,
    /// What is known now.
    pub state: Shared,
    /// What must be taken before a decision.
    pub claims: Arc<dyn Claims>,
    /// Peppers and the sealing key.
    pub vault: Arc<Vault>,
    /// Names to lineage keys.
    pub names: Names,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub random: Randomness,
    turn: Arc<ChangeLock>,
    followers: Arc<OnceLock<Vec<Arc<dyn Follows>>>>,
}

/// Who may change. Whoever waits or has the right shares what is inside.
#[derive(Default)]
struct ChangeLock(Arc<Mutex<()>>);

/// The right to change. Nobody else has it until its holder and every change
/// begun with it are done, so none is planned on a state that lacks another.
#[derive(Debug, Clone)]
pub struct Changing(#[expect(dead_code, reason = "held")] Arc<OwnedMutexGuard<()>>);

/// Why a change cannot be said to have been made.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
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

impl Records {
    /// Those of a ledger that is open.
    pub(crate) fn new(
        (ledger, state): (Ledger, Shared),
        (vault, names): (Vault, Names),
        (clock, random): (Clock, Randomness),
    ) -> Self {
        Self {
            ledger,
            claims: Arc::new(state.clone()),
            state,
            vault: Arc::new(vault),
            names,
            clock,
            random,
            turn: Arc::default(),
            followers: Arc::default(),
        }
    }

    /// From now on these follow each change, before the next one.
    pub(crate) fn followed_by(&self, followers: Vec<Arc<dyn Follows>>) {
        // INVARIANT: called once, where the broker is put together.
        let _ = self.followers.set(followers);
    }

    /// A new UUIDv7 of now.
    #[must_use]
    pub fn mint(&self) -> Uuid7 {
        Uuid7::new(self.clock.now_ms(), self.random.bytes())
    }

    /// The world of now in which standing is judged.
    #[must_use]
    pub fn world<'a>(&self, state: &'a State) -> World<'a> {
        state.world(self.clock.now_ms())
    }

    /// Puts something on record, within a bound. What takes longer may still come
    /// to be on record; nothing was obtained by it then.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub async fn append(&self, draft: impl Into<Arc<Draft>>) -> Result<Appended, Unavailable> {
        self.append_or(draft, || std::future::ready(())).await
    }

    /// The same. `undo` is done once it is sure that there never will be a record,
    /// also where nobody waits any more.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub async fn append_or<F>(
        &self,
        draft: impl Into<Arc<Draft>>,
        undo: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Appended, Unavailable>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let appended = Box::pin(self.ledger.append(draft.into()));
        let mut appending = Appending::new(appended, Box::pin(async move { undo().await }));
        match timeout(RECORDED_WITHIN, appending.ended()).await {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(NotChanged::Slow.into()),
        }
    }

    /// Records changes that rest on nothing that another could change, and that
    /// nothing follows. When this returns, they are durable and in force. All
    /// others: [`Records::change`].
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub async fn record(
        &self,
        changes: &[Change],
        author: &Author,
    ) -> Result<Appended, Unavailable> {
        self.append(self.draft(changes, author)?).await
    }

    /// Waits for the right to change, within a bound.
    ///
    /// # Errors
    /// [`Unavailable`] when another change has it for too long.
    pub async fn changing(&self) -> Result<Changing, Unavailable> {
        let held = timeout(RECORDED_WITHIN, self.turn.0.clone().lock_owned()).await;
        let busy =
            |_| Unavailable("expected the change before to be recorded, found it waits".into());
        held.map(|held| Changing(Arc::new(held))).map_err(busy)
    }

    /// How many have the right to change or wait for it.
    #[must_use]
    pub fn changing_now(&self) -> usize {
        Arc::strong_count(&self.turn.0) - 1
    }

    /// Records changes that hold together, which were checked against the state
    /// since `changing` was had. When this returns, they are durable and in force,
    /// and what follows them is done.
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn change(&self, changing: &Changing, draft: Draft) -> Result<Appended, NotChanged> {
        let (records, held) = (self.clone(), changing.clone());
        let whole = tokio::spawn(async move {
            let draft = Arc::new(draft);
            let appended = records.ledger.append(draft.clone()).await?;
            let changed = Changed::of(&draft);
            for follower in records.followers.get().into_iter().flatten() {
                follower.follow(&changed, &records);
            }
            drop(held);
            Ok(appended)
        });
        let gone = |_| NotChanged::Refused(AppendError::Closed);
        let ended = timeout(RECORDED_WITHIN, whole).await;
        ended.map_err(|_| NotChanged::Slow)?.map_err(gone)?
    }

    /// The draft of changes.
    ///
    /// # Errors
    /// [`Unavailable`] when one does not serialise, which none of ours does.
    pub fn draft(&self, changes: &[Change], author: &Author) -> Result<Draft, Unavailable> {
        let salts = [self.random.bytes(), self.random.bytes()];
        draft(changes, author, salts, &self.names).map_err(|e| Unavailable(format!("record: {e}")))
    }
}
