//! The state at one moment.

use crate::broker::Broker;
use locum_stores::state::State;

/// What a change is planned from: the state at one moment, which nothing changes
/// before the plan is recorded.
pub struct Moment<'a> {
    /// What every request shares.
    pub broker: &'a Broker,
    /// What is known.
    pub state: &'a State,
    /// Unix milliseconds.
    pub now_ms: u64,
}

impl<'a> Moment<'a> {
    /// The state now.
    #[must_use]
    pub fn new(broker: &'a Broker, state: &'a State) -> Self {
        let now_ms = broker.records.clock.now_ms();
        Self {
            broker,
            state,
            now_ms,
        }
    }
}
