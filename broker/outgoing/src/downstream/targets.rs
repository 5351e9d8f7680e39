//! Every target that was called, as long as there is something to remember.

use super::flaw::{CallFlaw, FlawKind};
use super::target::{Target, TargetState};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Targets that are remembered at one time.
const TARGETS_MAX: usize = 10_000;

/// The targets, by name.
#[derive(Default)]
pub(super) struct Targets(Mutex<HashMap<String, Arc<Target>>>);

impl Targets {
    /// The target of that name. Where there would be too many, those are
    /// forgotten to which nothing is going on.
    ///
    /// # Errors
    /// [`FlawKind::Busy`] where something is going on to all of them.
    pub(super) fn of(&self, name: &str, now_ms: u64) -> Result<Arc<Target>, CallFlaw> {
        let mut targets = self.lock();
        if let Some(target) = targets.get(name) {
            return Ok(target.clone());
        }
        if targets.len() >= TARGETS_MAX {
            // Under the lock nobody else takes hold of one.
            targets.retain(|_, one| Arc::strong_count(one) > 1 || one.holds_back(now_ms));
        }
        if targets.len() >= TARGETS_MAX {
            return Err(CallFlaw::not_sent(FlawKind::Busy));
        }
        let target = Target::new();
        targets.insert(name.to_owned(), target.clone());
        Ok(target)
    }

    /// What stands with the target of that name.
    pub(super) fn state(&self, name: &str, now_ms: u64) -> TargetState {
        let target = self.lock().get(name).cloned();
        target.map_or(TargetState::IDLE, |target| target.state(now_ms))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Target>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::super::breaker::Health;
    use super::super::retry_after::RetryAfter;
    use super::*;
    use locum_ambient::Clock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    #[tokio::test]
    async fn targets_to_which_nothing_is_going_on_are_forgotten_and_no_other() {
        let wall = Arc::new(AtomicU64::new(1_000));
        let clock = Clock::of(wall.clone());
        let targets = Targets::default();
        let held = targets.of("held", 1_000).unwrap();
        let enter = || targets.of("alone", clock.now_ms()).unwrap().enter(&clock);
        let mut call = enter().await.unwrap();
        call.found(Health::Answers);
        call.leave_alone(RetryAfter { seconds: 60 });
        drop(call);
        for number in 0..TARGETS_MAX {
            let _ = targets.of(&number.to_string(), clock.now_ms()).unwrap();
        }
        assert!(targets.lock().len() <= TARGETS_MAX);
        assert!(Arc::ptr_eq(&held, &targets.of("held", 1_000).unwrap()));
        assert_eq!(enter().await.err().unwrap().why, FlawKind::LeftAlone);
        // Once the pause is over, it is one of many.
        wall.store(61_000, Relaxed);
        for number in 0..2 * TARGETS_MAX {
            let _ = targets.of(&number.to_string(), clock.now_ms()).unwrap();
        }
        assert_eq!(targets.state("alone", 0), TargetState::IDLE);
    }
}
