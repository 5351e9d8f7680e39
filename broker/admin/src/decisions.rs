//! `/decisions`: the record of what was permitted and refused, read from the
//! ledger (contract §12).

mod credential;
mod query;
mod view;

use super::answer::Answer;
use super::call::Call;
use super::past::unreadable;
use super::problem::Problem;
use super::times;
use crate::api::Api;
use locum_core::decide::{DECISION, SINGLY_MAX, SUMMARY};
use locum_core::ids::{DelegationId, Jti, RequestId};
use locum_core::refusal::Code;
use locum_engine::exchange::MINUTE_MS;
use locum_stores::decisions::{Position, Sought, folded};
use locum_stores::ledger::Entry;
use query::{OUTCOMES, Query};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Records looked at for one page: a filter that fits few answers with an
/// emptier page and where to go on.
const PAGE_RECORDS: u64 = 100_000;

/// Summaries that are told to who asks for a request that has no record.
const SUMMARIES_TOLD: usize = 8;

/// `GET /decisions`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let query = query(&call)?;
    let since = call.query("since")?;
    let since = since.map(|text| times::read_ms("", &text)).transpose();
    let since = since.map_err(|_| {
        let detail = "expected `since` as a time as of RFC 3339 with its offset";
        Problem::new(Code::Invalid, detail)
    })?;
    let window = call.window()?;
    let below = window.after.as_deref().map(str::parse).transpose();
    let below: Option<Position> = below.map_err(|_| Problem::unknown("a page"))?;
    let mut sought = Sought::newest(query.texts());
    sought.since_ms = since.unwrap_or(0);
    sought.from = below;
    sought.look_at = PAGE_RECORDS;
    let (api, limit) = (call.api.clone(), window.limit);
    let each = move |items: &mut Vec<Value>, entry: Entry| {
        if !query.wants(&entry, &api.broker.issuer) {
            return ControlFlow::Continue(());
        }
        if items.len() == limit {
            return ControlFlow::Break(());
        }
        items.push(show(&api, &entry));
        ControlFlow::Continue(())
    };
    let (items, next) = search(&call.api, sought, Vec::new(), each).await?;
    let next = next.map(|position| call.cursor(&position.to_string()));
    let mut page = json!({ "items": items, "next": next });
    let incomplete = call.api.broker.records.decisions.incomplete();
    if let (false, Some(members)) = (incomplete.is_empty(), page.as_object_mut()) {
        members.insert("incomplete".into(), json!(incomplete));
    }
    Ok(Answer::ok(page))
}

fn query(call: &Call) -> Result<Query, Problem> {
    let query = Query {
        agent: call.query("agent")?,
        person: call.query("person")?,
        target: call.query("target")?,
        outcome: call.query("outcome")?,
        task_id: call.query("task_id")?,
    };
    let outcome = query.outcome.as_deref();
    if outcome.is_some_and(|name| !OUTCOMES.contains(&name)) {
        let detail = format!("expected `outcome` as one of `{}`", OUTCOMES.join("`, `"));
        return Err(Problem::new(Code::Invalid, detail));
    }
    Ok(query)
}

/// What comes of all that is found, and where the next search goes on.
///
/// # Errors
/// 503 when the records cannot be read.
async fn search<T: Send + 'static>(
    api: &Api,
    sought: Sought,
    start: T,
    each: impl FnMut(&mut T, Entry) -> ControlFlow<()> + Send + 'static,
) -> Result<(T, Option<Position>), Problem> {
    let found = folded(&*api.broker.records.decisions, sought, start, each).await;
    found.map_err(|error| unreadable(&error))
}

/// `GET /decisions/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = call.param("id").to_owned();
    let api = call.api.clone();
    if let Some((mut decision, awaits)) = find(&api, &id).await? {
        if let Some(members) = decision.as_object_mut() {
            match awaits {
                Some(jti) => credential::put(&api, jti, members).await?,
                None => {
                    members.insert("credential".into(), Value::Null);
                }
            }
        }
        return Ok(Answer::ok(decision));
    }
    match summaries(&api, &id).await? {
        none if none.is_empty() => Err(Problem::unknown("a decision")),
        some => {
            let detail = format!(
                "expected the id of a decision with a record of its own, found none; the refusals of its minute beyond the first {} of a client stand in a summary: look at {}",
                SINGLY_MAX,
                some.join(", ")
            );
            Err(Problem::new(Code::NotFound, detail))
        }
    }
}

/// The summaries in which a request may stand that is on record nowhere else:
/// those of the minute in which it began and of the next, each with its client.
async fn summaries(api: &Api, id: &str) -> Result<Vec<String>, Problem> {
    let Ok(ms) = RequestId::parse(id).map(RequestId::ms) else {
        return Ok(Vec::new());
    };
    let minute_ms = ms - ms % MINUTE_MS;
    let minutes = [minute_ms, minute_ms + MINUTE_MS];
    let opened = vec![
        "\"state\":\"opened\"".into(),
        format!("\"type\":\"{SUMMARY}\""),
    ];
    let mut sought = Sought::newest(opened).made_at(ms);
    sought.since_ms = minute_ms;
    sought.newest_first = false;
    let each = move |told: &mut Vec<String>, entry: Entry| {
        let of = |name: &str| entry.body.get(name);
        let minute = of("minute_ms").and_then(Value::as_u64);
        let client = of("client_id").and_then(Value::as_str);
        if let (Some(client), true) = (client, minute.is_some_and(|ms| minutes.contains(&ms))) {
            told.push(format!("record {} of `{client}`", entry.place.index));
        }
        if told.len() == SUMMARIES_TOLD {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let (told, _) = search(api, sought, Vec::new(), each).await?;
    Ok(told)
}

/// The decision of a delegation or of a request. A permit that fell before it
/// was answered has two records: the request ended with the second. With the permit
/// whose credential there may be.
async fn find(api: &Arc<Api>, id: &str) -> Result<Option<(Value, Option<Jti>)>, Problem> {
    let delegation = DelegationId::parse(id).map(DelegationId::ms);
    let request = RequestId::parse(id).map(RequestId::ms);
    let (name, ms) = match (delegation, request) {
        (Ok(ms), _) => ("id", ms),
        (_, Ok(ms)) => ("request_id", ms),
        (Err(_), Err(_)) => return Ok(None),
    };
    let sought = Sought::newest(vec![format!("\"{name}\":\"{id}\"")]).made_at(ms);
    let (id, with) = (id.to_owned(), api.clone());
    let each = move |found: &mut Option<(Value, Option<Jti>)>, entry: Entry| {
        let is = entry.body.get(name).and_then(Value::as_str) == Some(id.as_str());
        if entry.kind == DECISION && is {
            *found = Some((show(&with, &entry), credential::of(&entry)));
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    };
    let (decision, _) = search(api, sought, None, each).await?;
    Ok(decision)
}

fn show(api: &Api, entry: &Entry) -> Value {
    view::view(
        entry,
        &api.broker.issuer,
        &times::shown(entry.place.time_ms),
    )
}
