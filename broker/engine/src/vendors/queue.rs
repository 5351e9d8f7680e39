//! What waits to be revoked at its vendor: few at one time, and fewer of one target,
//! so that a vendor that hangs does not hold up the others.

use locum_core::ids::{Jti, TargetId};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Most revocations under way at one time.
const AT_ONCE: usize = 64;
/// Most of them at one target.
const AT_ONE_TARGET: usize = 16;
/// Longest pause between two tries, in seconds.
const PAUSE_MAX_S: u64 = 60;

/// A credential that has to be revoked.
pub(super) struct Due {
    pub(super) jti: Jti,
    pub(super) target: TargetId,
    /// It has expired, and its vendor never confirmed that it is revoked.
    pub(super) has_ended: bool,
}

#[derive(Default)]
struct AtTarget {
    under_way: usize,
    waiting: VecDeque<Due>,
}

/// What waits, and what is under way.
#[derive(Default)]
pub(super) struct Queue {
    known: HashSet<Jti>,
    targets: BTreeMap<TargetId, AtTarget>,
    under_way: usize,
    /// The target that was served last: the others are before it now.
    last: Option<TargetId>,
}

impl Queue {
    /// Whether it waits or is under way.
    pub(super) fn has(&self, jti: Jti) -> bool {
        self.known.contains(&jti)
    }

    /// Puts one behind the others of its target.
    pub(super) fn put(&mut self, due: Due) {
        if self.known.insert(due.jti) {
            let at = self.targets.entry(due.target.clone()).or_default();
            at.waiting.push_back(due);
        }
    }

    /// The next one, which is under way from now on; `None` where no more may be.
    pub(super) fn next(&mut self) -> Option<Due> {
        if self.under_way >= AT_ONCE {
            return None;
        }
        let may = |at: &AtTarget| at.under_way < AT_ONE_TARGET && !at.waiting.is_empty();
        let free = || {
            self.targets
                .iter()
                .filter(|(_, at)| may(at))
                .map(|(id, _)| id)
        };
        let after_last = free().find(|id| self.last.as_ref().is_none_or(|last| *id > last));
        let target = after_last.or_else(|| free().next())?.clone();
        let at = self.targets.get_mut(&target)?;
        let due = at.waiting.pop_front()?;
        at.under_way += 1;
        self.under_way += 1;
        self.last = Some(target);
        Some(due)
    }

    /// A try ended.
    pub(super) fn ended(&mut self, jti: Jti, target: &TargetId) {
        self.known.remove(&jti);
        self.under_way = self.under_way.saturating_sub(1);
        if let Some(at) = self.targets.get_mut(target) {
            at.under_way = at.under_way.saturating_sub(1);
            if at.under_way == 0 && at.waiting.is_empty() {
                self.targets.remove(target);
            }
        }
    }
}

/// Tries that brought nothing so far: how many, and Unix seconds of the next.
#[derive(Default)]
pub(super) struct Tries {
    of: HashMap<Jti, (u32, u64)>,
}

impl Tries {
    /// Whether it may be tried now.
    pub(super) fn may(&self, jti: Jti, now_s: u64) -> bool {
        self.of.get(&jti).is_none_or(|(_, next_s)| *next_s <= now_s)
    }

    /// A try brought nothing: the next waits twice as long.
    pub(super) fn failed(&mut self, jti: Jti, now_s: u64) {
        let (count, next_s) = self.of.entry(jti).or_insert((0, 0));
        let pause_s = 1_u64.checked_shl(*count).unwrap_or(PAUSE_MAX_S);
        *count = count.saturating_add(1);
        *next_s = now_s.saturating_add(pause_s.min(PAUSE_MAX_S));
    }

    /// There are no more tries of it.
    pub(super) fn over(&mut self, jti: Jti) {
        self.of.remove(&jti);
    }

    /// Whether it was tried.
    pub(super) fn has(&self, jti: Jti) -> bool {
        self.of.contains_key(&jti)
    }

    /// All that were tried.
    pub(super) fn all(&self) -> impl Iterator<Item = Jti> {
        self.of.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use locum_core::ids::Uuid7;

    fn due(number: u64, target: &str) -> Due {
        Due {
            jti: Jti(Uuid7::new(number, [1; 10])),
            target: TargetId::parse(target).unwrap(),
            has_ended: false,
        }
    }

    fn served(queue: &mut Queue) -> Vec<(Jti, TargetId)> {
        let mut out = Vec::new();
        while let Some(due) = queue.next() {
            out.push((due.jti, due.target));
        }
        out
    }

    #[test]
    fn a_target_takes_only_its_part_and_the_others_take_turns() {
        let mut queue = Queue::default();
        for number in 0..100 {
            queue.put(due(number, "hangs"));
        }
        for number in 100..103 {
            queue.put(due(number, "answers"));
        }
        let first = served(&mut queue);
        let of = |target: &str| first.iter().filter(|(_, at)| at.as_str() == target).count();
        assert_eq!((of("hangs"), of("answers")), (AT_ONE_TARGET, 3));
        let mut hanging = first.iter().filter(|(_, at)| at.as_str() == "hangs");
        let (jti, target) = hanging.next().unwrap();
        queue.ended(*jti, target);
        assert!(!queue.has(*jti));
        assert_eq!(served(&mut queue).len(), 1);
    }

    #[test]
    fn not_more_than_so_many_are_under_way_and_none_twice() {
        let mut queue = Queue::default();
        for number in 0..200 {
            let target = format!("t{}", number % 10);
            queue.put(due(number, &target));
            queue.put(due(number, &target));
        }
        let mut seen = HashSet::new();
        loop {
            let now = served(&mut queue);
            assert!(now.len() <= AT_ONCE);
            if now.is_empty() {
                break;
            }
            for (jti, target) in now {
                assert!(seen.insert(jti));
                queue.ended(jti, &target);
            }
        }
        assert_eq!(seen.len(), 200);
        assert!(queue.targets.is_empty() && queue.known.is_empty() && queue.under_way == 0);
    }

    #[test]
    fn pauses_grow_to_a_minute() {
        let mut tries = Tries::default();
        let jti = due(1, "a").jti;
        let mut pauses = Vec::new();
        for _ in 0..9 {
            tries.failed(jti, 1_000);
            let pause = (0..100).find(|pause_s| tries.may(jti, 1_000 + pause_s));
            pauses.push(pause.unwrap());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        tries.over(jti);
        assert!(tries.may(jti, 0));
    }
}
