//! Claims in this process: on the state, under its lock.

use crate::Coming;
use crate::changes::Turn;
use crate::claims::{Claims, Mark, NotClaimed};
use crate::state::Shared;
use locum_core::ids::GrantId;
use std::future::ready;

impl Claims for Shared {
    fn take(&self, mark: Mark, now_s: u64) -> Coming<'_, Result<(), NotClaimed>> {
        let mut state = self.write();
        let taken = state
            .marks
            .take(mark.key, mark.request, mark.until_s, now_s);
        Box::pin(ready(taken.map_err(|_| NotClaimed::Taken)))
    }

    fn failed(&self, key: [u8; 16]) -> Coming<'_, ()> {
        let _ = self.write().marks.failed(&key);
        Box::pin(ready(()))
    }

    fn reserve(&self, grant: GrantId, now_s: u64) -> Coming<'_, Result<bool, NotClaimed>> {
        Box::pin(ready(Ok(self.write().reserve(grant, now_s))))
    }

    fn release(&self, grant: GrantId) -> Coming<'_, ()> {
        self.write().registry.unuse_grant(grant);
        Box::pin(ready(()))
    }

    fn returned(&self, _: Option<GrantId>, _: Option<([u8; 16], [u8; 32])>) -> Coming<'_, ()> {
        Box::pin(ready(()))
    }

    fn once(&self, _: [u8; 16], _: u64, _: u64) -> Coming<'_, Result<bool, NotClaimed>> {
        // Whoever asks looks at the state first, and nobody else has one.
        Box::pin(ready(Ok(true)))
    }

    fn hold(&self, _: [u8; 16]) -> Coming<'_, Result<Turn, NotClaimed>> {
        Box::pin(ready(Ok(Turn::alone())))
    }

    fn see(
        &self,
        token: [u8; 16],
        now_ms: u64,
        until_s: u64,
    ) -> Coming<'_, Result<u64, NotClaimed>> {
        let seen = self.write().seen.see(token, now_ms, until_s);
        Box::pin(ready(seen.map_err(|_| NotClaimed::Full)))
    }
}

#[cfg(test)]
mod tests {
    use crate::claims::suite;
    use crate::state::{Shared, State};
    use std::sync::Arc;

    #[tokio::test]
    async fn the_embedded_claims_behave() {
        suite::behaves(|grants| {
            let mut state = State::new(Arc::new(locum_core::testing::Names));
            for grant in grants {
                state.registry.put_grant(grant.clone());
            }
            Arc::new(Shared::new(state))
        })
        .await;
    }
}
