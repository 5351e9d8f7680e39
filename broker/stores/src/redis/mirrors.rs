//! Copies of the other nodes' decisions: each node follows the commits of each other,
//! and keeps them on its own disk.

use super::cluster::Cluster;
use super::copies::{CopiedTree, CopyPlace};
use super::link::{ANSWERED_WITHIN, said};
use super::reading::{bytes, pause};
use super::rows::GONE;
use super::{files, keys, peers};
use redis::streams::{StreamId, StreamReadReply};
use redis::{cmd, pipe};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::timeout;

/// How long a read waits for something new, in milliseconds.
const BLOCK_MS: u64 = 1_000;
/// Commits of one read, at most.
const COUNT: u64 = 64;
/// How often it is looked for trees that are new.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest wait for a copy to reach the end of its log.
const REACHED_WITHIN: Duration = Duration::from_millis(1_500);
/// How often old parts are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Most trees of others.
const TREES_MAX: usize = 256;

/// All copies.
pub(super) struct Mirrors {
    cluster: Arc<Cluster>,
    trees: RwLock<BTreeMap<String, Arc<CopiedTree>>>,
}

impl Mirrors {
    /// The copies that are on the disk, and what they do to the state.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn open(cluster: Arc<Cluster>) -> io::Result<Self> {
        let out = Self {
            cluster,
            trees: RwLock::default(),
        };
        let folder = out.folder();
        std::fs::create_dir_all(&folder)?;
        for item in std::fs::read_dir(&folder)? {
            let name = item?.file_name();
            if let Some(tree) = name.to_str() {
                out.begin(tree, tree)?;
            }
        }
        Ok(out)
    }

    fn folder(&self) -> std::path::PathBuf {
        self.cluster.settings.data.join("mirrors")
    }

    /// Why the state is not that of now; `None` while it is.
    pub(super) fn stale(&self) -> Option<String> {
        self.cluster.stale()
    }

    /// All copies, by tree.
    pub(super) fn all(&self) -> Vec<Arc<CopiedTree>> {
        let trees = self.trees.read().unwrap_or_else(PoisonError::into_inner);
        trees.values().cloned().collect()
    }

    /// Nodes whose records are not all here.
    pub(super) fn incomplete(&self) -> Vec<String> {
        let all = self.all();
        let not_all = all.iter().filter(|copy| !copy.is_all());
        let mut names: BTreeSet<String> = not_all.map(|copy| copy.node()).collect();
        let known: BTreeSet<String> = all.iter().map(|copy| copy.place.tree.clone()).collect();
        let others = self.cluster.rows.others(&self.cluster.settings.node, GONE);
        let unknown = others.into_iter().filter(|row| !known.contains(&row.tree));
        names.extend(unknown.map(|row| row.node));
        names.into_iter().collect()
    }

    /// Opens a copy, or begins one; `None` where there is one already.
    fn begin(&self, tree: &str, node: &str) -> io::Result<Option<Arc<CopiedTree>>> {
        let mut trees = self.trees.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = trees.get(tree) {
            if tree != node {
                known.is_of(node);
            }
            return Ok(None);
        }
        if tree == self.cluster.own_tree || trees.len() >= TREES_MAX {
            return Ok(None);
        }
        let place = CopyPlace {
            folder: self.folder().join(tree),
            tree: tree.to_owned(),
            segment_bytes: self.cluster.settings.segment_bytes,
            state: self.cluster.state.clone(),
        };
        let copy = Arc::new(CopiedTree::open(place, node)?);
        trees.insert(tree.to_owned(), copy.clone());
        Ok(Some(copy))
    }

    /// Waits until every copy has all that is in its log now.
    ///
    /// # Errors
    /// Which is not whole, of those that a live node adds to.
    pub(super) async fn reach_the_ends(&self) -> io::Result<()> {
        let others = self.cluster.rows.others(&self.cluster.settings.node, GONE);
        let live: BTreeMap<String, String> =
            others.into_iter().map(|row| (row.tree, row.node)).collect();
        let copies: BTreeMap<String, Arc<CopiedTree>> = {
            let trees = self.trees.read().unwrap_or_else(PoisonError::into_inner);
            trees.clone()
        };
        let all: BTreeSet<&String> = live.keys().chain(copies.keys()).collect();
        if all.is_empty() {
            return Ok(());
        }
        let mut asked = pipe();
        for tree in &all {
            asked.cmd("HGET").arg(keys::tree_head(tree)).arg("next");
        }
        let ends = self.cluster.commands.run_all(&asked).await;
        let ends = ends.map_err(|flaw| io::Error::other(flaw.to_string()))?;
        for (tree, end) in all.into_iter().zip(ends) {
            let end: Option<u64> = redis::from_redis_value(end).map_err(io::Error::other)?;
            // A tree without a log has no decision yet.
            let Some(end) = end else { continue };
            let missing = || {
                let node = live.get(tree).unwrap_or(tree);
                io::Error::other(format!(
                    "expected the decisions of `{node}`, found that they are not all here"
                ))
            };
            let copy = copies.get(tree).ok_or_else(missing)?;
            let mut reached = copy.reached.subscribe();
            let up_to_now = reached.wait_for(|at| *at >= end);
            let reached = timeout(REACHED_WITHIN, up_to_now).await.is_ok();
            let whole = reached && copy.is_whole(self.cluster.now_ms())?;
            if !whole && live.contains_key(tree) {
                return Err(missing());
            }
        }
        Ok(())
    }
}

/// Looks for trees, and follows each.
pub(super) async fn run(mirrors: Arc<Mirrors>) {
    for copy in mirrors.all() {
        begin(&mirrors, copy);
    }
    let mut looked = 0u32;
    loop {
        look(&mirrors).await;
        looked += 1;
        if looked.is_multiple_of(
            u32::try_from(PRUNE_EVERY.as_millis() / LOOK_EVERY.as_millis()).unwrap_or(1),
        ) {
            prune(&mirrors).await;
        }
        let _ = timeout(LOOK_EVERY, mirrors.cluster.rows.moved.notified()).await;
    }
}

/// Follows a tree, and asks for what is missing of it.
fn begin(mirrors: &Arc<Mirrors>, copy: Arc<CopiedTree>) {
    tokio::spawn(follow(mirrors.cluster.clone(), copy.clone()));
    tokio::spawn(peers::fill(mirrors.cluster.clone(), copy));
}

async fn look(mirrors: &Arc<Mirrors>) {
    let cluster = &mirrors.cluster;
    let others = cluster.rows.others(&cluster.settings.node, GONE);
    if let Err(reason) = files::exchange(cluster, &others).await {
        tracing::debug!(reason, "what files declare elsewhere is not known now");
    }
    let mut found: Vec<(String, String)> =
        others.into_iter().map(|row| (row.tree, row.node)).collect();
    let mut command = cmd("HGETALL");
    command.arg(keys::trees());
    let known: Result<BTreeMap<String, Vec<u8>>, _> = mirrors.cluster.commands.run(command).await;
    for (tree, sealed) in known.unwrap_or_default() {
        let place = keys::tree_place(&tree);
        if let Some(node) = mirrors.cluster.world.sealing.open(&sealed, &place) {
            found.push((tree, String::from_utf8_lossy(&node).into_owned()));
        }
    }
    for (tree, node) in found {
        let (of, name) = (mirrors.clone(), tree.clone());
        let begun = tokio::task::spawn_blocking(move || of.begin(&name, &node)).await;
        // The node ends.
        let Ok(begun) = begun else { return };
        match begun {
            Ok(Some(copy)) => begin(mirrors, copy),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(tree, %error, "a copy of another node's decisions cannot be kept")
            }
        }
    }
}

async fn prune(mirrors: &Arc<Mirrors>) {
    let days = u64::from(mirrors.cluster.settings.mirror_days);
    let before_ms = mirrors.cluster.now_ms().saturating_sub(days * DAY_MS);
    let all = mirrors.all();
    let prune = move || all.iter().for_each(|copy| copy.prune(before_ms));
    // It is done again.
    let _ = tokio::task::spawn_blocking(prune).await;
}

async fn follow(cluster: Arc<Cluster>, copy: Arc<CopiedTree>) {
    let mut told = None;
    loop {
        if let Err(reason) = follow_once(&cluster, &copy).await
            && told.replace(reason.clone()).as_ref() != Some(&reason)
        {
            tracing::warn!(
                node = copy.node(),
                reason,
                "the decisions of another node are not followed"
            );
        }
        pause().await;
    }
}

async fn follow_once(cluster: &Cluster, copy: &Arc<CopiedTree>) -> Result<(), String> {
    let answered = ANSWERED_WITHIN + Duration::from_millis(BLOCK_MS);
    let connected = cluster.link.connect(answered).await;
    let (mut connection, _) = connected.map_err(|flaw| flaw.to_string())?;
    let tree = copy.place.tree.clone();
    loop {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(COUNT);
        if copy.read.load(Ordering::Relaxed) {
            read.arg("BLOCK").arg(BLOCK_MS);
        }
        read.arg("STREAMS").arg(keys::tree_log(&tree));
        read.arg(format!("{}-0", copy.next()));
        let reply: Option<StreamReadReply> = read
            .query_async(&mut connection)
            .await
            .map_err(|flaw| said(&flaw))?;
        let entries = reply
            .unwrap_or_default()
            .keys
            .into_iter()
            .flat_map(|key| key.ids);
        let mut commits = Vec::new();
        for entry in entries {
            match commit(cluster, &tree, &entry) {
                Ok(commit) => commits.push(commit),
                Err(reason) => {
                    let flaw = format!(
                        "commit {} of the decisions of node `{}` {reason}; take it out with `locum store repair`",
                        entry.id,
                        copy.node()
                    );
                    cluster.flaws().commits.insert(tree.clone(), flaw.clone());
                    return Err(flaw);
                }
            }
        }
        let taker = copy.clone();
        let taken = tokio::task::spawn_blocking(move || {
            let mut commits = commits.into_iter();
            commits.try_for_each(|(first, frames): (u64, Vec<u8>)| taker.take(first, &frames))
        });
        let taken = taken.await.map_err(|e| e.to_string())?;
        taken.map_err(|e| e.to_string())?;
        cluster.flaws().commits.remove(&tree);
        copy.read.store(true, Ordering::Relaxed);
        copy.reached.send_replace(copy.next());
    }
}

/// The index of the first record of a commit, and its frames.
fn commit(cluster: &Cluster, tree: &str, entry: &StreamId) -> Result<(u64, Vec<u8>), String> {
    let first = bytes(entry, "f").and_then(|text| std::str::from_utf8(text).ok());
    let first: Option<u64> = first.and_then(|text| text.parse().ok());
    let first = first.ok_or("has no index")?;
    let sealed = bytes(entry, "d").unwrap_or_default();
    let place = keys::commit_place(tree, first);
    let frames = cluster.world.sealing.open(sealed, &place);
    let frames = frames.ok_or("does not open under this master key")?;
    Ok((first, frames))
}
