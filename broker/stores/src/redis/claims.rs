//! Claims of many nodes: one script on one key each. What is on record here is looked
//! at first, so that whoever deletes a key in Redis frees nothing that is known.

use super::cluster::Cluster;
use super::lane::NoAnswer;
use super::mirrors::Mirrors;
use super::{keys, scripts};
use crate::Coming;
use crate::claims::{Claims, Mark, NotClaimed};
use locum_core::ids::GrantId;
use locum_core::jcs::hex;
use redis::Cmd;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What was issued up to that long after the log lost something may have been used
/// before, in milliseconds.
const LOST_MS: u64 = 2_000;
/// A key in Redis outlasts what it stands for by that long, in milliseconds: clocks
/// differ.
const OUTLASTS_MS: u64 = 60_000;

/// Claims over a Redis.
pub(super) struct RedisClaims {
    pub(super) cluster: Arc<Cluster>,
    pub(super) mirrors: Arc<Mirrors>,
}

fn unknown(flaw: &NoAnswer) -> NotClaimed {
    NotClaimed::Unknown(flaw.to_string())
}

impl RedisClaims {
    /// Runs a claim, which counts once enough replicas have it. Our own second
    /// attempt is known by its number.
    async fn claim(&self, command: impl Fn() -> Cmd) -> Result<i64, NotClaimed> {
        match self.once(command()).await {
            Err(NoAnswer::Unknown(_)) => {
                let again = self.once(command()).await;
                again.map_err(|flaw| unknown(&flaw))
            }
            other => other.map_err(|flaw| unknown(&flaw)),
        }
    }

    async fn once(&self, command: Cmd) -> Result<i64, NoAnswer> {
        let replicas = self.cluster.min_replicas();
        if replicas == 0 {
            return self.cluster.commands.run(command).await;
        }
        let acked = self.cluster.acked.run_acked(command, replicas).await;
        acked.map(|(answer, _)| answer).map_err(|(flaw, _)| flaw)
    }

    async fn take(&self, mark: Mark, now_s: u64) -> Result<(), NotClaimed> {
        let cluster = &self.cluster;
        let lost_ms = cluster.lost_ms.load(Ordering::Relaxed);
        if lost_ms > 0 && mark.issued_s.saturating_mul(1_000) <= lost_ms.saturating_add(LOST_MS) {
            let text = "it was issued before Redis lost what was used; issue another";
            return Err(NotClaimed::Unknown(text.into()));
        }
        if cluster.state.is_marked(&mark, now_s) {
            return Err(NotClaimed::Taken);
        }
        let attempt = hex(&cluster.random());
        let left_ms = mark.until_s.saturating_sub(now_s).saturating_mul(1_000);
        let command = || {
            let mut command = scripts::eval(scripts::TAKE, &[keys::mark(&mark.key)]);
            command.arg(hex(&mark.request)).arg(&attempt);
            command.arg(left_ms.saturating_add(OUTLASTS_MS));
            command
        };
        if self.claim(command).await? == 0 {
            return Err(NotClaimed::Taken);
        }
        let taken = cluster.state.take_mark(&mark, now_s);
        taken.map_err(|_| NotClaimed::Taken)
    }

    async fn reserve(&self, grant: GrantId, now_s: u64) -> Result<bool, NotClaimed> {
        let cluster = &self.cluster;
        let Some((most, until_s)) = cluster.state.reserve(grant, now_s) else {
            return Ok(false);
        };
        let Some(most) = most else {
            return Ok(true);
        };
        let attempt = hex(&cluster.random());
        let left_ms = until_s.saturating_sub(now_s).saturating_mul(1_000);
        let command = || {
            let mut command = scripts::eval(scripts::USE, &[keys::uses(&grant.to_string())]);
            command.arg(&cluster.own_tree).arg(most).arg(&attempt);
            command.arg(left_ms.saturating_add(OUTLASTS_MS));
            command
        };
        let taken = self.claim(command).await;
        if !matches!(taken, Ok(1)) {
            cluster.state.unreserve(grant);
        }
        if taken? == 1 {
            return Ok(true);
        }
        // Other nodes used it: whoever decides again has to know that.
        let known = self.mirrors.reach_the_ends().await;
        known.map_err(|flaw| NotClaimed::Unknown(flaw.to_string()))?;
        Ok(false)
    }
}

impl Claims for RedisClaims {
    fn take(&self, mark: Mark, now_s: u64) -> Coming<'_, Result<(), NotClaimed>> {
        Box::pin(Self::take(self, mark, now_s))
    }

    fn failed(&self, key: [u8; 16]) -> Coming<'_, ()> {
        let request = self.cluster.state.mark_failed(&key);
        Box::pin(async move {
            let Some(request) = request else { return };
            let mut command = scripts::eval(scripts::FAILED, &[keys::mark(&key)]);
            command.arg(hex(&request));
            // Where that fails the mark stays taken: its client issues another.
            let _: Result<i64, _> = self.cluster.commands.run(command).await;
        })
    }

    fn reserve(&self, grant: GrantId, now_s: u64) -> Coming<'_, Result<bool, NotClaimed>> {
        Box::pin(Self::reserve(self, grant, now_s))
    }

    fn release(&self, grant: GrantId) -> Coming<'_, ()> {
        let counted = self.cluster.state.unreserve(grant);
        Box::pin(async move {
            if !counted {
                return;
            }
            let mut command = scripts::eval(scripts::UNUSE, &[keys::uses(&grant.to_string())]);
            command.arg(&self.cluster.own_tree);
            // Where that fails the use is lost: one less is never one too many.
            let _: Result<i64, _> = self.cluster.commands.run(command).await;
        })
    }

    fn see(
        &self,
        token: [u8; 16],
        now_ms: u64,
        until_s: u64,
    ) -> Coming<'_, Result<u64, NotClaimed>> {
        Box::pin(ready(self.cluster.state.see(token, now_ms, until_s)))
    }
}
