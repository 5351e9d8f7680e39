//! A record on its way to the disk.

use locum_core::record::Appended;
use locum_stores::ledger::AppendError;
use locum_stores::state::Shared;

/// A record on its way, and what is undone if it never comes. Whoever waited may
/// go: the rest goes on by itself.
pub(crate) struct Appending<F, U>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
    U: FnOnce(&Shared) + Send + 'static,
{
    rest: Option<(F, U)>,
    state: Shared,
}

impl<F, U> Appending<F, U>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
    U: FnOnce(&Shared) + Send + 'static,
{
    pub(crate) const fn new(appended: F, undo: U, state: Shared) -> Self {
        Self {
            rest: Some((appended, undo)),
            state,
        }
    }

    pub(crate) async fn ended(&mut self) -> Result<Appended, AppendError> {
        let Some((appended, _)) = &mut self.rest else {
            return Err(AppendError::Closed);
        };
        let ended = appended.await;
        if let Some((_, undo)) = self.rest.take()
            && ended.is_err()
        {
            undo(&self.state);
        }
        ended
    }
}

impl<F, U> Drop for Appending<F, U>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
    U: FnOnce(&Shared) + Send + 'static,
{
    fn drop(&mut self) {
        let rest = self.rest.take();
        if let Some(((appended, undo), runtime)) =
            rest.zip(tokio::runtime::Handle::try_current().ok())
        {
            let state = self.state.clone();
            runtime.spawn(async move {
                if appended.await.is_err() {
                    undo(&state);
                }
            });
        }
    }
}
