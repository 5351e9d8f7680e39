//! Decisions of many nodes: this node's own ledger, and copies of the others'.

use super::mirrors::Mirrors;
use crate::Coming;
use crate::decisions::{Decisions, Position, Sought, Visit};
use crate::embedded::{Looked, permit, range};
use crate::ledger::{AppendError, Entry, Ledger, Reader};
use locum_core::ids::Jti;
use locum_core::record::{Appended, Draft};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Decisions over a Redis.
pub(super) struct RedisDecisions {
    pub(super) own: Ledger,
    pub(super) mirrors: Arc<Mirrors>,
}

impl RedisDecisions {
    fn readers(&self) -> Vec<Reader> {
        let mut all = vec![self.own.reader()];
        all.extend(self.mirrors.readers());
        all
    }

    fn find(&self, jti: Jti) -> io::Result<Option<Entry>> {
        for reader in self.readers() {
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
    looked: Looked,
    next: Option<Entry>,
}

/// Looks through all trees at once, by the times of their records.
fn search(readers: Vec<Reader>, sought: &Sought, mut visit: Visit) -> io::Result<Option<Position>> {
    let newest_first = sought.newest_first;
    let from = match &sought.from {
        Some(Position::Trees(trees)) => Some(trees),
        Some(Position::Alone(_)) | None => None,
    };
    // A tree that is younger than the search is none of it.
    let wanted = readers
        .into_iter()
        .filter(|reader| from.is_none_or(|trees| trees.contains_key(reader.tree())));
    let wanted: Vec<Reader> = wanted.collect();
    let share = (sought.look_at / wanted.len().max(1) as u64).max(1);
    let mut courses = Vec::new();
    for reader in wanted {
        let tree = reader.tree().to_owned();
        let at = from.and_then(|trees| trees.get(&tree).copied());
        let all = range(&reader, sought, at)?;
        let mut looked = Looked::new(&reader, &all, share, sought);
        let next = looked.next()?;
        courses.push(Course { tree, looked, next });
    }
    loop {
        // Where a tree was not looked through, nothing behind it may be told yet.
        let stopped = courses
            .iter()
            .any(|course| course.next.is_none() && course.looked.is_cut());
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
            course.looked.stopped_at(index);
            return Ok(position(&courses, newest_first, true));
        }
        course.next = course.looked.next()?;
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
            None => course.looked.goes_on_at(),
        };
        (course.tree.clone(), at)
    });
    Some(Position::Trees(each.collect::<BTreeMap<_, _>>()))
}
