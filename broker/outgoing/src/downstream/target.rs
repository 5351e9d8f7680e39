//! Calls to one target: how many there are at one time, and what the target
//! shows of itself.

use super::breaker::{Breaker, BreakerState, Health, Role};
use super::flaw::{CallFlaw, FlawKind};
use super::retry_after::RetryAfter;
use locum_ambient::Clock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// Calls to a target at one time (the contract, "Trouble" of downstream
/// credentials).
pub(super) const UNDER_WAY_MAX: usize = 32;
/// Calls to a target that wait for one of these to end.
pub(super) const WAITING_MAX: usize = 64;

/// What stands with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetState {
    /// Whether calls pass.
    pub breaker: BreakerState,
    /// Calls that were let through and have not ended.
    pub under_way: usize,
    /// Calls that wait for one of these to end.
    pub waiting: usize,
    /// Seconds for which the target asked to be left alone, from now on.
    pub left_alone_s: u64,
}

impl TargetState {
    /// Of a target to which nothing is going on.
    pub(super) const IDLE: Self = Self {
        breaker: BreakerState::Closed,
        under_way: 0,
        waiting: 0,
        left_alone_s: 0,
    };
}

/// A target.
pub(super) struct Target {
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    breaker: Mutex<Breaker>,
}

impl Target {
    /// To which nothing is going on.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            slots: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            waiting: AtomicUsize::new(0),
            breaker: Mutex::default(),
        })
    }

    /// Lets a call through, as soon as there are few enough. Who gives up
    /// waiting leaves no trace.
    ///
    /// # Errors
    /// Why nothing may be sent.
    pub(super) async fn enter(self: Arc<Self>, clock: &Clock) -> Result<UnderWay, CallFlaw> {
        self.breaker().look(clock.now_ms())?;
        let slot = match self.slots.clone().try_acquire_owned() {
            Ok(slot) => slot,
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                let _waiting = Waiting::join(&self)?;
                let slot = self.slots.clone().acquire_owned().await;
                slot.map_err(|_| CallFlaw::not_sent(FlawKind::Busy))?
            }
        };
        // Looked at anew: while it waited, others may have failed.
        let role = self.breaker().enter(clock.now_ms())?;
        Ok(UnderWay {
            target: self,
            role,
            health: Health::NotKnown,
            clock: clock.clone(),
            _slot: slot,
        })
    }

    /// What stands with it.
    pub(super) fn state(&self, now_ms: u64) -> TargetState {
        let breaker = self.breaker();
        TargetState {
            breaker: breaker.state(now_ms),
            under_way: UNDER_WAY_MAX.saturating_sub(self.slots.available_permits()),
            waiting: self.waiting.load(Relaxed),
            left_alone_s: breaker.alone_s(now_ms),
        }
    }

    /// Whether forgetting it would let through what is held back now.
    pub(super) fn holds_back(&self, now_ms: u64) -> bool {
        self.breaker().holds_back(now_ms)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits. Counted until it is dropped.
struct Waiting<'a>(&'a Target);

impl<'a> Waiting<'a> {
    fn join(target: &'a Target) -> Result<Self, CallFlaw> {
        let more = |waiting: usize| (waiting < WAITING_MAX).then(|| waiting.saturating_add(1));
        match target.waiting.fetch_update(Relaxed, Relaxed, more) {
            Ok(_) => Ok(Self(target)),
            Err(_) => Err(CallFlaw::not_sent(FlawKind::Busy)),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

/// A call that was let through. It ends when this is dropped, whoever drops it.
pub(super) struct UnderWay {
    target: Arc<Target>,
    role: Role,
    health: Health,
    clock: Clock,
    _slot: OwnedSemaphorePermit,
}

impl UnderWay {
    /// What the call found out about its target.
    pub(super) fn found(&mut self, health: Health) {
        self.health = health;
    }

    /// The target asked to be left alone.
    pub(super) fn leave_alone(&self, said: RetryAfter) {
        let pause_ms = said.seconds.saturating_mul(1000);
        let until_ms = self.clock.now_ms().saturating_add(pause_ms);
        self.target.breaker().leave_alone(until_ms);
    }
}

impl Drop for UnderWay {
    /// First the breaker, then the slot: who waits for it looks at the breaker.
    fn drop(&mut self) {
        let now_ms = self.clock.now_ms();
        self.target.breaker().leave(self.role, self.health, now_ms);
    }
}
