//! `/policies`: one bundle, read, tried out and replaced whole (contract §12).

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use super::write::Plan;
use http::StatusCode;
use locum_core::refusal::Code;
use locum_core::registry::FieldProblem as Flaw;
use locum_engine::moment::Moment;
use locum_policy::Bundle;
use locum_stores::state::{Change, Policies, Role};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The body: the whole bundle. What is shown beside the files may come back
/// and is not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BundleWish {
    files: BTreeMap<String, String>,
    #[serde(default, rename = "bundle")]
    _bundle: Option<IgnoredAny>,
    #[serde(default, rename = "count")]
    _count: Option<IgnoredAny>,
}

/// `GET /policies`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn show(call: Call) -> Result<Answer, Problem> {
    let bundle = call.api.broker.bundle();
    let mut shown = summary(&bundle);
    if let Some(members) = shown.as_object_mut() {
        members.insert("files".into(), json!(bundle.files()));
    }
    Ok(Answer::ok(shown).tagged(tag(&bundle)))
}

/// `POST /policies/validate`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn validate(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let bundle = load(call.read()?).await?;
    Ok(Answer::ok(summary(&bundle)))
}

/// `PUT /policies`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn replace(call: Call) -> Result<Answer, Problem> {
    call.require(Role::Admin)?;
    let bundle = load(call.read()?).await?;
    let new = tag(&bundle);
    let plan = |moment: &Moment<'_>| {
        call.precondition(Some(&tag(&moment.broker.bundle())))?;
        let policies = Policies {
            bundle: bundle.address().to_owned(),
            count: bundle.count(),
            files: bundle.files().clone(),
        };
        let shown = summary(&bundle);
        call.api.broker.policies.checked(bundle);
        let change = Change::Policies { policies };
        Ok(Plan::new(StatusCode::OK, change, shown))
    };
    Ok(call.write(plan).await?.tagged(new))
}

/// Loads a bundle, away from the threads that answer: a large one takes a
/// while to check.
async fn load(wish: BundleWish) -> Result<Bundle, Problem> {
    let checked = tokio::task::spawn_blocking(move || Bundle::load(&wish.files)).await;
    let checked = checked.map_err(|e| Problem::new(Code::Internal, e.to_string()))?;
    checked.map_err(|flaws| {
        let flaw = |flaw: &locum_policy::PolicyFlaw| Flaw {
            pointer: flaw.pointer(),
            detail: flaw.to_string(),
        };
        Problem::invalid(flaws.iter().map(flaw).collect())
    })
}

fn summary(bundle: &Bundle) -> Value {
    json!({ "bundle": bundle.address(), "count": bundle.count() })
}

fn tag(bundle: &Bundle) -> String {
    format!("\"{}\"", bundle.address())
}
