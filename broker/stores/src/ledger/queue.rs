//! What waits to be written. It collects while the writer syncs, and the writer
//! gives way once more before it begins: that is the whole of group commit.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use locum_core::record::{Appended, Draft};
use tokio::sync::oneshot;

use super::error::AppendError;

/// What an append is told.
pub(super) type AppendAnswer = Result<Appended, AppendError>;
/// Bytes a record has besides its body and side, roughly.
const ENVELOPE: usize = 256;
/// How often the writer gives way before a commit, at most.
const GIVE_WAY: usize = 32;

/// One append.
pub(super) struct QueuedAppend {
    pub(super) draft: Arc<Draft>,
    /// The side record's bytes.
    pub(super) side: Vec<u8>,
    /// The time that its author gave it, Unix milliseconds; `None`: that of its
    /// commit.
    pub(super) time_ms: Option<u64>,
    /// The one place that it may have; `None`: the next there is.
    pub(super) index: Option<u64>,
    pub(super) answer: oneshot::Sender<AppendAnswer>,
}

impl QueuedAppend {
    fn size(&self) -> usize {
        self.draft.body().len() + self.side.len() + ENVELOPE
    }

    pub(super) fn answer(self, answer: AppendAnswer) {
        // Who no longer waits does not hear it.
        let _ = self.answer.send(answer);
    }
}

/// What the writer is to do next.
pub(super) enum Next {
    Commit(Vec<QueuedAppend>),
    /// Nothing came within the patience.
    Idle,
    /// Closed and drained.
    End,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<QueuedAppend>,
    closed: bool,
    /// Nobody writes any more.
    abandoned: bool,
}

/// The queue between all callers and the one writer.
pub(super) struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
    limit: usize,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an append.
    pub(super) fn push(&self, waiting: QueuedAppend) -> Result<(), AppendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(AppendError::Closed);
        }
        if state.waiting.len() >= self.limit {
            let limit = self.limit;
            return Err(AppendError::Unavailable(format!(
                "expected at most {limit} waiting appends, found more"
            )));
        }
        state.waiting.push_back(waiting);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Queues a record of the ledger's own, which is taken also when no other
    /// is, as long as somebody writes. Nobody waits for its answer.
    pub(super) fn push_own(&self, draft: Draft) {
        let (answer, _) = oneshot::channel();
        let mut state = self.lock();
        if !state.abandoned {
            state.waiting.push_back(QueuedAppend {
                draft: Arc::new(draft),
                side: Vec::new(),
                time_ms: None,
                index: None,
                answer,
            });
        }
        drop(state);
        self.changed.notify_one();
    }

    /// What waits, up to so many records and (but for the last one) bytes.
    pub(super) fn take(&self, records: usize, bytes: usize, patience: Option<Duration>) -> Next {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return Next::End;
            }
            state = match patience {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let waited = self.changed.wait_timeout(state, time);
                    let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    if timeout.timed_out() && state.waiting.is_empty() && !state.closed {
                        return Next::Idle;
                    }
                    state
                }
            };
        }
        state = self.gather(state, records);
        let mut size = 0;
        let fits = |waiting: &&QueuedAppend| {
            let before = size;
            size += waiting.size();
            before < bytes
        };
        let count = state.waiting.iter().take(records).take_while(fits).count();
        Next::Commit(state.waiting.drain(..count).collect())
    }

    /// Lets those come along who are about to append: a commit costs the same
    /// for one record as for many. It gives way while somebody comes, and never
    /// waits for time to pass.
    fn gather<'a>(
        &'a self,
        mut state: MutexGuard<'a, QueueState>,
        records: usize,
    ) -> MutexGuard<'a, QueueState> {
        for _ in 0..GIVE_WAY {
            let before = state.waiting.len();
            if before >= records || state.closed {
                break;
            }
            drop(state);
            std::thread::yield_now();
            state = self.lock();
            if state.waiting.len() == before {
                break;
            }
        }
        state
    }

    /// Takes no more; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Closes and forgets what waits, whose callers hear that it is closed.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.abandoned = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }
}
