//! Writing: one change at a time, recorded with who and why, remembered under
//! its `Idempotency-Key` in the same record.

use super::answer::Answer;
use super::call::Call;
use super::guard::dead;
use super::problem::Problem;
use http::{Method, StatusCode};
use locum_core::refusal::Code;
use locum_core::{jcs, registry::TEXT_MAX};
use locum_engine::moment::Moment;
use locum_engine::records::{Changing, NotChanged};
use locum_stores::changes::Ordered;
use locum_stores::ledger::AppendError;
use locum_stores::state::{Author, Change, REMEMBERED_S, Remembered};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Longest `Idempotency-Key`, in bytes.
const KEY_MAX: usize = 255;

/// What a write will do and answer.
pub(crate) struct Plan {
    /// What is recorded; they hold together.
    pub(crate) changes: Vec<Change>,
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// The answer without secrets.
    pub(crate) shown: Value,
    /// A member that is shown once.
    pub(crate) secret: Option<(&'static str, String)>,
    /// Why, for the record.
    pub(crate) reason: String,
}

impl Plan {
    /// One change, answered with what it leads to.
    pub(crate) fn new(status: StatusCode, change: Change, shown: Value) -> Self {
        Self {
            changes: vec![change],
            status,
            shown,
            secret: None,
            reason: String::new(),
        }
    }

    /// Why, for the record.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }
}

impl Call {
    /// Plans, records and answers; a POST with an `Idempotency-Key` that was
    /// used before is answered as before. The caller has checked the role.
    ///
    /// # Errors
    /// The plan's own problem, and those of [`Call::record`].
    pub(crate) async fn write(
        &self,
        plan: impl FnOnce(&Moment<'_>) -> Result<Plan, Problem>,
    ) -> Result<Answer, Problem> {
        let nothing = async |_| Ok(());
        self.write_after(nothing, |moment, ()| plan(moment)).await
    }

    /// The same for a plan that needs something which takes a while: `made` has
    /// the right to change and no lock on the state.
    ///
    /// # Errors
    /// Those of [`Call::write`], and those of what is made.
    pub(crate) async fn write_after<T>(
        &self,
        made: impl AsyncFnOnce(Changing) -> Result<T, Problem>,
        plan: impl FnOnce(&Moment<'_>, T) -> Result<Plan, Problem>,
    ) -> Result<Answer, Problem> {
        let once = self.once()?;
        let changing = self.changing().await?;
        if let Some(once) = &once {
            let now_s = self.api.broker.records.clock.now_s();
            if let Some(known) = self
                .api
                .broker
                .records
                .state
                .read()
                .answer(&once.key, now_s)
            {
                return once.again(&known);
            }
        }
        let made = made(changing.clone()).await?;
        let plan = {
            let state = self.api.broker.records.state.read();
            plan(&Moment::new(&self.api.broker, &state), made)?
        };
        let mut changes = plan.changes;
        changes.extend(once.map(|once| Change::Answer {
            remembered: once.remember(
                plan.status,
                &plan.shown,
                self.api.broker.records.clock.now_s(),
            ),
        }));
        self.record(&changing, &changes, plan.reason).await?;
        let answer = Answer::new(plan.status, plan.shown);
        Ok(match plan.secret {
            Some((name, secret)) => answer.with_secret(name, secret),
            None => answer,
        })
    }

    /// Waits for the right to change, and looks at the credential again.
    ///
    /// # Errors
    /// 503 when another change has it for too long, 401 when who asks lost the
    /// credential meanwhile.
    pub(crate) async fn changing(&self) -> Result<Changing, Problem> {
        let changing = self.api.broker.records.changing().await.map_err(|error| {
            let busy = "expected a ledger that takes records, found a change that waits for it: the change was not made";
            unavailable(&error, busy)
        })?;
        self.who.again(&self.api)?;
        Ok(changing)
    }

    /// Records changes in the name of who asks.
    ///
    /// # Errors
    /// 401 when who asks lost the credential meanwhile, 503 when the ledger
    /// cannot be written, 422 when the record would be too large; then nothing
    /// changed. 503 as well when it is too slow: then they
    /// may still be made.
    pub(crate) async fn record(
        &self,
        changing: &Changing,
        changes: &[Change],
        reason: String,
    ) -> Result<Ordered, Problem> {
        let draft = self.api.broker.records.draft(changes, &self.author(reason));
        let draft = draft.map_err(|e| Problem::new(Code::Internal, e.to_string()))?;
        // No other change revokes it from here on: this one has the right to.
        self.who.again(&self.api)?;
        let recorded = self.api.broker.records.change(changing, draft).await;
        recorded.map_err(|flaw| not_changed(flaw, None))
    }

    /// Records a change in the name of who asks that rests on nothing another could
    /// change: a revocation or a lock waits for nobody (contract §16). `id` is what the
    /// change is known by.
    ///
    /// # Errors
    /// Those of [`Call::record`].
    pub(crate) async fn record_unconditionally(
        &self,
        change: Change,
        reason: String,
        id: &str,
    ) -> Result<Ordered, Problem> {
        let records = &self.api.broker.records;
        if records.journal.is_none() {
            // Alone, nobody else plans: it takes its turn as every change does.
            let changing = self.changing().await?;
            return self.record(&changing, &[change], reason).await;
        }
        self.who.again(&self.api)?;
        let recorded = records.record(&[change], &self.author(reason)).await;
        recorded.map_err(|flaw| not_changed(flaw, Some(id)))
    }

    /// Fails where what is known may be older than what holds now.
    ///
    /// # Errors
    /// 503.
    pub(crate) fn fresh(&self) -> Result<(), Problem> {
        let fresh = self.api.broker.records.fresh();
        fresh.map_err(|error| {
            let stale =
                "expected the state of now, found that it may be older: the change was not made";
            unavailable(&error, stale)
        })
    }

    fn author(&self, reason: String) -> Author {
        Author {
            by: self.who.name.clone(),
            credential: Some(self.who.id),
            reason,
            request_id: Some(self.request_id.to_string()),
        }
    }

    fn once(&self) -> Result<Option<Once>, Problem> {
        let Some(key) = self.header("idempotency-key")? else {
            return Ok(None);
        };
        if self.method != Method::POST {
            return Ok(None);
        }
        let printable = key.bytes().all(|b| (0x20..=0x7e).contains(&b));
        if key.is_empty() || key.len() > KEY_MAX || !printable {
            let detail = "expected an `Idempotency-Key` of 1 to 255 printable ASCII characters";
            return Err(Problem::new(Code::Invalid, detail));
        }
        let place = format!("answer {} {}", self.who.id, self.uri.path());
        Ok(Some(Once {
            key: jcs::hex(&self.api.broker.records.vault.mark(&place, key)),
            body: jcs::hex(&Sha256::digest(self.canonical()?)),
        }))
    }
}

fn not_changed(error: NotChanged, id: Option<&str>) -> Problem {
    match error {
        NotChanged::Refused(
            flaw @ (AppendError::TooLarge { .. } | AppendError::TooDeep { .. }),
        ) => Problem::new(Code::Invalid, flaw.to_string()),
        NotChanged::NotInForce(_) => dead(),
        NotChanged::TooNew(flaw) => Problem::new(
            Code::State,
            format!("{flaw}: the change was not made; upgrade that node first"),
        ),
        NotChanged::Moved(_) => unavailable(
            &error,
            "expected nobody else's change meanwhile, found one that came first: the change was not made; ask again",
        ),
        NotChanged::Refused(AppendError::Unavailable(_) | AppendError::Closed) => unavailable(
            &error,
            "expected a ledger that takes records, found one that does not now: the change was not made",
        ),
        NotChanged::Slow
        | NotChanged::Unknown(_)
        | NotChanged::Refused(AppendError::NotShipped(_)) => {
            let known = id.map_or(String::new(), |id| format!(" under the id `{id}`"));
            unavailable(
                &error,
                &format!(
                    "expected a ledger that takes records in time, found a slow one: the change may still be made{known}, so look before you ask again"
                ),
            )
        }
    }
}

fn unavailable(error: &dyn std::fmt::Display, detail: &str) -> Problem {
    tracing::error!(%error, "a change was not recorded");
    Problem::new(Code::Unavailable, detail)
}

/// A reason as free text, which may have to be there.
///
/// # Errors
/// 422 when it is missing, or no such text.
pub(crate) fn reason(text: &str) -> Result<String, Problem> {
    let fine =
        !text.trim().is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control);
    if !fine {
        let detail = "expected a reason of 1 to 500 bytes without control characters";
        return Err(Problem::at("/reason", detail));
    }
    Ok(text.to_owned())
}

/// An `Idempotency-Key` with the request it is for.
struct Once {
    key: String,
    body: String,
}

impl Once {
    fn again(&self, known: &Remembered) -> Result<Answer, Problem> {
        if known.body != self.body {
            let detail = "expected the body that this `Idempotency-Key` came with, found another";
            return Err(Problem::new(Code::IdempotencyKey, detail));
        }
        let status = StatusCode::from_u16(known.status).unwrap_or(StatusCode::OK);
        Ok(Answer::new(status, known.answer.clone()))
    }

    fn remember(self, status: StatusCode, shown: &Value, now_s: u64) -> Remembered {
        Remembered {
            key: self.key,
            body: self.body,
            status: status.as_u16(),
            answer: shown.clone(),
            until_s: now_s + REMEMBERED_S,
        }
    }
}
