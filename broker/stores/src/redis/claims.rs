//! Claims of many nodes: one script on one key each. What is on record here is looked
//! at first, so that whoever deletes a key in Redis frees nothing that is known.

use super::changes::{catch_up, take_turn};
use super::cluster::Cluster;
use super::lane::NoAnswer;
use super::mirrors::Mirrors;
use super::reading::pause;
use super::{keys, scripts};
use crate::Coming;
use crate::changes::{NotOrdered, Turn};
use crate::claims::{Claims, Mark, NotClaimed};
use locum_core::ids::GrantId;
use locum_core::jcs::hex;
use redis::Cmd;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// What was issued up to that long after the log lost something may have been used
/// before, in milliseconds.
const LOST_MS: u64 = 2_000;
/// A key in Redis outlasts what it stands for by that long, in milliseconds: clocks
/// differ.
const OUTLASTS_MS: u64 = 60_000;

/// Longest wait for a claim (contract §16: no request waits over 2 s for Redis).
const CLAIMED_WITHIN: Duration = Duration::from_millis(1_900);
/// How often it is tried to free the mark of a request that got no answer: for about a
/// minute, the life of most assertions.
const FREED_TRIES: usize = 300;

/// Claims over a Redis.
pub(super) struct RedisClaims {
    pub(super) cluster: Arc<Cluster>,
    pub(super) mirrors: Arc<Mirrors>,
}

fn unknown(flaw: &NoAnswer) -> NotClaimed {
    NotClaimed::Unknown(flaw.to_string())
}

impl RedisClaims {
    /// Runs a claim, which counts once enough replicas have it. Our own second attempt is
    /// known by its number.
    async fn claim(&self, command: impl Fn() -> Cmd) -> Result<i64, NotClaimed> {
        let twice = async {
            match self.once(command()).await {
                Err(NoAnswer::Unknown(_)) => self.once(command()).await,
                other => other,
            }
        };
        let late = |_| NotClaimed::Unknown("Redis does not answer in time".into());
        let claimed = timeout(CLAIMED_WITHIN, twice).await.map_err(late)?;
        claimed.map_err(|flaw| unknown(&flaw))
    }

    /// A request got no answer whether it has its mark, and ends with nothing obtained:
    /// the identical one may take it, as soon as Redis answers.
    fn free(&self, mark: Mark, attempt: String) {
        let cluster = self.cluster.clone();
        tokio::spawn(async move {
            for _ in 0..FREED_TRIES {
                let mut command = scripts::eval(scripts::FAILED, &[keys::mark(&mark.key)]);
                command.arg(hex(&mark.request)).arg(&attempt);
                let freed: Result<i64, _> = cluster.commands.run(command).await;
                if freed.is_ok() {
                    return;
                }
                pause().await;
            }
        });
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
        if cluster.state.is_marked(mark.key, mark.request, now_s) {
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
        let claimed = self.claim(command).await;
        if claimed.is_err() {
            self.free(mark, attempt);
        }
        if claimed? == 0 {
            return Err(NotClaimed::Taken);
        }
        let taken = cluster
            .state
            .take_mark(mark.key, mark.request, (mark.until_s, now_s));
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

    fn returned(
        &self,
        grant: Option<GrantId>,
        mark: Option<([u8; 16], [u8; 32])>,
    ) -> Coming<'_, ()> {
        Box::pin(async move {
            if let Some(grant) = grant.filter(|grant| self.cluster.state.is_counted(*grant)) {
                let mut command = scripts::eval(scripts::UNUSE, &[keys::uses(&grant.to_string())]);
                command.arg(&self.cluster.own_tree);
                let _: Result<i64, _> = self.cluster.commands.run(command).await;
            }
            if let Some((key, request)) = mark {
                let mut command = scripts::eval(scripts::FAILED, &[keys::mark(&key)]);
                command.arg(hex(&request));
                let _: Result<i64, _> = self.cluster.commands.run(command).await;
            }
        })
    }

    fn once(
        &self,
        key: [u8; 16],
        until_s: u64,
        now_s: u64,
    ) -> Coming<'_, Result<bool, NotClaimed>> {
        let attempt = hex(&self.cluster.random());
        let left_ms = until_s.saturating_sub(now_s).saturating_mul(1_000);
        Box::pin(async move {
            let command = || {
                let mut command = scripts::eval(scripts::TAKE, &[keys::once(&key)]);
                command.arg("").arg(&attempt);
                command.arg(left_ms.saturating_add(OUTLASTS_MS));
                command
            };
            Ok(self.claim(command).await? == 1)
        })
    }

    fn hold(&self, key: [u8; 16]) -> Coming<'_, Result<Turn, NotClaimed>> {
        Box::pin(async move {
            let unknown = |flaw: NotOrdered| NotClaimed::Unknown(flaw.to_string());
            let turn = take_turn(&self.cluster, keys::hold(&key)).await;
            let turn = turn.map_err(unknown)?;
            catch_up(&self.cluster).await.map_err(unknown)?;
            Ok(turn)
        })
    }

    fn see(
        &self,
        token: [u8; 16],
        now_ms: u64,
        until_s: u64,
    ) -> Coming<'_, Result<u64, NotClaimed>> {
        let seen = self.cluster.state.see(token, now_ms, until_s);
        Box::pin(ready(seen.map_err(|_| NotClaimed::Full)))
    }
}
