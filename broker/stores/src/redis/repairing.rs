//! Takes out of Redis what does not open under the master key: no node folds it, and
//! none is ready while it is there.

use super::change_entry::{LoggedChange, NotOpened};
use super::flaw::CannotJoin;
use super::founding::LogOf;
use super::link::{ANSWERED_WITHIN, Link, said};
use super::reading::bytes;
use super::rows::Row;
use super::settings::{RedisSettings, Sealing};
use super::{keys, scripts};
use crate::formats::{FORMATS, Formats};
use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply};
use redis::{Cmd, FromRedisValue, cmd};
use std::collections::BTreeMap;

/// Entries of one read.
const PAGE: u64 = 500;

/// What was found that does not open, in words. With `take_out` it is gone.
///
/// # Errors
/// [`CannotJoin`]: the Redis cannot be reached, or is another's.
pub async fn repair(
    settings: &RedisSettings,
    sealing: &dyn Sealing,
    take_out: bool,
) -> Result<Vec<String>, CannotJoin> {
    let link = Link::new(settings)?;
    let (connection, _) = link.connect(ANSWERED_WITHIN).await?;
    let mut repair = Repair {
        connection,
        sealing,
        take_out,
        found: Vec::new(),
    };
    let tree = repair.tree(&settings.issuer).await?;
    repair.log(&tree).await?;
    repair.rows().await?;
    let trees = repair.trees().await?;
    for tree in trees {
        repair.commits(&tree).await?;
    }
    Ok(repair.found)
}

struct Repair<'a> {
    connection: MultiplexedConnection,
    sealing: &'a dyn Sealing,
    take_out: bool,
    found: Vec<String>,
}

impl Repair<'_> {
    async fn ask<T: FromRedisValue>(&mut self, command: Cmd) -> Result<T, CannotJoin> {
        let answer = command.query_async(&mut self.connection).await;
        answer.map_err(|flaw| CannotJoin(said(&flaw)))
    }

    /// The tree of changes, which has to be ours: with another master key nothing
    /// would open, and nothing may be taken out.
    async fn tree(&mut self, issuer: &str) -> Result<String, CannotJoin> {
        let mut command = cmd("HMGET");
        command.arg(keys::head()).arg("tree").arg("of");
        let (tree, of): (Option<String>, Option<Vec<u8>>) = self.ask(command).await?;
        let none = || CannotJoin("expected a change log in this Redis, found none".into());
        let tree = tree.ok_or_else(none)?;
        let of = LogOf::open(&of.unwrap_or_default(), self.sealing);
        let of = of.filter(|of| of.tree == tree).ok_or_else(|| {
            CannotJoin("expected a Redis whose log was founded under this master key, found another: nothing was taken out".into())
        })?;
        of.admits(issuer, of.format)?;
        Ok(tree)
    }

    async fn page(&mut self, log: &str, from: &str) -> Result<Vec<StreamId>, CannotJoin> {
        let mut command = cmd("XRANGE");
        command.arg(log).arg(from).arg("+").arg("COUNT").arg(PAGE);
        let reply: StreamRangeReply = self.ask(command).await?;
        Ok(reply.ids)
    }

    /// The change log: an entry is taken out with those behind it that do not open, and
    /// what opens moves up.
    async fn log(&mut self, tree: &str) -> Result<(), CannotJoin> {
        let (mut next, mut planned) = (1u64, 0u64);
        loop {
            let from = format!("{next}-0");
            let page = self.page(&keys::log(), &from).await?;
            if page.is_empty() {
                return Ok(());
            }
            for entry in page {
                let sealed = bytes(&entry, "d").unwrap_or_default();
                let at = entry
                    .id
                    .strip_suffix("-0")
                    .and_then(|text| text.parse().ok());
                let opened = open(sealed, self.sealing);
                match (at, opened) {
                    (Some(at), Ok(change)) if at == next => {
                        planned += u64::from(change.after().is_some());
                        next += 1;
                    }
                    (at, _) => {
                        self.found
                            .push(format!("entry {} of the change log", entry.id));
                        if !self.take_out {
                            next = at.map_or(next, |at: u64| at + 1);
                            continue;
                        }
                        self.take_entry_out(tree, next, planned).await?;
                        break;
                    }
                }
            }
        }
    }

    async fn take_entry_out(
        &mut self,
        tree: &str,
        at: u64,
        planned: u64,
    ) -> Result<(), CannotJoin> {
        let from = format!("{at}-0");
        let mut planned = planned;
        for entry in self.page(&keys::log(), &from).await?.iter().skip(1) {
            let sealed = bytes(entry, "d").unwrap_or_default();
            let opened = open(sealed, self.sealing);
            planned += u64::from(opened.is_ok_and(|change| change.after().is_some()));
        }
        let mut command = scripts::eval(scripts::TAKE_OUT, &[keys::head(), keys::log()]);
        command.arg(tree).arg(at).arg(planned);
        let moved: i64 = self.ask(command).await?;
        if moved < 0 {
            return Err(CannotJoin(
                "the change log was founded anew meanwhile".into(),
            ));
        }
        Ok(())
    }

    async fn rows(&mut self) -> Result<(), CannotJoin> {
        let mut command = cmd("HGETALL");
        command.arg(keys::nodes());
        let rows: BTreeMap<String, Vec<u8>> = self.ask(command).await?;
        for (node, sealed) in rows {
            if Row::open(&node, &sealed, self.sealing).is_none() {
                let name = format!("the row of node `{}`", node.escape_debug());
                self.remove(name, &keys::nodes(), &node).await?;
            }
        }
        Ok(())
    }

    async fn remove(&mut self, name: String, key: &str, field: &str) -> Result<(), CannotJoin> {
        self.found.push(name);
        if self.take_out {
            let mut command = cmd("HDEL");
            command.arg(key).arg(field);
            let _: i64 = self.ask(command).await?;
        }
        Ok(())
    }

    async fn trees(&mut self) -> Result<Vec<String>, CannotJoin> {
        let mut command = cmd("HGETALL");
        command.arg(keys::trees());
        let trees: BTreeMap<String, Vec<u8>> = self.ask(command).await?;
        let mut known = Vec::new();
        for (tree, sealed) in trees {
            if self
                .sealing
                .open(&sealed, &keys::tree_place(&tree))
                .is_some()
            {
                known.push(tree);
            } else {
                let name = format!("the name of tree `{}`", tree.escape_debug());
                self.remove(name, &keys::trees(), &tree).await?;
            }
        }
        Ok(known)
    }

    /// Commits of a tree: where one does not open, its owner sends what comes from now
    /// on, and what is missing is asked of it.
    async fn commits(&mut self, tree: &str) -> Result<(), CannotJoin> {
        let log = keys::tree_log(tree);
        let mut from = "-".to_owned();
        loop {
            let page = self.page(&log, &from).await?;
            let Some(last) = page.last().map(|entry| entry.id.clone()) else {
                return Ok(());
            };
            for entry in page {
                let first = bytes(&entry, "f").and_then(|text| std::str::from_utf8(text).ok());
                let first: Option<u64> = first.and_then(|text| text.parse().ok());
                let sealed = bytes(&entry, "d").unwrap_or_default();
                let place = first.map(|first| keys::commit_place(tree, first));
                let opened = place.and_then(|place| self.sealing.open(sealed, &place));
                if opened.is_none() {
                    self.found
                        .push(format!("commit {} of tree `{tree}`", entry.id));
                    if self.take_out {
                        let log = [keys::tree_log(tree)];
                        let mut command = scripts::eval(scripts::TAKE_COMMIT_OUT, &log);
                        command.arg(&entry.id);
                        let _: i64 = self.ask(command).await?;
                    }
                }
            }
            from = format!("({last}");
        }
    }
}

/// A change that opens. One of a newer format than this build reads opens elsewhere, and
/// is nothing to take out.
fn open(sealed: &[u8], sealing: &dyn Sealing) -> Result<LoggedChange, NotOpened> {
    let every = Formats {
        reads: u32::MAX,
        ..FORMATS
    };
    LoggedChange::open(sealed, sealing, every)
}
