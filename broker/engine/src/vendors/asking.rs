//! One course at a vendor: requests out, replies in, a credential out.

use super::aid::For;
use super::refreshing::{NoTurn, Turn};
use crate::broker::Broker;
use crate::unavailable::Unavailable;
use locum_connectors::{Handle, Obtained, Order, Prepared, Sending, Step, Trouble};
use locum_core::decide::{Failure, Permit, Recorded};
use locum_core::ids::SecretName;
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::{Downstream, Target};
use locum_core::secret::Secret;
use locum_outgoing::{CallFlaw, RetryAfter, Sent};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Longest that the turn to send a refresh token is awaited, before the course.
const TURN_WITHIN: Duration = Duration::from_secs(10);
/// Longest that a whole course takes (contract §15, "Trouble").
const COURSE_WITHIN: Duration = Duration::from_secs(20);
/// Seconds after which trying again may help where the vendor does not say.
const AGAIN_S: u64 = 1;

/// A credential of a vendor, and whether it has to be revoked there to end in time.
pub(crate) struct Asked {
    pub(crate) obtained: Obtained,
    pub(crate) prepared: Arc<Prepared>,
}

/// Why there is none.
pub(crate) struct NotHandedOut {
    pub(crate) failure: Failure,
    pub(crate) refusal: Refusal,
    /// What the vendor made though nothing is handed out.
    pub(crate) leftover: Option<Box<Handle>>,
}

impl NotHandedOut {
    /// Something fell before the vendor was asked.
    pub(crate) const fn not_sent(refusal: Refusal) -> Self {
        Self {
            failure: Failure::NotSent,
            refusal,
            leftover: None,
        }
    }

    /// The vendor handed out what it had handed out before: it would be shared.
    pub(crate) fn twice() -> Self {
        let detail = "expected a credential that was not handed out before, found the same one";
        tracing::warn!(detail, "a vendor handed one credential out twice");
        Self {
            failure: Failure::Unknown,
            refusal: downstream("expected a credential of its own from the target's own system, found one that was handed out already; try again after Retry-After seconds")
                .because(detail),
            leftover: None,
        }
    }
}

/// When waiting for the vendor ends.
#[derive(Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of the runtime bounds a wait; no answer depends on what time it is"
    )]
    fn after(wait: Duration) -> Self {
        Self(Instant::now() + wait)
    }

    #[expect(clippy::disallowed_methods, reason = "as above")]
    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// Asks the vendor of the permit's target. `fallen` says what fell meanwhile: it is
/// asked where there was something to wait for.
///
/// # Errors
/// [`NotHandedOut`].
pub(crate) async fn ask(
    broker: &Broker,
    permit: &Recorded<Permit>,
    fallen: &(dyn Fn(&Permit) -> Option<Refusal> + Sync),
) -> Result<Asked, NotHandedOut> {
    let target = permit.target().ok_or_else(undeclared)?;
    let connector = target.spec.connector.downstream().ok_or_else(undeclared)?;
    let prepared = broker.vendors.prepared(&target.spec);
    let prepared = prepared.ok().flatten().ok_or_else(undeclared)?;
    let account = permit.handout().and_then(|handout| handout.account);
    let now_s = broker.records.clock.now_s();
    let order = Order::of(permit, account, &broker.issuer, now_s);
    let no = |trouble| not_handed(target, trouble);
    let mut turn = match prepared.kept(&order).map_err(no)? {
        None => None,
        Some(name) => {
            let turn = turn(broker, (target, connector), name).await?;
            if let Some(refusal) = fallen(permit) {
                return Err(NotHandedOut::not_sent(refusal));
            }
            Some(turn)
        }
    };
    // A refresh has its whole time, however long its turn was awaited: what the
    // answer brings in place of the token must not be lost.
    let ends = Deadline::after(COURSE_WITHIN);
    let kept = turn.as_ref().map(Turn::kept);
    let kept = kept.as_ref().map(|(name, open)| (name, open));
    let aid = For {
        broker,
        connector,
        kept,
    };
    let (mut course, mut sending) = prepared.begin(&order, &aid).map_err(no)?;
    loop {
        let reply = send(broker, target, &aid, sending, ends).await?;
        let again = reply.extensions().get::<RetryAfter>().copied();
        let mut next = course.next(reply);
        if let Some((turn, token)) = turn.as_mut().zip(rotated(&mut next))
            && let Err(flaw) = turn.keep(broker, token).await
        {
            return Err(not_kept(target, &flaw, next));
        }
        match next {
            Ok(Step::Send(next, request)) => (course, sending) = (*next, request),
            Ok(Step::Done(mut obtained)) => {
                let id = obtained.vendor_request_id.take();
                obtained.vendor_request_id = id.filter(|id| !aid.is_told(&prepared, id));
                return fitting(permit, *obtained, prepared);
            }
            Err(trouble) => {
                let mut no = not_handed(target, trouble);
                if let Some(again) = again {
                    no.refusal.retry_after_s = again.seconds;
                }
                return Err(no);
            }
        }
    }
}

/// The turn to send a person's refresh token, at a target that is as it was.
async fn turn(
    broker: &Broker,
    (target, connector): (&Target, &Downstream),
    name: SecretName,
) -> Result<Turn, NotHandedOut> {
    let turn = timeout(TURN_WITHIN, Turn::take(broker, connector, name)).await;
    let turn = turn.unwrap_or_else(|_| Err(NoTurn::Busy));
    let turn = turn.map_err(|flaw| no_turn(target, &flaw))?;
    changed(broker, target)?;
    Ok(turn)
}

/// Whether the target is declared otherwise now: nothing is sent then.
fn changed(broker: &Broker, target: &Target) -> Result<(), NotHandedOut> {
    let state = broker.records.state.read();
    let now = state.registry.target(target.id.as_str());
    let same = now.is_some_and(|now| now.spec.connector == target.spec.connector);
    same.then_some(()).ok_or_else(|| {
        let text = "expected the target to stay as it was declared, found a change while others were served; try again after Retry-After seconds";
        NotHandedOut::not_sent(downstream(text))
    })
}

/// The refresh token that came along, whatever else did.
fn rotated(next: &mut Result<Step, Trouble>) -> Option<Secret<String>> {
    match next {
        Ok(Step::Done(obtained)) => obtained.rotated.take(),
        Err(Trouble::Nonsense { rotated, .. }) => rotated.take(),
        Ok(Step::Send(..)) | Err(_) => None,
    }
}

/// What lives longer than the operator's word is not handed out, also where it can
/// be revoked alone: then that is done at once.
fn fitting(
    permit: &Permit,
    mut obtained: Obtained,
    prepared: Arc<Prepared>,
) -> Result<Asked, NotHandedOut> {
    match too_long(permit, &obtained, &prepared) {
        Some(refusal) if obtained.handle.is_some() => Err(NotHandedOut {
            failure: Failure::Unknown,
            refusal,
            leftover: obtained.handle.take().map(Box::new),
        }),
        _ => Ok(Asked { obtained, prepared }),
    }
}

/// Whether it lives longer than the operator said, which was not accepted
/// (contract §15, "Trouble").
pub(crate) fn too_long(
    permit: &Permit,
    obtained: &Obtained,
    prepared: &Prepared,
) -> Option<Refusal> {
    let target = permit.target()?;
    let longest_s = prepared.terms().able.life_s(permit.lifetime())?;
    let life_s = obtained.expires_in?;
    let longer = life_s > u64::from(longest_s) && target.spec.accept_overhang.is_none();
    longer.then(|| {
        Refusal::new(
            Code::HandoutUnsafe,
            format!(
                "expected a credential that lives for at most {longest_s} s as declared, found one that lives {life_s} s (expire); ask the target's owner to correct `token_validity_s`"
            ),
        )
    })
}

async fn send(
    broker: &Broker,
    target: &Target,
    aid: &For<'_>,
    sending: Sending,
    ends: Deadline,
) -> Result<http::Response<Vec<u8>>, NotHandedOut> {
    let identity = aid.identity(&sending);
    let identity = identity.map_err(|trouble| not_handed(target, trouble))?;
    let within = ends.left();
    let client = &broker.vendors.client;
    let sent = client.send_within(
        target.id.as_str(),
        sending.request,
        identity.as_ref(),
        within,
    );
    sent.await.map_err(|flaw| not_reached(target, &flaw))
}

fn undeclared() -> NotHandedOut {
    NotHandedOut {
        failure: Failure::NotSent,
        refusal: downstream(
            "expected a target whose connector can be used, found one that cannot; ask the target's owner",
        ),
        leftover: None,
    }
}

fn downstream(text: impl AsRef<str>) -> Refusal {
    Refusal::new(Code::Downstream, text).again_after(AGAIN_S)
}

/// The request could not be written: a secret is missing, or a key cannot sign.
fn unable(target: &Target, detail: &str) -> NotHandedOut {
    tracing::warn!(target = %target.id, detail, "a vendor could not be asked");
    NotHandedOut {
        failure: Failure::NotSent,
        refusal: downstream("expected Locum to be able to ask the target's own system, found a secret or key of it that cannot be used; report the request id to the operator")
            .because(detail),
        leftover: None,
    }
}

/// The refresh token cannot be sent now.
fn no_turn(target: &Target, flaw: &NoTurn) -> NotHandedOut {
    let detail = flaw.to_string();
    if !matches!(flaw, NoTurn::Busy) {
        return unable(target, &detail);
    }
    NotHandedOut {
        failure: Failure::NotSent,
        refusal: downstream("expected one request at a time by the person's refresh token, found others that take too long; try again after Retry-After seconds")
            .because(detail),
        leftover: None,
    }
}

/// What the vendor gave in place of the refresh token is not on record: nothing of
/// the answer is used.
fn not_kept(target: &Target, flaw: &Unavailable, next: Result<Step, Trouble>) -> NotHandedOut {
    tracing::error!(target = %target.id, %flaw, "a rotated refresh token is not on record yet");
    let leftover = match next {
        Ok(Step::Done(mut obtained)) => obtained.handle.take().map(Box::new),
        Err(Trouble::Nonsense { leftover, .. }) => leftover,
        Ok(Step::Send(..)) | Err(_) => None,
    };
    NotHandedOut {
        failure: Failure::Unknown,
        refusal: downstream("expected to record the refresh token that the target's own system rotated, found that it cannot be now; try again after Retry-After seconds")
            .because(flaw.to_string()),
        leftover,
    }
}

fn not_reached(target: &Target, flaw: &CallFlaw) -> NotHandedOut {
    let detail = told(flaw);
    tracing::warn!(target = %target.id, detail, "a vendor gave no answer");
    let failure = match flaw.sent {
        Sent::No => Failure::NotSent,
        Sent::Unknown => Failure::Unknown,
    };
    let mut refusal = downstream("expected an answer of the target's own system, found none that can be used; try again after Retry-After seconds")
        .because(detail);
    refusal.retry_after_s = flaw.retry_after_s.unwrap_or(AGAIN_S);
    NotHandedOut {
        failure,
        refusal,
        leftover: None,
    }
}

fn not_handed(target: &Target, trouble: Trouble) -> NotHandedOut {
    match trouble {
        Trouble::Unable { detail } => unable(target, &detail),
        Trouble::Refused { whose, detail } => {
            tracing::info!(target = %target.id, detail, "a vendor refused");
            let text = format!(
                "expected the target's own system to accept the request, found that it refuses {}; ask the target's owner",
                whose.as_str()
            );
            NotHandedOut {
                failure: Failure::Refused,
                refusal: Refusal::new(Code::DownstreamRefused, text).because(detail),
                leftover: None,
            }
        }
        Trouble::Stranger { detail } => {
            tracing::info!(target = %target.id, detail, "a vendor was not asked");
            NotHandedOut {
                failure: Failure::NotSent,
                refusal: Refusal::new(Code::DownstreamRefused, "expected a refresh token that stands for the subject at the target's own system, found none; ask the target's owner to put one as an upstream secret and to name it in `vault`")
                    .because(detail),
                leftover: None,
            }
        }
        Trouble::Nonsense {
            detail, leftover, ..
        } => {
            tracing::warn!(target = %target.id, detail, "a vendor answered nonsense");
            NotHandedOut {
                failure: Failure::Unknown,
                refusal: downstream("expected an answer of the target's own system that can be relied on, found another; try again after Retry-After seconds")
                    .because(detail),
                leftover,
            }
        }
    }
}

/// What a call that brought no answer is called in the log: no address, nothing
/// of what was sent.
pub(super) fn told(flaw: &CallFlaw) -> String {
    format!("{} ({})", flaw, flaw.why.name())
}
