//! Changes of a node that is alone: its ledger has the order, and its state is
//! always that of now.

use crate::Coming;
use crate::changes::{Changes, Confirmed, Expect, Follow, NotOrdered, Ordered, Turn};
use crate::ledger::{Ledger, Reader};
use crate::state::Changed;
use locum_core::record::Draft;
use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex as AsyncMutex;

/// Changes over a ledger whose follower is the state.
pub struct EmbeddedChanges {
    ledger: Ledger,
    /// Planned changes since the start that are in the state.
    head: Arc<AtomicU64>,
    /// Whoever makes a planned one has it until that one is in the state.
    turn: Arc<AsyncMutex<()>>,
    followers: Arc<Mutex<Vec<Follow>>>,
}

impl EmbeddedChanges {
    /// Those of an open ledger.
    #[must_use]
    pub fn new(ledger: Ledger) -> Self {
        Self {
            ledger,
            head: Arc::default(),
            turn: Arc::default(),
            followers: Arc::default(),
        }
    }
}

impl Changes for EmbeddedChanges {
    fn head(&self) -> Coming<'_, u64> {
        Box::pin(ready(self.head.load(Ordering::Acquire)))
    }

    fn turn(&self) -> Coming<'_, Result<Turn, NotOrdered>> {
        Box::pin(ready(Ok(Turn::alone())))
    }

    fn append(
        &self,
        expect: Expect,
        draft: Arc<Draft>,
    ) -> Coming<'static, Result<Ordered, NotOrdered>> {
        let (ledger, followers) = (self.ledger.clone(), self.followers.clone());
        let (head, turn) = (self.head.clone(), self.turn.clone());
        Box::pin(async move {
            let turn = match expect {
                Expect::Any => None,
                Expect::At(expected) => {
                    let turn = turn.lock().await;
                    let found = head.load(Ordering::Acquire);
                    if found != expected {
                        return Err(NotOrdered::Moved { expected, found });
                    }
                    Some(turn)
                }
            };
            let appended = ledger.append(draft.clone()).await?;
            let changed = Changed::of(&draft);
            for follow in &*followers.lock().unwrap_or_else(PoisonError::into_inner) {
                // The change is on record whatever becomes of who follows it.
                let followed = catch_unwind(AssertUnwindSafe(|| follow(&changed)));
                if followed.is_err() {
                    tracing::error!("what follows a change panicked");
                }
            }
            if turn.is_some() {
                head.fetch_add(1, Ordering::Release);
            }
            let head = head.load(Ordering::Acquire);
            Ok(Ordered { appended, head })
        })
    }

    fn follow(&self, follow: Follow) {
        let mut followers = self
            .followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        followers.push(follow);
    }

    fn fresh(&self) -> bool {
        true
    }

    fn confirm(&self, _: u64, _: Duration) -> Coming<'_, Confirmed> {
        let alone = Confirmed { replicas: 1, of: 1 };
        Box::pin(ready(alone))
    }

    fn reader(&self) -> Reader {
        self.ledger.reader()
    }

    fn in_force(&self, _: u64) -> bool {
        true
    }
}
