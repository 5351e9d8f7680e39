//! Whether a target is called at all: a breaker that opens after failures in a
//! row, and the pause that a target asks for. Time is an argument.

use super::flaw::{CallFlaw, FlawKind};

/// Failures in a row after which nothing is sent for a while (the contract,
/// "Trouble" of downstream credentials).
const FAILURES: u32 = 5;
/// For how long, in milliseconds.
const OPEN_MS: u64 = 10_000;
/// What a caller is told to wait, in seconds, while one call finds out whether
/// the target answers again.
const PROBE_S: u64 = 1;

/// What the breaker of a target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// No call passes.
    Open,
    /// One call passes, and shows whether the target answers again.
    HalfOpen,
}

/// What a call finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// The target answers; it may refuse.
    Answers,
    /// It does not, or says itself that it cannot.
    Fails,
    /// Nothing: the call did not come that far.
    NotKnown,
}

/// What a call is to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One of many.
    Ordinary,
    /// The one that is let through to see whether the target answers again.
    Probe,
}

/// The breaker of one target.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// Since the breaker opened: when a probe may pass, Unix milliseconds.
    open_until_ms: Option<u64>,
    /// A probe is under way.
    is_probed: bool,
    /// The target asked to be left alone until then, Unix milliseconds.
    alone_until_ms: u64,
}

impl Breaker {
    /// Whether a call may pass now.
    ///
    /// # Errors
    /// Why not, and when it may.
    pub(super) fn look(&self, now_ms: u64) -> Result<Role, CallFlaw> {
        let role = match (self.open_until_ms, self.is_probed) {
            (None, _) => Role::Ordinary,
            (Some(until), _) if now_ms < until => {
                let seconds = seconds(until.max(self.alone_until_ms), now_ms);
                return Err(CallFlaw::until(FlawKind::BreakerOpen, seconds));
            }
            (Some(_), true) => return Err(CallFlaw::until(FlawKind::BreakerOpen, PROBE_S)),
            (Some(_), false) => Role::Probe,
        };
        if now_ms < self.alone_until_ms {
            let seconds = seconds(self.alone_until_ms, now_ms);
            return Err(CallFlaw::until(FlawKind::LeftAlone, seconds));
        }
        Ok(role)
    }

    /// Lets a call pass.
    ///
    /// # Errors
    /// As [`Breaker::look`].
    pub(super) fn enter(&mut self, now_ms: u64) -> Result<Role, CallFlaw> {
        let role = self.look(now_ms)?;
        self.is_probed = role == Role::Probe;
        Ok(role)
    }

    /// A call that passed has ended, or was given up. While the breaker is open
    /// the probe alone counts: what began before tells of the past.
    pub(super) fn leave(&mut self, role: Role, health: Health, now_ms: u64) {
        match (role, self.open_until_ms) {
            (Role::Probe, _) => self.is_probed = false,
            (Role::Ordinary, None) => {}
            (Role::Ordinary, Some(_)) => return,
        }
        match health {
            Health::Answers => {
                self.failures = 0;
                self.open_until_ms = None;
            }
            Health::Fails => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES {
                    self.open_until_ms = Some(now_ms.saturating_add(OPEN_MS));
                }
            }
            Health::NotKnown => {}
        }
    }

    /// The target asked to be left alone. A longer pause stays.
    pub(super) fn leave_alone(&mut self, until_ms: u64) {
        self.alone_until_ms = self.alone_until_ms.max(until_ms);
    }

    /// Seconds for which the target is still left alone.
    pub(super) fn alone_s(&self, now_ms: u64) -> u64 {
        seconds(self.alone_until_ms, now_ms)
    }

    /// What it does now.
    pub(super) fn state(&self, now_ms: u64) -> BreakerState {
        match self.open_until_ms {
            None => BreakerState::Closed,
            Some(until) if now_ms < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Whether forgetting it would let through what it holds back.
    pub(super) fn holds_back(&self, now_ms: u64) -> bool {
        self.open_until_ms.is_some_and(|until| now_ms < until) || now_ms < self.alone_until_ms
    }
}

/// Seconds from now until then, begun ones whole.
fn seconds(until_ms: u64, now_ms: u64) -> u64 {
    until_ms.saturating_sub(now_ms).div_ceil(1000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// A breaker after so many failures in a row at millisecond 1,000.
    fn after(failures: u32) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..failures {
            let role = breaker.enter(1_000).unwrap();
            breaker.leave(role, Health::Fails, 1_000);
        }
        breaker
    }

    fn refused(breaker: &Breaker, now_ms: u64) -> (FlawKind, Option<u64>) {
        let flaw = breaker.look(now_ms).unwrap_err();
        (flaw.why, flaw.retry_after_s)
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_ten_seconds() {
        assert_eq!(after(4).state(1_000), BreakerState::Closed);
        let breaker = after(5);
        assert_eq!(breaker.state(10_999), BreakerState::Open);
        assert_eq!(refused(&breaker, 1_000), (FlawKind::BreakerOpen, Some(10)));
        assert_eq!(refused(&breaker, 10_999), (FlawKind::BreakerOpen, Some(1)));
        assert_eq!(breaker.look(11_000), Ok(Role::Probe));
        assert_eq!(breaker.state(11_000), BreakerState::HalfOpen);
    }

    #[test]
    fn an_answer_in_between_begins_the_count_anew() {
        let mut breaker = after(4);
        breaker.leave(Role::Ordinary, Health::Answers, 1_000);
        breaker.leave(Role::Ordinary, Health::Fails, 1_000);
        assert_eq!(breaker.state(1_000), BreakerState::Closed);
        let mut breaker = after(4);
        breaker.leave(Role::Ordinary, Health::NotKnown, 1_000);
        breaker.leave(Role::Ordinary, Health::Fails, 1_000);
        assert_eq!(breaker.state(1_000), BreakerState::Open);
    }

    #[test]
    fn one_probe_passes_and_decides() {
        let mut breaker = after(5);
        assert_eq!(breaker.enter(11_000), Ok(Role::Probe));
        assert_eq!(refused(&breaker, 12_000), (FlawKind::BreakerOpen, Some(1)));
        breaker.leave(Role::Probe, Health::Fails, 12_000);
        assert_eq!(refused(&breaker, 12_000), (FlawKind::BreakerOpen, Some(10)));
        assert_eq!(breaker.enter(22_000), Ok(Role::Probe));
        breaker.leave(Role::Probe, Health::Answers, 22_000);
        assert_eq!(breaker.look(22_000), Ok(Role::Ordinary));
        // The count has begun anew.
        breaker.leave(Role::Ordinary, Health::Fails, 22_000);
        assert_eq!(breaker.state(22_000), BreakerState::Closed);
    }

    #[test]
    fn a_probe_that_is_given_up_makes_way_for_another() {
        let mut breaker = after(5);
        assert_eq!(breaker.enter(11_000), Ok(Role::Probe));
        breaker.leave(Role::Probe, Health::NotKnown, 11_000);
        assert_eq!(breaker.enter(11_000), Ok(Role::Probe));
    }

    #[test]
    fn calls_from_before_it_opened_neither_close_it_nor_keep_it_open() {
        let mut breaker = after(5);
        breaker.leave(Role::Ordinary, Health::Answers, 2_000);
        breaker.leave(Role::Ordinary, Health::Fails, 9_000);
        assert_eq!(breaker.state(10_999), BreakerState::Open);
        assert_eq!(breaker.enter(11_000), Ok(Role::Probe));
        breaker.leave(Role::Ordinary, Health::NotKnown, 11_000);
        assert_eq!(refused(&breaker, 11_000), (FlawKind::BreakerOpen, Some(1)));
    }

    #[test]
    fn a_target_is_left_alone_for_the_longest_time_it_asked_for() {
        let mut breaker = Breaker::default();
        breaker.leave_alone(31_000);
        breaker.leave_alone(5_000);
        assert_eq!(refused(&breaker, 1_000), (FlawKind::LeftAlone, Some(30)));
        assert_eq!(breaker.alone_s(30_001), 1);
        assert!(breaker.holds_back(30_999));
        assert_eq!(breaker.look(31_000), Ok(Role::Ordinary));
        assert!(!breaker.holds_back(31_000));
        let mut open = after(5);
        open.leave_alone(61_000);
        assert_eq!(refused(&open, 1_000), (FlawKind::BreakerOpen, Some(60)));
        assert_eq!(refused(&open, 11_000), (FlawKind::LeftAlone, Some(50)));
    }
}
