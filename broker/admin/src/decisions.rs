//! `/decisions`: the record of what was permitted and refused, read from the
//! ledger (contract §12).

mod query;
mod view;

use super::answer::Answer;
use super::call::Call;
use super::past::unreadable;
use super::problem::Problem;
use super::times;
use crate::api::Api;
use locum_core::decide::{DECISION, SINGLY_MAX, SUMMARY};
use locum_core::ids::{DelegationId, RequestId};
use locum_core::refusal::Code;
use locum_engine::exchange::MINUTE_MS;
use locum_stores::decisions::{FoundDecisions, Position, Sought};
use locum_stores::ledger::Entry;
use query::{OUTCOMES, Query};
use serde_json::{Value, json};

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
    let (items, next) = page(&call.api, &query, sought, window.limit).await?;
    let next = next.map(|position| call.cursor(&position.to_string()));
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

/// The newest records that fit, and where the next page begins.
async fn page(
    api: &Api,
    query: &Query,
    mut sought: Sought,
    limit: usize,
) -> Result<(Vec<Value>, Option<Position>), Problem> {
    let mut items = Vec::new();
    let mut last = None;
    loop {
        let found = search(api, sought.clone()).await?;
        for entry in &found.entries {
            if query.wants(entry, &api.broker.issuer) {
                if items.len() == limit {
                    return Ok((items, last));
                }
                last = Some(Position::behind(entry, sought.newest_first));
                items.push(show(api, entry));
            }
        }
        sought.look_at = sought.look_at.saturating_sub(found.looked_at);
        sought.from = found.next;
        if found.next.is_none() || sought.look_at == 0 {
            return Ok((items, found.next));
        }
    }
}

/// Looks for records.
///
/// # Errors
/// 503 when they cannot be read.
async fn search(api: &Api, sought: Sought) -> Result<FoundDecisions, Problem> {
    let found = api.broker.records.decisions.search(sought).await;
    found.map_err(|error| unreadable(&error))
}

/// `GET /decisions/{id}`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn one(call: Call) -> Result<Answer, Problem> {
    let id = call.param("id").to_owned();
    let api = call.api.clone();
    if let Some(decision) = find(&api, &id).await? {
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
    let mut told = Vec::new();
    for entry in search(api, sought).await?.entries {
        let of = |name: &str| entry.body.get(name);
        let minute = of("minute_ms").and_then(Value::as_u64);
        let client = of("client_id").and_then(Value::as_str);
        if let (Some(client), true) = (client, minute.is_some_and(|ms| minutes.contains(&ms))) {
            told.push(format!("record {} of `{client}`", entry.place.index));
        }
        if told.len() == SUMMARIES_TOLD {
            break;
        }
    }
    Ok(told)
}

/// The decision of a delegation or of a request. A permit that fell before it
/// was answered has two records: the request ended with the second.
async fn find(api: &Api, id: &str) -> Result<Option<Value>, Problem> {
    let delegation = DelegationId::parse(id).map(DelegationId::ms);
    let request = RequestId::parse(id).map(RequestId::ms);
    let (name, ms) = match (delegation, request) {
        (Ok(ms), _) => ("id", ms),
        (_, Ok(ms)) => ("request_id", ms),
        (Err(_), Err(_)) => return Ok(None),
    };
    let is = |entry: &Entry| {
        entry.kind == DECISION && entry.body.get(name).and_then(Value::as_str) == Some(id)
    };
    let sought = Sought::newest(vec![format!("\"{name}\":\"{id}\"")]).made_at(ms);
    let found = search(api, sought).await?;
    let decision = found.entries.iter().find(|entry| is(entry));
    Ok(decision.map(|entry| show(api, entry)))
}

fn show(api: &Api, entry: &Entry) -> Value {
    view::view(
        entry,
        &api.broker.issuer,
        &times::shown(entry.place.time_ms),
    )
}
