//! What every request shares.

use crate::bounds::Bounds;
use crate::deciding::Deciding;
use crate::issuer_keys::IssuerKeys;
use crate::keyring::Keyring;
use crate::oauth::client_keys::ClientKeys;
use crate::oauth::waiting::Waiting;
use crate::rate::Rate;
use crate::recall;
use crate::setup::{Managed, Setup};
use crate::token::summary::Summaries;
use crate::token::{foreign, own};
use crate::vault::{Names, Vault};
use locum_ambient::{Clock, Randomness};
use locum_core::decide;
use locum_core::ids::Uuid7;
use locum_core::proof::Ours;
use locum_core::record::{Appended, Draft};
use locum_core::standing::World;
use locum_policy::Bundle;
use locum_stores::ledger::{AppendError, Ledger};
use locum_stores::state::{Author, Change, Shared, State};
use locum_web::Front;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

/// Most bytes of a token of ours (contract §6).
const OWN_TOKEN_MAX: usize = 4_096;

/// Longest a decision or a change waits for its record to be durable: a disk
/// that is slower is one that does not write.
pub(crate) const RECORDED_WITHIN: Duration = Duration::from_secs(5);

/// Something Locum needs is not there: always 503, never a yes. The text is
/// for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unavailable(pub(crate) String);

impl From<AppendError> for Unavailable {
    fn from(error: AppendError) -> Self {
        Self(format!("ledger: {error}"))
    }
}

/// A record on its way, and what is undone if it never comes. Whoever waited may
/// go: the rest goes on by itself.
struct Pending<F, U>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
    U: FnOnce(&Shared) + Send + 'static,
{
    rest: Option<(F, U)>,
    state: Shared,
}

impl<F, U> Pending<F, U>
where
    F: Future<Output = Result<Appended, AppendError>> + Unpin + Send + 'static,
    U: FnOnce(&Shared) + Send + 'static,
{
    const fn new(appended: F, undo: U, state: Shared) -> Self {
        Self {
            rest: Some((appended, undo)),
            state,
        }
    }

    async fn ended(&mut self) -> Result<Appended, AppendError> {
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

impl<F, U> Drop for Pending<F, U>
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

/// What every request shares.
pub(crate) struct App {
    /// Locum's issuer, byte for byte.
    pub(crate) issuer: Arc<str>,
    /// Bounds on what comes from outside.
    pub(crate) bounds: Bounds,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// The record.
    pub(crate) ledger: Ledger,
    /// What is known now.
    pub(crate) state: Shared,
    /// Peppers and the sealing key.
    pub(crate) vault: Vault,
    /// Names to lineage keys.
    pub(crate) names: Names,
    /// Our signing keys.
    pub(crate) keyring: Keyring,
    /// Others' keys.
    pub(crate) issuer_keys: IssuerKeys,
    /// Keys of clients that sign assertions.
    pub(crate) client_keys: ClientKeys,
    /// Foreign tokens verified lately.
    pub(crate) verified: foreign::Kept,
    /// Tokens of ours verified lately.
    pub(crate) own: own::Kept,
    /// Tokens of ours recalled lately.
    pub(crate) recalled: recall::Cache,
    /// The policy bundle in force; replaced whole.
    pub(crate) policy: RwLock<Arc<Bundle>>,
    /// Where decisions are made that meet many policies.
    pub(crate) deciding: Deciding,
    /// How often each client may ask.
    pub(crate) rate: Rate,
    /// Requests that wait for something slow.
    pub(crate) waiting: Arc<Waiting>,
    /// Where clients' refusals stand.
    pub(crate) summaries: Summaries,
    /// What a request meets on every listener.
    pub(crate) front: Arc<Front>,
    /// The clock.
    pub(crate) clock: Clock,
    /// Randomness.
    pub(crate) random: Randomness,
    /// Who has the right to change: [`App::changing`].
    pub(crate) changes: Arc<tokio::sync::Mutex<()>>,
    /// This, for what outlives a request.
    pub(crate) me: Weak<App>,
    /// How this broker is set up.
    pub(crate) setup: Setup,
    /// What files declare; replaced whole.
    pub(crate) managed: RwLock<Arc<Managed>>,
}

impl App {
    /// The policy bundle in force.
    pub(crate) fn bundle(&self) -> Arc<Bundle> {
        self.policy
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What files declare.
    pub(crate) fn managed(&self) -> Arc<Managed> {
        self.managed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts a bundle in force, after its record.
    pub(crate) fn put_in_force(&self, bundle: Bundle) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(bundle);
    }

    /// A new UUIDv7 of now.
    pub(crate) fn mint(&self) -> Uuid7 {
        Uuid7::new(self.clock.now_ms(), self.random.bytes())
    }

    /// Puts something on record, within a bound. What takes longer may still come
    /// to be on record; nothing was obtained by it then.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub(crate) async fn append(
        &self,
        draft: impl Into<Arc<Draft>>,
    ) -> Result<Appended, Unavailable> {
        self.append_or(draft, |_| ()).await
    }

    /// The same. `undo` is done once it is sure that there never will be a record,
    /// also where nobody waits any more.
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub(crate) async fn append_or(
        &self,
        draft: impl Into<Arc<Draft>>,
        undo: impl FnOnce(&Shared) + Send + 'static,
    ) -> Result<Appended, Unavailable> {
        let appended = Box::pin(self.ledger.append(draft.into()));
        let mut pending = Pending::new(appended, undo, self.state.clone());
        match tokio::time::timeout(RECORDED_WITHIN, pending.ended()).await {
            Ok(ended) => Ok(ended?),
            Err(_) => {
                let most = RECORDED_WITHIN.as_secs();
                let text = format!("ledger: expected a record within {most} s, found none");
                Err(Unavailable(text))
            }
        }
    }

    /// Records changes that rest on nothing that another could change. When
    /// this returns, they are durable and in force. All others:
    /// [`App::change`].
    ///
    /// # Errors
    /// [`Unavailable`] when the ledger cannot be written, or not in time.
    pub(crate) async fn record(
        &self,
        changes: &[Change],
        author: &Author,
    ) -> Result<Appended, Unavailable> {
        self.append(self.draft(changes, author)?).await
    }

    /// The world of now in which standing is judged.
    pub(crate) fn world<'a>(&self, state: &'a State) -> World<'a> {
        state.world(self.clock.now_ms())
    }

    /// Our issuer and names, for a proof.
    pub(crate) fn ours(&self) -> Ours<'_> {
        Ours {
            issuer: &self.issuer,
            keys: &self.names,
        }
    }

    /// The outermost bounds of a decision.
    pub(crate) const fn limits(&self) -> decide::Limits {
        decide::Limits {
            token_bytes: OWN_TOKEN_MAX,
            max_depth: self.bounds.max_depth,
            max_hops: self.bounds.max_hops,
        }
    }
}
