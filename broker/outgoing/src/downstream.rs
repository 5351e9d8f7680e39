//! Calls to downstream systems: only those that the operator's list admits, few
//! at one time, none to a target that does not answer or wants to be left alone.
//! A request leaves at most once. Where nobody knows whether it left, the flaw
//! says so.

mod breaker;
mod clients;
mod exchange;
mod flaw;
mod identity;
mod retry_after;
mod target;
mod targets;

pub use breaker::BreakerState;
pub use flaw::{CallFlaw, FlawKind, Sent};
pub use identity::ClientIdentity;
pub use retry_after::RetryAfter;
pub use target::TargetState;

use crate::address::Scheme;
use crate::allowed::{AllowList, Allowed};
use crate::authorities::Authorities;
use crate::client::vet;
use crate::flaw::FetchFlaw;
use crate::resolve::Lookup;
use breaker::Health;
use clients::{CONNECT_WITHIN, Clients};
use http::{Request, Response};
use locum_ambient::Clock;
use locum_core::secret::Secret;
use std::sync::Arc;
use std::time::Duration;
use targets::Targets;

/// Longest that a call may take where its caller says nothing: as long as the
/// whole course (the contract, "Trouble" of downstream credentials).
const SEND_WITHIN: Duration = Duration::from_secs(20);
/// What downstream calls may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownstreamBounds {
    /// All that is reached, over TLS.
    pub allow: Vec<Allowed>,
    /// Whether this machine is reached without TLS too, where `allow` has it.
    pub plain_to_loopback: bool,
}

/// Calls downstream systems.
pub struct Downstream {
    admission: Arc<AllowList>,
    clients: Clients,
    targets: Targets,
    clock: Clock,
}

impl Downstream {
    /// Calls within the bounds; names are looked up with `lookup`, and servers
    /// vouched for by `roots` too.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(
        bounds: DownstreamBounds,
        lookup: Arc<dyn Lookup>,
        roots: Authorities,
        clock: Clock,
    ) -> Result<Self, FetchFlaw> {
        Self::connecting(bounds, (lookup, CONNECT_WITHIN), roots, clock)
    }

    /// The same, with another bound on connecting.
    fn connecting(
        bounds: DownstreamBounds,
        (lookup, within): (Arc<dyn Lookup>, Duration),
        roots: Authorities,
        clock: Clock,
    ) -> Result<Self, FetchFlaw> {
        let admission = Arc::new(AllowList {
            allow: bounds.allow,
            plain_to_loopback: bounds.plain_to_loopback,
        });
        Ok(Self {
            clients: Clients::new(admission.clone(), (lookup, within), roots)?,
            admission,
            targets: Targets::default(),
            clock,
        })
    }

    /// From now on these authorities count beside the machine's; whether they
    /// are others than before. Then connections are made anew.
    pub fn believe(&self, roots: Authorities) -> bool {
        self.clients.believe(roots)
    }

    /// What stands with a target.
    pub fn state(&self, target: &str) -> TargetState {
        self.targets.state(target, self.clock.now_ms())
    }

    /// Sends a request to a target, and gives its answer, whatever its status. An
    /// answer that asks to be left alone has a [`RetryAfter`] among its
    /// extensions. Who drops this gives up the call.
    ///
    /// # Errors
    /// Why there is no answer, and whether the request may have left.
    pub async fn send(
        &self,
        target: &str,
        request: Request<Secret<Vec<u8>>>,
        identity: Option<&ClientIdentity>,
    ) -> Result<Response<Vec<u8>>, CallFlaw> {
        self.send_within(target, request, identity, SEND_WITHIN)
            .await
    }

    /// The same, of which waiting, sending and reading take at most that long
    /// together, and waiting at most a quarter: a call that is begun has the time to
    /// end, for what an answer brings that nobody reads is lost. Only a call that ends so counts as one that its target failed:
    /// where the caller gives up first, it tells nothing of the target.
    ///
    /// # Errors
    /// As [`Downstream::send`].
    pub async fn send_within(
        &self,
        target: &str,
        request: Request<Secret<Vec<u8>>>,
        identity: Option<&ClientIdentity>,
        within: Duration,
    ) -> Result<Response<Vec<u8>>, CallFlaw> {
        let vetted = vet(&request.uri().to_string(), &*self.admission);
        let (url, scheme) = vetted.map_err(CallFlaw::not_sent)?;
        if scheme == Scheme::Plain && identity.is_some() {
            return Err(CallFlaw::not_sent(FlawKind::NeedsTls));
        }
        let target = self.targets.of(target, self.clock.now_ms())?;
        let mut under_way = None;
        let course = async {
            let entered = target.enter(&self.clock);
            let entered = tokio::time::timeout(within / WAITING_PART, entered).await;
            let entered = entered.unwrap_or_else(|_| Err(CallFlaw::not_sent(FlawKind::Busy)));
            under_way = Some(entered?);
            let client = self.clients.of(scheme, identity).await;
            let client = client.map_err(|e| FlawKind::Client(e.to_string()));
            let client = client.map_err(CallFlaw::not_sent)?;
            exchange::answer(&client, exchange::to(url, request)).await
        };
        let ended = tokio::time::timeout(within, course).await;
        let Some(mut under_way) = under_way else {
            return ended.unwrap_or_else(|_| Err(CallFlaw::not_sent(FlawKind::Busy)));
        };
        let mut answer = ended.unwrap_or_else(|_| Err(CallFlaw::unknown(FlawKind::Timeout)));
        under_way.found(health(&answer));
        if let Ok(answer) = &mut answer {
            let now_ms = self.clock.now_ms();
            if let Some(said) = retry_after::said(answer.status(), answer.headers(), now_ms) {
                under_way.leave_alone(said);
                answer.extensions_mut().insert(said);
            }
        }
        answer
    }
}

/// Of the time for a call, waiting for a place takes at most one part in so many.
const WAITING_PART: u32 = 4;

/// What an answer, or its lack, shows of its target. A refusal is an answer.
fn health(answer: &Result<Response<Vec<u8>>, CallFlaw>) -> Health {
    match answer {
        Ok(answer) if answer.status().as_u16() >= 500 => Health::Fails,
        Ok(_) => Health::Answers,
        Err(flaw) if flaw.why.is_the_targets() => Health::Fails,
        Err(_) => Health::NotKnown,
    }
}

#[cfg(test)]
mod tests;
