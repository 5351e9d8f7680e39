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
use locum_stores::changes::{Changes, Confirmed, Expect, NotOrdered, Ordered, Turn};
use locum_stores::claims::Claims;
use locum_stores::decisions::Decisions;
use locum_stores::embedded::{Alone, EmbeddedChanges, EmbeddedDecisions, EmbeddedTickets};
use locum_stores::ledger::{AppendError, Ledger, LedgerClock};
use locum_stores::nodes::Nodes;
use locum_stores::redis::RedisStore;
use locum_stores::state::{Author, Change, Shared, State, draft};
use locum_stores::tickets::{TicketBounds, Tickets};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

/// Longest a decision or a change waits for its record to be durable: a disk
/// that is slower is one that does not write.
const RECORDED_WITHIN: Duration = Duration::from_secs(5);

/// Tickets that are kept.
pub(crate) const TICKETS: TicketBounds = TicketBounds {
    of_one: 1_000,
    in_all: 100_000,
    bytes: 64 << 20,
};

/// The record, what it says now, and what else every record is made from. Cheap
/// to share.
#[derive(Clone)]
pub struct Records {
    /// The files of the record: their figures, their parts, their end.
    pub ledger: Ledger,
    /// What is known now.
    pub state: Shared,
    /// The one order of all changes.
    pub changes: Arc<dyn Changes>,
    /// What must be taken before a decision.
    pub claims: Arc<dyn Claims>,
    /// The record of decisions.
    pub decisions: Arc<dyn Decisions>,
    /// What is kept for a short while.
    pub tickets: Arc<dyn Tickets>,
    /// Who else there is.
    pub nodes: Arc<dyn Nodes>,
    /// The journal of the changes of all nodes, where there are others.
    pub journal: Option<Ledger>,
    /// Peppers and the sealing key.
    pub vault: Arc<Vault>,
    /// Names to lineage keys.
    pub names: Names,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub random: Randomness,
    turn: Arc<ChangeLock>,
}

/// Who may change. Whoever waits or has the right shares what is inside.
#[derive(Default)]
struct ChangeLock(Arc<Mutex<()>>);

/// The right to change. Nobody else has it until its holder and every change
/// begun with it are done, so none is planned on a state that lacks another.
#[derive(Debug, Clone)]
pub struct Changing(Arc<Right>);

/// The right itself, and the number of planned changes before it.
#[derive(Debug)]
struct Right {
    head: AtomicU64,
    /// That of all nodes goes ahead of ours.
    _turn: Turn,
    _held: OwnedMutexGuard<()>,
}

/// Why a change cannot be said to have been made.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// It was not.
    #[error("ledger: {0}")]
    Refused(#[from] AppendError),
    /// It was not: another node made one first, on which it has to be planned again.
    #[error("{0}")]
    Moved(NotOrdered),
    /// It is on record and not in force: its author's credential was revoked first.
    #[error("{0}")]
    NotInForce(NotOrdered),
    /// It was not: a live node could not read it.
    #[error("{0}")]
    TooNew(NotOrdered),
    /// It may have been made, or come to be.
    #[error("store: {0}")]
    Unknown(NotOrdered),
    /// The disk is slow: it may still be made, and then whole.
    #[error("ledger: expected a record within {} s, found none", RECORDED_WITHIN.as_secs())]
    Slow,
}

impl From<NotOrdered> for NotChanged {
    fn from(error: NotOrdered) -> Self {
        match error {
            NotOrdered::Refused(error) => Self::Refused(error),
            moved @ NotOrdered::Moved { .. } => Self::Moved(moved),
            new @ NotOrdered::TooNew { .. } => Self::TooNew(new),
            void @ NotOrdered::NotInForce => Self::NotInForce(void),
            unknown @ NotOrdered::Unknown(_) => Self::Unknown(unknown),
        }
    }
}

impl From<NotChanged> for Unavailable {
    fn from(error: NotChanged) -> Self {
        Self(error.to_string())
    }
}

impl Records {
    /// Those of a ledger that is open, of a node that is alone: its name, version and
    /// tree.
    pub(crate) fn alone(
        (ledger, state): (Ledger, Shared),
        (node, version, tree): (&str, &str, &str),
        (vault, names): (Vault, Names),
        (clock, random): (Clock, Randomness),
    ) -> Self {
        Self {
            changes: Arc::new(EmbeddedChanges::new(ledger.clone())),
            decisions: Arc::new(EmbeddedDecisions::new(ledger.clone())),
            tickets: Arc::new(EmbeddedTickets::new(TICKETS)),
            claims: Arc::new(state.clone()),
            nodes: Arc::new(Alone::new(node, version, tree, time_of(&clock))),
            journal: None,
            ledger,
            state,
            vault: Arc::new(vault),
            names,
            clock,
            random,
            turn: Arc::default(),
        }
    }

    /// Those of a node among others.
    pub(crate) fn shared(
        store: RedisStore,
        (vault, names): (Vault, Names),
        (clock, random): (Clock, Randomness),
    ) -> Self {
        Self {
            ledger: store.ledger,
            state: store.state,
            changes: store.changes,
            claims: store.claims,
            decisions: store.decisions,
            tickets: store.tickets,
            nodes: store.nodes,
            journal: Some(store.journal),
            vault: Arc::new(vault),
            names,
            clock,
            random,
            turn: Arc::default(),
        }
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

    /// Fails where what is known may be older than what holds now: then nothing is
    /// permitted, shown as active or changed.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn fresh(&self) -> Result<(), Unavailable> {
        let stale = || Unavailable("expected the state of now, found that it may be older".into());
        self.changes.fresh().then_some(()).ok_or_else(stale)
    }

    /// Puts a decision on record, or what surrounds one. It waits within a bound:
    /// a record that takes longer may still be made, and its request obtains nothing.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub async fn append(&self, draft: impl Into<Arc<Draft>>) -> Result<Appended, Unavailable> {
        self.append_or_undo(draft, || std::future::ready(())).await
    }

    /// The same. `undo` is done once it is sure that there never will be a record,
    /// also where nobody waits any more.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub async fn append_or_undo<F>(
        &self,
        draft: impl Into<Arc<Draft>>,
        undo: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Appended, Unavailable>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let appended = self.decisions.append(draft.into());
        let mut appending = Appending::new(appended, Box::pin(async move { undo().await }));
        match timeout(RECORDED_WITHIN, appending.ended()).await {
            Ok(ended) => Ok(ended?),
            Err(_) => Err(NotChanged::Slow.into()),
        }
    }

    /// Records changes that rest on nothing that another could change. When this
    /// returns, they are durable, in force and followed. All others:
    /// [`Records::change`].
    ///
    /// # Errors
    /// [`NotChanged`].
    pub async fn record(&self, changes: &[Change], author: &Author) -> Result<Ordered, NotChanged> {
        let draft = self.draft(changes, author);
        let draft = draft.map_err(|Unavailable(text)| AppendError::Unavailable(text))?;
        let ordered = self.changes.append(Expect::Any, Arc::new(draft));
        whole(async { Ok(ordered.await?) }).await
    }

    /// Waits for the right to change, within a bound.
    ///
    /// # Errors
    /// [`Unavailable`] when another change has it for too long.
    pub async fn changing(&self) -> Result<Changing, Unavailable> {
        self.fresh()?;
        let had = async {
            let held = self.turn.0.clone().lock_owned().await;
            let turn = self.changes.turn().await;
            Ok::<_, Unavailable>(Right {
                _turn: turn.map_err(|flaw| Unavailable(flaw.to_string()))?,
                head: AtomicU64::new(self.changes.head().await),
                _held: held,
            })
        };
        let busy =
            |_| Unavailable("expected the change before to be recorded, found it waits".into());
        let had = timeout(RECORDED_WITHIN, had).await.map_err(busy)?;
        Ok(Changing(Arc::new(had?)))
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
    pub async fn change(&self, changing: &Changing, draft: Draft) -> Result<Ordered, NotChanged> {
        let (changes, right) = (self.changes.clone(), changing.0.clone());
        whole(async move {
            let expect = Expect::At(right.head.load(Ordering::Acquire));
            let ordered = changes.append(expect, Arc::new(draft)).await?;
            right.head.store(ordered.head, Ordering::Release);
            Ok(ordered)
        })
        .await
    }

    /// How many nodes have the change at that index in force, which was waited for
    /// when it was made.
    pub async fn confirmed(&self, index: u64) -> Confirmed {
        self.changes.confirm(index, Duration::ZERO).await
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

/// The time of a clock, for what stands below it.
pub(crate) fn time_of(clock: &Clock) -> LedgerClock {
    let clock = clock.clone();
    Arc::new(move || clock.now_ms())
}

/// The clock of the machine, for what stands below it.
pub(crate) fn wall_of(clock: &Clock) -> LedgerClock {
    let clock = clock.clone();
    Arc::new(move || clock.now_ms().saturating_sub(clock.behind_ms()))
}

/// Waits for a change within a bound. It runs to its end, whoever waits.
async fn whole(
    change: impl Future<Output = Result<Ordered, NotChanged>> + Send + 'static,
) -> Result<Ordered, NotChanged> {
    let gone = |_| NotChanged::Refused(AppendError::Closed);
    let ended = timeout(RECORDED_WITHIN, tokio::spawn(change)).await;
    ended.map_err(|_| NotChanged::Slow)?.map_err(gone)?
}

#[cfg(test)]
mod tests;
