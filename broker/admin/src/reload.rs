//! `POST /reload`: the files are read again, as on SIGHUP (contract §14).

use super::answer::Answer;
use super::call::Call;
use super::problem::{Problem, sound};
use crate::api::Reload;
use http::StatusCode;
use locum_core::refusal::Code;
use locum_stores::state::Role;
use serde_json::json;
use tokio::sync::oneshot;

/// `POST /reload`.
///
/// Runs anew under the same `Idempotency-Key`: it answers what the files hold
/// now.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn reload(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    call.reason(false)?;
    let Some(asked) = &call.api.reload else {
        let detail = "expected a broker that reads files, found one that does not";
        return Err(Problem::new(Code::State, detail));
    };
    let (flaws, answered) = oneshot::channel();
    let (who, api) = (call.who.clone(), call.api.clone());
    let may = Box::new(move || who.again(&api).is_ok());
    let stopping = || {
        Problem::new(
            Code::Unavailable,
            "expected a broker that runs, found one that stops",
        )
    };
    let asked = asked.send(Reload { may, flaws }).await;
    asked.map_err(|_| stopping())?;
    let Ok(flaws) = answered.await else {
        // Its turn came when the credential was dead, or never.
        call.who.again(&call.api)?;
        return Err(stopping());
    };
    sound(flaws)?;
    let bundle = call.api.broker.bundle();
    let shown = json!({ "bundle": bundle.address(), "count": bundle.count() });
    Ok(Answer::new(StatusCode::OK, shown))
}
