//! `/decisions`: the record of what was permitted and refused, read from the
//! ledger (contract §12).

mod query;
mod view;

use super::answer::Answer;
use super::call::Call;
use super::page::Window;
use super::past::blocking;
use super::problem::Problem;
use super::times;
use crate::api::Api;
use locum_core::decide::{DECISION, SINGLY_MAX, SUMMARY};
use locum_core::ids::{DelegationId, RequestId};
use locum_core::refusal::Code;
use locum_engine::exchange::MINUTE_MS;
use locum_engine::recall::{recorded_around, recorded_before};
use locum_stores::ledger::Entry;
use query::{OUTCOMES, Query};
use serde_json::{Value, json};
use std::io;

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
    let below: Option<u64> = below.map_err(|_| Problem::unknown("a page"))?;
    let api = call.api.clone();
    let found = blocking(move || page(&api, &query, since, below, &window)).await?;
    let (items, next) = found;
    let next = next.map(|index| call.cursor(&index.to_string()));
    Ok(Answer::ok(json!({ "items": items, "next": next })))
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

/// The newest records below an index that fit, and the index below which the
/// next page begins.
fn page(
    api: &Api,
    query: &Query,
    since: Option<u64>,
    below: Option<u64>,
    window: &Window,
) -> io::Result<(Vec<Value>, Option<u64>)> {
    let reader = api.broker.records.ledger.reader();
    let floor = since.map_or(Ok(0), |ms| reader.find_time(ms))?;
    let end = below.unwrap_or(u64::MAX).min(reader.len());
    let start = floor.max(end.saturating_sub(PAGE_RECORDS));
    let mut items = Vec::new();
    let mut last = end;
    for entry in reader.search_back(start..end, query.texts()) {
        let entry = entry?;
        if query.wants(&entry, &api.broker.issuer) {
            if items.len() == window.limit {
                return Ok((items, Some(last)));
            }
            last = entry.place.index;
            items.push(show(api, &entry));
        }
    }
    Ok((items, Some(start).filter(|start| *start > floor)))
}

/// `GET /decisions/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = call.param("id").to_owned();
    let api = call.api.clone();
    let read = move || {
        Ok(match find(&api, &id)? {
            Some(decision) => Ok(decision),
            None => Err(summaries(&api, &id)?),
        })
    };
    match blocking(read).await? {
        Ok(decision) => Ok(Answer::ok(decision)),
        Err(none) if none.is_empty() => Err(Problem::unknown("a decision")),
        Err(some) => {
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
fn summaries(api: &Api, id: &str) -> io::Result<Vec<String>> {
    let Ok(ms) = RequestId::parse(id).map(RequestId::ms) else {
        return Ok(Vec::new());
    };
    let reader = api.broker.records.ledger.reader();
    let minute_ms = ms - ms % MINUTE_MS;
    let range = reader.find_time(minute_ms)?..recorded_before(&reader, ms)?;
    let minutes = [minute_ms, minute_ms + MINUTE_MS];
    let opened = vec![
        "\"state\":\"opened\"".into(),
        format!("\"type\":\"{SUMMARY}\""),
    ];
    let mut found = Vec::new();
    for entry in reader.search(range, opened) {
        let entry = entry?;
        let of = |name: &str| entry.body.get(name);
        let minute = of("minute_ms").and_then(Value::as_u64);
        let client = of("client_id").and_then(Value::as_str);
        if let (Some(client), true) = (client, minute.is_some_and(|ms| minutes.contains(&ms))) {
            found.push(format!("record {} of `{client}`", entry.place.index));
        }
        if found.len() == SUMMARIES_TOLD {
            break;
        }
    }
    Ok(found)
}

/// The decision of a delegation or of a request. A permit that fell before it
/// was answered has two records: the request ended with the second.
fn find(api: &Api, id: &str) -> io::Result<Option<Value>> {
    let delegation = DelegationId::parse(id).map(DelegationId::ms);
    let request = RequestId::parse(id).map(RequestId::ms);
    let (name, ms) = match (delegation, request) {
        (Ok(ms), _) => ("id", ms),
        (_, Ok(ms)) => ("request_id", ms),
        (Err(_), Err(_)) => return Ok(None),
    };
    let reader = api.broker.records.ledger.reader();
    let range = recorded_around(&reader, ms)?;
    let is = |entry: &Entry| {
        entry.kind == DECISION && entry.body.get(name).and_then(Value::as_str) == Some(id)
    };
    for entry in reader.search_back(range, vec![format!("\"{name}\":\"{id}\"")]) {
        let entry = entry?;
        if is(&entry) {
            return Ok(Some(show(api, &entry)));
        }
    }
    Ok(None)
}

fn show(api: &Api, entry: &Entry) -> Value {
    view::view(
        entry,
        &api.broker.issuer,
        &times::shown(entry.place.time_ms),
    )
}
