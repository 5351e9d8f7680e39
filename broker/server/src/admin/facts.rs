//! Facts that a start declares, through the same checks as anybody's.

use super::problem::Problem;
use super::write::{Moment, Plan, record};
use super::{agents, clients, credentials, issuers, read, targets};
use crate::app::App;
use locum_stores::state::{Author, Role};
use serde_json::Value;

/// Declares facts in Locum's own name, one record each. What one names must
/// have been declared before: clients, targets, issuers, agents.
pub(crate) struct Facts<'a> {
    app: &'a App,
    reason: &'a str,
}

impl<'a> Facts<'a> {
    /// Declares for that reason.
    pub(crate) const fn new(app: &'a App, reason: &'a str) -> Self {
        Self { app, reason }
    }

    /// `POST /clients` with a secret, where its methods have one; `None`: a
    /// new one.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn client(&self, body: Value, secret: Option<String>) -> Result<(), Problem> {
        let spec = read::value(body)?;
        self.declare(|now| clients::new(now, spec, secret)).await
    }

    /// `PUT /targets/{id}`.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn target(&self, id: &str, body: Value) -> Result<(), Problem> {
        let (id, spec) = (targets::id(id)?, read::value(body)?);
        self.declare(|now| targets::put(now, id, spec)).await
    }

    /// `PUT /issuers/{id}`.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn issuer(&self, id: &str, body: Value) -> Result<(), Problem> {
        let (id, spec) = (issuers::id(id)?, read::value(body)?);
        self.declare(|now| issuers::put(now, id, spec)).await
    }

    /// `POST /agents` with a secret, where its methods have one; `None`: a new
    /// one.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn agent(&self, body: Value, secret: Option<String>) -> Result<(), Problem> {
        let spec = read::value(body)?;
        self.declare(|now| agents::draft(now, spec, secret)).await
    }

    /// `POST /agents/{id}/versions`, and `…/certify` on what it made.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn certified(
        &self,
        agent: &str,
        version: Value,
        certify: Value,
    ) -> Result<(), Problem> {
        let version: agents::VersionBody = read::value(version)?;
        let certify: agents::CertifyBody = read::value(certify)?;
        let mut made = None;
        self.declare(|now| {
            let (id, plan) = agents::add_version(now, agent, version)?;
            made = Some(id.to_string());
            Ok(plan)
        })
        .await?;
        let made = made.unwrap_or_default();
        self.declare(|now| agents::certify(now, agent, &made, &certify))
            .await
    }

    /// `POST /credentials` with a token from elsewhere.
    ///
    /// # Errors
    /// As the API's.
    pub(crate) async fn credential(
        &self,
        role: Role,
        name: &str,
        token: String,
    ) -> Result<(), Problem> {
        self.declare(|now| credentials::new(now, (role, name), None, Some(token)))
            .await
    }

    async fn declare(
        &self,
        plan: impl FnOnce(&Moment<'_>) -> Result<Plan, Problem>,
    ) -> Result<(), Problem> {
        let _changing = self.app.changing.lock().await;
        let plan = {
            let state = self.app.state.read();
            plan(&Moment::new(self.app, &state))?
        };
        let author = Author {
            by: "locum".into(),
            reason: self.reason.to_owned(),
            request_id: None,
        };
        record(self.app, &plan.changes, &author).await?;
        if let Some(then) = plan.then {
            then(self.app);
        }
        Ok(())
    }
}
