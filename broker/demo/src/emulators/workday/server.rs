//! What the emulated tenant knows.

use super::super::super::Ambient;
use super::super::EmulatorFlaw;
use super::super::accounts::EmulatorAccounts;
use super::super::busy::Busy;
use super::super::live::LiveTable;
use super::super::vendor::WORKDAY_LIFETIME;
use super::api_client::ApiClient;
use std::sync::Arc;

/// Longest life of an assertion whose id is remembered, in seconds.
const ASSERTION_S: u64 = 3_600;

/// The tenant.
pub(super) struct Workday {
    /// Who may ask for tokens.
    pub(super) clients: Vec<Arc<ApiClient>>,
    /// What it issued.
    pub(super) tokens: LiveTable<Arc<WorkdayToken>>,
    /// Assertions that were used.
    pub(super) used: LiveTable<()>,
    /// Whether it is out of order.
    pub(super) busy: Busy,
    /// Time and randomness.
    pub(super) ambient: Ambient,
}

/// What a token stands for.
pub(super) struct WorkdayToken {
    /// The Workday user; `None` for the integration user of the client.
    pub(super) user: Option<String>,
    /// The API client.
    pub(super) client: Arc<ApiClient>,
}

impl Workday {
    /// One that has issued nothing yet.
    ///
    /// # Errors
    /// [`EmulatorFlaw::Certificate`].
    pub(super) fn new(
        accounts: &EmulatorAccounts,
        ambient: &Ambient,
        busy: Busy,
    ) -> Result<Self, EmulatorFlaw> {
        let clients = accounts.workday_hr.iter().map(|account| {
            let flaw = || EmulatorFlaw::Certificate {
                client: account.client_id.clone(),
            };
            ApiClient::new(account).map(Arc::new).ok_or_else(flaw)
        });
        Ok(Self {
            clients: clients.collect::<Result<_, _>>()?,
            tokens: LiveTable::new(WORKDAY_LIFETIME),
            used: LiveTable::new(ASSERTION_S),
            busy,
            ambient: ambient.clone(),
        })
    }

    /// Unix seconds.
    pub(super) fn now_s(&self) -> u64 {
        (self.ambient.now)()
    }

    /// A registered client.
    pub(super) fn client(&self, id: &str) -> Option<&Arc<ApiClient>> {
        self.clients.iter().find(|client| client.id == id)
    }
}
