//! Decisions of many nodes: this node's own ledger, and copies of the others'.

use super::mirrors::Mirrors;
use crate::Coming;
use crate::decisions::{Decisions, Position, Sought, Visit};
use crate::embedded::{Looked, permit, range};
use crate::ledger::{AppendError, Entry, Ledger, Reader};
use locum_core::ids::Jti;
use locum_core::record::{Appended, Draft};
use std::collections::BTreeMap;
use std::future::ready;
use std::io;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Decisions over a Redis.
pub(super) struct RedisDecisions {
    pub(super) own: Ledger,
    pub(super) mirrors: Arc<Mirrors>,
}

impl RedisDecisions {
    /// Readers of each tree, of its runs in order.
    fn readers(&self) -> Vec<Vec<Reader>> {
        let mut all = vec![vec![self.own.reader()]];
        all.extend(self.mirrors.all().iter().map(|copy| copy.readers()));
        all
    }

    fn find(&self, jti: Jti) -> io::Result<Option<Entry>> {
        for reader in self.readers().into_iter().flatten() {
            if let Some(entry) = permit(&reader, jti)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    async fn by_jti(&self, jti: Jti) -> io::Result<Option<Entry>> {
        if let Some(entry) = self.find(jti)? {
            return Ok(Some(entry));
        }
        // Another node may have issued it a moment ago.
        self.mirrors.reach_the_ends().await?;
        self.find(jti)
    }
}

impl Decisions for RedisDecisions {
    fn append(&self, draft: Arc<Draft>) -> Coming<'static, Result<Appended, AppendError>> {
        // What Redis would not take is not put on the disk either: requests that are all
        // refused would fill it.
        if let Some(stale) = self.mirrors.stale() {
            return Box::pin(ready(Err(AppendError::Unavailable(stale))));
        }
        Box::pin(self.own.append(draft))
    }

    fn by_jti(&self, jti: Jti) -> Coming<'_, io::Result<Option<Entry>>> {
        Box::pin(Self::by_jti(self, jti))
    }

    fn search(
        &self,
        sought: Sought,
        visit: Visit,
    ) -> Coming<'static, io::Result<Option<Position>>> {
        let readers = self.readers();
        Box::pin(async move { spawn_blocking(move || search(readers, &sought, visit)).await? })
    }

    fn incomplete(&self) -> Vec<String> {
        self.mirrors.incomplete()
    }
}

/// A tree that is looked through, and its next record.
struct Course {
    tree: String,
    /// Its runs, those that are looked through first at the end.
    rest: Vec<Looked>,
    looked: Option<Looked>,
    next: Option<Entry>,
    goes_on_at: u64,
}

impl Course {
    fn new(
        (tree, runs): (String, &[Reader]),
        (share, at): (u64, Option<u64>),
        sought: &Sought,
    ) -> io::Result<Self> {
        let mut rest = Vec::new();
        for reader in runs {
            let all = range(reader, sought, at)?;
            rest.push(Looked::new(reader, &all, share, sought));
        }
        if !sought.newest_first {
            rest.reverse();
        }
        let mut course = Self {
            tree,
            looked: rest.pop(),
            rest,
            next: None,
            goes_on_at: 0,
        };
        course.step()?;
        Ok(course)
    }

    /// Goes to the next record, in this run or the one behind it.
    fn step(&mut self) -> io::Result<()> {
        while let Some(looked) = &mut self.looked {
            self.next = looked.next()?;
            self.goes_on_at = looked.goes_on_at();
            if self.next.is_some() || looked.is_cut() {
                return Ok(());
            }
            self.looked = self.rest.pop();
        }
        Ok(())
    }

    /// Whether it was not looked through to its end.
    fn is_cut(&self) -> bool {
        self.next.is_none() && self.looked.as_ref().is_some_and(Looked::is_cut)
    }
}

/// Looks through all trees at once, by the times of their records.
fn search(
    trees: Vec<Vec<Reader>>,
    sought: &Sought,
    mut visit: Visit,
) -> io::Result<Option<Position>> {
    let newest_first = sought.newest_first;
    let from = match &sought.from {
        Some(Position::Trees(trees)) => Some(trees),
        Some(Position::Alone(_)) | None => None,
    };
    let named = trees.into_iter().filter_map(|runs| {
        let tree = runs.first()?.tree().to_owned();
        Some((tree, runs))
    });
    // A tree that is younger than the search is none of it.
    let wanted = named.filter(|(tree, _)| from.is_none_or(|trees| trees.contains_key(tree)));
    let wanted: Vec<(String, Vec<Reader>)> = wanted.collect();
    let share = (sought.look_at / wanted.len().max(1) as u64).max(1);
    let mut courses = Vec::new();
    for (tree, runs) in wanted {
        let at = from.and_then(|trees| trees.get(&tree).copied());
        courses.push(Course::new((tree, &runs), (share, at), sought)?);
    }
    loop {
        // Where a tree was not looked through, nothing behind it may be told yet.
        let stopped = courses.iter().any(Course::is_cut);
        let at = |course: &Course| course.next.as_ref().map(|entry| entry.place.time_ms);
        let best = courses
            .iter()
            .enumerate()
            .filter_map(|(n, course)| at(course).map(|ms| (ms, n)));
        let best = if newest_first {
            best.max_by_key(|(ms, n)| (*ms, std::cmp::Reverse(*n)))
        } else {
            best.min()
        };
        let course = match best {
            Some((_, n)) if !stopped => courses.get_mut(n),
            Some(_) | None => None,
        };
        let Some(course) = course else {
            return Ok(position(&courses, newest_first, stopped));
        };
        let Some(entry) = course.next.take() else {
            continue;
        };
        let index = entry.place.index;
        if visit(entry).is_break() {
            course.goes_on_at = index + u64::from(newest_first);
            return Ok(position(&courses, newest_first, true));
        }
        course.step()?;
    }
}

/// Where the next search goes on.
fn position(courses: &[Course], newest_first: bool, more: bool) -> Option<Position> {
    if !more {
        return None;
    }
    let each = courses.iter().map(|course| {
        let at = match &course.next {
            Some(entry) => entry.place.index + u64::from(newest_first),
            None => course.goes_on_at,
        };
        (course.tree.clone(), at)
    });
    Some(Position::Trees(each.collect::<BTreeMap<_, _>>()))
}
