//! Follows the log: every change is opened, checked, written to this node's journal
//! and folded, in order; then whoever waits for it hears of it.

use super::change_entry::{LoggedChange, NotOpened};
use super::cluster::{Cluster, Folded};
use super::link::ANSWERED_WITHIN;
use super::reading::{bytes, pause};
use super::rows::{LIVES, Row, instant};
use super::{keys, returning};
use crate::changes::Ordered;
use crate::state::Changed;
use locum_core::record::{Appended, Draft};
use redis::cmd;
use redis::streams::{StreamId, StreamReadReply};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// How long a read waits for something new, in milliseconds.
const BLOCK_MS: u64 = 1_000;
/// Entries of one read, at most.
const COUNT: u64 = 512;

/// Why following ended.
enum End {
    /// The log has to be looked at anew.
    Again,
    /// The connection, or the disk.
    Broken(String),
}

/// Follows for as long as the node runs.
pub(super) async fn run(cluster: Arc<Cluster>) {
    let (follow, coming) = unbounded_channel();
    let of = cluster.clone();
    let following = Builder::new()
        .name("followers".into())
        .spawn(move || follow_on(&of, coming));
    if let Err(error) = following {
        tracing::error!(%error, "what follows changes cannot run: this node does not join");
        return;
    }
    let mut expected: Option<BTreeSet<String>> = None;
    loop {
        match returning::arrive(&cluster, expected.as_ref()).await {
            Ok(()) => {
                match follow_log(&cluster, &follow).await {
                    End::Again => {}
                    End::Broken(reason) => tracing::warn!(reason, "the log is not followed"),
                }
                let lived = cluster.rows.others(&cluster.settings.node, LIVES);
                expected = Some(lived.into_iter().map(|row| row.node).collect());
            }
            Err(reason) => cluster.flaws().link = Some(reason),
        }
        pause().await;
    }
}

async fn follow_log(cluster: &Cluster, follow: &UnboundedSender<Following>) -> End {
    let answered = ANSWERED_WITHIN + Duration::from_millis(BLOCK_MS);
    let mut connection = match cluster.link.connect(answered).await {
        Ok((connection, info)) if cluster.runs_as(&info.run) => connection,
        Ok(_) => return End::Again,
        Err(flaw) => return End::Broken(flaw.to_string()),
    };
    let mut seq = cluster.order.now().tip.seq;
    let mut last_row = "0-0".to_owned();
    loop {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(COUNT).arg("BLOCK").arg(BLOCK_MS);
        read.arg("STREAMS").arg(keys::log()).arg(keys::rows());
        read.arg(format!("{seq}-0")).arg(&last_row);
        let reply: Result<Option<StreamReadReply>, _> = tokio::select! {
            reply = read.query_async(&mut connection) => reply,
            () = cluster.again.notified() => return End::Again,
        };
        let reply = match reply {
            Ok(reply) => reply.unwrap_or_default(),
            Err(flaw) => return End::Broken(super::link::said(&flaw)),
        };
        if !reply.keys.iter().any(|stream| stream.key == keys::log()) {
            mended(cluster);
        }
        for stream in reply.keys {
            if stream.key == keys::rows() {
                for entry in stream.ids {
                    row(cluster, &entry);
                    last_row = entry.id;
                }
            } else if let Err(flaw) = changes((cluster, follow), &mut seq, &stream.ids).await {
                match flaw {
                    Bad::Entry(text) => {
                        bad_entry(cluster, text);
                        seq = cluster.order.now().tip.seq;
                        pause().await;
                    }
                    Bad::Disk(text) => return End::Broken(text),
                }
            }
        }
    }
}

fn bad_entry(cluster: &Cluster, text: String) {
    cluster.whole.store(false, Ordering::Release);
    let before = cluster.flaws().entry.replace(text.clone());
    if before.as_deref() != Some(&text) {
        tracing::error!(reason = text, "an entry of the log is not folded");
    }
}

/// Nothing in the log stands in the way.
fn mended(cluster: &Cluster) {
    if cluster.flaws().entry.take().is_some() {
        tracing::info!("the log is folded again");
        cluster.whole.store(true, Ordering::Release);
    }
}

fn row(cluster: &Cluster, entry: &StreamId) {
    let (Some(node), Some(sealed)) = (bytes(entry, "n"), bytes(entry, "d")) else {
        return;
    };
    let node = String::from_utf8_lossy(node).into_owned();
    if let Some(row) = Row::open(&node, sealed, &*cluster.world.sealing) {
        let old_ms = cluster.now_ms().saturating_sub(row.at_ms);
        // What lay there before says nothing of now.
        if Duration::from_millis(old_ms) < LIVES {
            cluster.rows.came(row, (instant(), cluster.now_ms()));
        }
    }
}

enum Bad {
    /// An entry is not folded.
    Entry(String),
    /// The journal cannot be written.
    Disk(String),
}

/// Writes and folds the changes of a read, up to the first that may not be.
async fn changes(
    (cluster, follow): (&Cluster, &UnboundedSender<Following>),
    seq: &mut u64,
    entries: &[StreamId],
) -> Result<(), Bad> {
    let mut appending = Vec::new();
    let mut bad = None;
    for entry in entries {
        match checked(cluster, *seq + 1, entry) {
            Ok(change) => {
                let place = (*seq, change.at_ms());
                *seq += 1;
                let draft = Arc::new(change.draft);
                let appended = cluster.journal.append_at(draft.clone(), place);
                appending.push((draft, appended));
            }
            Err(text) => {
                bad = Some(Bad::Entry(text));
                break;
            }
        }
    }
    for (draft, appended) in appending {
        let appended = appended.await;
        let appended =
            appended.map_err(|flaw| Bad::Disk(format!("the journal of changes: {flaw}")))?;
        folded(cluster, follow, (&draft, appended));
    }
    cluster.tell.notify_one();
    match bad {
        Some(bad) => Err(bad),
        None => {
            mended(cluster);
            Ok(())
        }
    }
}

fn checked(cluster: &Cluster, expected: u64, entry: &StreamId) -> Result<LoggedChange, String> {
    let named = |flaw: String| {
        format!(
            "entry {} of the change log is not folded: {flaw}; see `locum store repair`",
            entry.id
        )
    };
    if entry.id != format!("{expected}-0") {
        return Err(named(format!("expected entry {expected}-0")));
    }
    let sealed = bytes(entry, "d").ok_or_else(|| named("expected a sealed change".into()))?;
    let opened = LoggedChange::open(sealed, &*cluster.world.sealing, cluster.settings.formats);
    let change = opened.map_err(|flaw| {
        let (text, too_new) = match flaw {
            NotOpened::Other(text) => (text, false),
            NotOpened::TooNew(text) => (text, true),
        };
        cluster.flaws().too_new = too_new;
        named(text)
    })?;
    cluster
        .journal
        .fits(&change.draft)
        .map_err(|flaw| named(flaw.to_string()))?;
    Ok(change)
}

/// A change that is folded, on its way to whatever follows changes, and then to its
/// author.
struct Following {
    changed: Changed,
    seq: u64,
    author: Option<(oneshot::Sender<Folded>, Folded)>,
}

/// A change is in the state: whatever follows changes hears of it in order, at its own
/// pace, and its author then. Where nothing follows it, as of a revocation, the author
/// hears at once: what was placed before it may take a while to follow.
fn folded(
    cluster: &Cluster,
    follow: &UnboundedSender<Following>,
    (draft, appended): (&Draft, Appended),
) {
    let seq = appended.place.index + 1;
    let (void, head) = {
        let order = cluster.order.now();
        (order.is_void(appended.place.index), order.tip.planned)
    };
    cluster.folded.send_replace(seq);
    cluster.fresh.folded(seq);
    cluster.head.fetch_max(seq, Ordering::Relaxed);
    let changed = Changed::of(draft);
    let ordered = Ordered { appended, head };
    let told = cluster.waiting().remove(&draft.salt());
    let mut author = told.map(|tell| (tell, Folded { ordered, void }));
    if changed == Changed::default() {
        tell(author.take());
    }
    let following = Following {
        changed,
        seq,
        author,
    };
    // The node ends.
    let _ = follow.send(following);
}

/// Who no longer waits does not hear it.
fn tell(author: Option<(oneshot::Sender<Folded>, Folded)>) {
    if let Some((tell, folded)) = author {
        let _ = tell.send(folded);
    }
}

/// Tells whatever follows changes, one at a time, on a thread of its own: loading a
/// bundle of policies takes as long as it takes.
fn follow_on(cluster: &Cluster, mut coming: UnboundedReceiver<Following>) {
    while let Some(Following {
        changed,
        seq,
        author,
    }) = coming.blocking_recv()
    {
        let followers = cluster.followers.lock();
        for follow in &*followers.unwrap_or_else(PoisonError::into_inner) {
            // The change is on record whatever becomes of who follows it.
            if catch_unwind(AssertUnwindSafe(|| follow(&changed))).is_err() {
                tracing::error!("what follows a change panicked");
            }
        }
        cluster.followed.fetch_max(seq, Ordering::Release);
        if changed != Changed::default() {
            cluster.tell.notify_one();
        }
        tell(author);
    }
}
