//! One exchange on its way.

use super::kept::Foreign;
use super::seen;
use crate::broker::Broker;
use crate::oauth::form::Form;
use crate::oauth::proven::Proven;
use crate::oauth::waiting::Waiter;
use locum_ambient::telemetry::TraceId;
use locum_core::decide::{Refused, SeenMark};
use locum_core::ids::RequestId;
use locum_core::refusal::Refusal;
use std::sync::{Mutex, PoisonError};

/// Why a request of an authenticated client went no further: the check that
/// ended it, and the refusal to record.
pub(crate) struct EarlyStop {
    check: &'static str,
    refusal: Box<Refusal>,
}

impl EarlyStop {
    pub(super) fn at(check: &'static str) -> impl Fn(Refusal) -> Self {
        move |refusal| Self {
            check,
            refusal: Box::new(refusal),
        }
    }

    /// The refusal, to be recorded as it stands.
    pub(super) fn refused(self, bundle: &str) -> Refused {
        Refused::early(*self.refusal, self.check, bundle)
    }
}

/// One request on its way: who asks, with what.
pub(crate) struct Request<'a> {
    pub(super) broker: &'a Broker,
    pub(super) id: RequestId,
    pub(super) trace: Option<TraceId>,
    pub(super) form: &'a Form,
    pub(super) client: &'a Proven,
    pub(super) waiter: &'a Waiter,
    pub(super) ip: Option<String>,
    /// Foreign tokens of it that came ahead of our clock.
    pub(super) seen: Mutex<Vec<SeenMark>>,
}

impl Request<'_> {
    /// When a foreign token of it was first seen, Unix milliseconds.
    pub(super) async fn first_seen(&self, text: &str, found: &Foreign) -> Result<u64, Refusal> {
        let first = seen::first(self.broker, text, found).await?;
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(first.mark);
        Ok(first.ms)
    }

    pub(super) fn seen(&self) -> Vec<SeenMark> {
        let all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}
