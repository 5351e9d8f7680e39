//! Where a client's refusals stand: one by one up to a number a minute, beyond
//! that in a summary, which is opened on record before the first of them is
//! sent (contract §10) and closed when its minute is over, or at the stop.

use crate::oauth::waiting::Waiter;
use crate::records::Records;
use crate::unavailable::Unavailable;
use locum_core::decide::{self, Counts, Recorded, Refused, Row, SINGLY_MAX, SeenMark};
use locum_core::ids::RequestId;
use locum_core::record::{Appended, Draft};
use locum_stores::claims::Mark;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OnceCell;

/// The span in which refusals are counted, in milliseconds.
pub const MINUTE_MS: u64 = 60_000;
/// Clients whose refusals are counted: registered ones alone get here.
const CLIENTS_MAX: usize = 65_536;
/// How long a summary that could not be closed waits for the next try.
const AGAIN: Duration = Duration::from_secs(5);

/// The minutes of all clients, and where their summaries are recorded.
pub(crate) struct Summaries {
    minutes: Minutes,
    records: Records,
}

/// The minutes of all clients.
#[derive(Default)]
struct Minutes(Mutex<OpenSummaries>);

#[derive(Default)]
struct OpenSummaries {
    clients: HashMap<Box<str>, Minute>,
    /// Those that are not closed yet.
    open: Vec<Arc<Summary>>,
}

/// One client's minute.
struct Minute {
    began_ms: u64,
    singly: u32,
    summary: Option<Arc<Summary>>,
}

/// The summary of one client's minute.
pub(crate) struct Summary {
    client: Box<str>,
    began_ms: u64,
    opened: OnceCell<(Arc<Draft>, Appended)>,
    counted: Mutex<CountedRefusals>,
}

#[derive(Default)]
struct CountedRefusals {
    counts: Counts,
    /// Nothing is counted any more: its closing record is made.
    over: bool,
}

/// Where the next refusal stands.
pub(crate) enum RecordedIn {
    /// In a record of its own.
    Singly,
    /// In that summary.
    In(Arc<Summary>),
}

/// A refusal on its way into a summary.
pub(crate) struct Sent<'a> {
    /// The client that is refused.
    pub(crate) client: &'a str,
    /// Its request.
    pub(crate) request: RequestId,
    /// The mark of its assertion, and whether the identical request may run
    /// again.
    pub(crate) mark: Option<(Mark, bool)>,
    /// Tokens in it that came ahead of our clock.
    pub(crate) seen: Vec<SeenMark>,
    /// The request as something that may wait.
    pub(crate) waiter: &'a Waiter,
}

impl Summaries {
    /// None yet.
    pub(crate) fn new(records: Records) -> Self {
        Self {
            minutes: Minutes::default(),
            records,
        }
    }

    /// Where the next refusal of a client is recorded. `again`: the minute has such
    /// a refusal on record already, so this one goes into a summary.
    pub(crate) fn place(&self, client: &str, again: bool) -> RecordedIn {
        let now_ms = self.records.clock.now_ms();
        self.minutes.place(client, now_ms, again)
    }
}

impl Minutes {
    fn place(&self, client: &str, now_ms: u64, again: bool) -> RecordedIn {
        let began_ms = now_ms - now_ms % MINUTE_MS;
        let mut inside = self.lock();
        if inside.clients.len() >= CLIENTS_MAX && !inside.clients.contains_key(client) {
            inside.clients.retain(|_, of| of.began_ms == began_ms);
        }
        if inside.clients.len() >= CLIENTS_MAX && !inside.clients.contains_key(client) {
            return RecordedIn::Singly;
        }
        let OpenSummaries { clients, open } = &mut *inside;
        let minute = clients
            .entry(client.into())
            .and_modify(|of| of.turn(began_ms))
            .or_insert_with(|| Minute::new(began_ms));
        if minute.singly < SINGLY_MAX && !again {
            minute.singly += 1;
            return RecordedIn::Singly;
        }
        let known = minute.summary.as_ref().filter(|known| !known.lock().over);
        let summary = known.cloned().unwrap_or_else(|| {
            let new = Arc::new(Summary::new(client, began_ms));
            open.push(new.clone());
            new
        });
        minute.summary = Some(summary.clone());
        RecordedIn::In(summary)
    }

    fn lock(&self) -> MutexGuard<'_, OpenSummaries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Vec<Arc<Summary>> {
        self.lock().open.clone()
    }

    /// It is open, whatever was forgotten before.
    fn keep(&self, summary: &Arc<Summary>) {
        let open = &mut self.lock().open;
        if !open.iter().any(|open| Arc::ptr_eq(open, summary)) {
            open.push(summary.clone());
        }
    }

    fn forget(&self, summary: &Arc<Summary>) {
        self.lock().open.retain(|open| !Arc::ptr_eq(open, summary));
    }
}

impl Minute {
    const fn new(began_ms: u64) -> Self {
        Self {
            began_ms,
            singly: 0,
            summary: None,
        }
    }

    /// The clock never goes back: another minute is a later one.
    fn turn(&mut self, began_ms: u64) {
        if self.began_ms != began_ms {
            *self = Self::new(began_ms);
        }
    }
}

impl Summary {
    fn new(client: &str, began_ms: u64) -> Self {
        Self {
            client: client.into(),
            began_ms,
            opened: OnceCell::new(),
            counted: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, CountedRefusals> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more; `false` when it is closed.
    fn count(&self, row: Row) -> bool {
        let mut counted = self.lock();
        if !counted.over {
            counted.counts.add(row);
        }
        !counted.over
    }

    /// The record that opened it, made by whoever needs it first. That is done
    /// by a task of its own: one who goes away must not leave half of it.
    async fn opened(
        self: &Arc<Self>,
        all: &Arc<Summaries>,
    ) -> Result<&(Arc<Draft>, Appended), Unavailable> {
        let open = async {
            let gone = |_| Unavailable("expected a broker that runs, found one that stops".into());
            let opening = {
                let (all, summary) = (all.clone(), self.clone());
                tokio::spawn(async move { summary.open(&all.records).await })
            };
            let opened = opening.await.map_err(gone)??;
            all.minutes.keep(self);
            tokio::spawn(self.clone().over(Arc::downgrade(all)));
            Ok(opened)
        };
        let opened = self.opened.get_or_try_init(|| open).await;
        if opened.is_err() {
            // Nothing of it is on record: nobody has to close it.
            all.minutes.forget(self);
        }
        opened
    }

    async fn open(&self, records: &Records) -> Result<(Arc<Draft>, Appended), Unavailable> {
        let draft = decide::opened(&self.client, self.began_ms, records.random.bytes());
        let draft = Arc::new(draft);
        let appended = records.append(draft.clone()).await?;
        Ok((draft, appended))
    }

    /// Closes it once its minute is over. Between its looks it keeps nothing of
    /// the broker.
    async fn over(self: Arc<Self>, all: Weak<Summaries>) {
        loop {
            let Some(now) = all.upgrade() else { return };
            let end_ms = self.began_ms + MINUTE_MS;
            let left_ms = end_ms.saturating_sub(now.records.clock.now_ms());
            if left_ms == 0 && now.close(&self).await {
                return;
            }
            let pause = if left_ms == 0 {
                AGAIN
            } else {
                Duration::from_millis(left_ms)
            };
            drop(now);
            #[expect(
                clippy::disallowed_methods,
                reason = "the minute is the wall clock's: there is nothing else to wait for"
            )]
            tokio::time::sleep(pause).await;
        }
    }
}

impl Summaries {
    /// Counts a refusal in a summary that is on record, its mark beside it.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written: then it is not to be sent.
    pub(crate) async fn count(
        self: &Arc<Self>,
        mut summary: Arc<Summary>,
        refused: Refused,
        sent: &Sent<'_>,
    ) -> Result<Recorded<Refused>, Unavailable> {
        let records = &self.records;
        let mark = sent
            .mark
            .map(|(mark, again)| (mark.key, mark.until_s, again.then_some(mark.request)));
        if mark.is_some() || !sent.seen.is_empty() {
            let marks = (mark, &*sent.seen);
            let draft = decide::marked(sent.client, sent.request, marks, records.random.bytes());
            sent.waiter.patiently(records.append(draft)).await?;
        }
        let row = Row::of(&refused, &records.names);
        loop {
            sent.waiter.patiently(summary.opened(self)).await?;
            if summary.count(row.clone()) {
                break;
            }
            // Its minute ended meanwhile.
            match self.place(sent.client, true) {
                RecordedIn::In(next) => summary = next,
                RecordedIn::Singly => {
                    let text = "expected room for a summary of refusals, found none";
                    return Err(Unavailable(text.into()));
                }
            }
        }
        let (draft, appended) = summary.opened(self).await?;
        let recorded = refused.in_summary(draft, appended, sent.client);
        recorded.map_err(|flaw| Unavailable(flaw.to_string()))
    }

    /// Closes a summary; `false` when that is to be tried again.
    async fn close(&self, summary: &Arc<Summary>) -> bool {
        let counts = {
            let mut counted = summary.lock();
            counted.over = true;
            counted.counts.clone()
        };
        let Some((draft, appended)) = summary.opened.get() else {
            return true;
        };
        let salt = self.records.random.bytes();
        let closed = decide::closed((draft, &appended.place), &counts, salt);
        match self.records.append(closed).await {
            Ok(_) => {
                self.minutes.forget(summary);
                true
            }
            Err(error) => {
                tracing::error!(%error, "a summary of refusals was not closed; tried again later");
                false
            }
        }
    }

    /// Closes all that are open: the broker stops.
    pub(crate) async fn close_all(&self) {
        for summary in self.minutes.open() {
            self.close(&summary).await;
        }
    }
}

#[cfg(test)]
mod tests;
