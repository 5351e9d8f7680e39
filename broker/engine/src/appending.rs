//! A record on its way to the disk.

use locum_core::record::Appended;
use locum_stores::ledger::AppendError;
use std::pin::Pin;

/// What is undone where there never will be a record.
pub(crate) type Undo = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A record on its way, and what is undone if it never comes. Whoever waited may
/// go: the rest goes on by itself.
pub(crate) struct Appending<F>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
{
    rest: Option<(F, Undo)>,
}

impl<F> Appending<F>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
{
    pub(crate) const fn new(appended: F, undo: Undo) -> Self {
        Self {
            rest: Some((appended, undo)),
        }
    }

    pub(crate) async fn ended(&mut self) -> Result<Appended, AppendError> {
        let Some((appended, _)) = &mut self.rest else {
            return Err(AppendError::Closed);
        };
        let ended = appended.await;
        if let Some((_, undo)) = self.rest.take()
            && never(&ended)
        {
            // A task of its own: also where who waits goes meanwhile.
            let _ = tokio::spawn(undo).await;
        }
        ended
    }
}

impl<F> Drop for Appending<F>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
{
    fn drop(&mut self) {
        let rest = self.rest.take();
        if let Some(((appended, undo), runtime)) =
            rest.zip(tokio::runtime::Handle::try_current().ok())
        {
            runtime.spawn(async move {
                if never(&appended.await) {
                    undo.await;
                }
            });
        }
    }
}

/// Whether there is no record, nor will be one.
fn never(ended: &Result<Appended, AppendError>) -> bool {
    match ended {
        Ok(_) | Err(AppendError::NotShipped(_)) => false,
        Err(
            AppendError::Unavailable(_)
            | AppendError::TooLarge { .. }
            | AppendError::TooDeep { .. }
            | AppendError::Closed,
        ) => true,
    }
}
