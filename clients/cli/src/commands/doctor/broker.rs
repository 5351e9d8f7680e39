//! The broker from outside: metadata, keys, the clock, readiness.

use serde_json::Value;
use url::Url;

use super::{Check, Outcome};
use crate::environment::{Environment, base_url, below};
use crate::failure::Failure;
use crate::http::{Answer, Http};
use crate::input::now_s;

/// Seconds by which two clocks may differ: what a broker allows (contract §14).
const CLOCK_FAIL_S: i64 = 30;
/// Seconds from which it is worth a word.
const CLOCK_WARN_S: i64 = 5;

/// Checks that rest on the metadata: issuer, clock, published keys.
pub(super) async fn metadata(environment: &Environment) -> Vec<Check> {
    match fetched(environment).await {
        Ok((issuer, http, answer)) => {
            let document = answer.ok();
            let clock = clock(answer.date_s(), now_s());
            let jwks = match &document {
                Ok(document) => published(&http, document).await,
                Err(failure) => Check::failed("published keys", failure),
            };
            vec![identity(&issuer, document), clock, jwks]
        }
        Err(failure) => {
            let skipped = |name| Check::new(name, Outcome::Skipped, "the issuer is not reached");
            vec![
                Check::failed("issuer", &failure),
                skipped("clock"),
                skipped("published keys"),
            ]
        }
    }
}

/// `/readyz` of the operations listener.
pub(super) async fn readiness(environment: &Environment, named: Option<&str>) -> Check {
    const NAME: &str = "readiness";
    match environment.operations(named) {
        Ok(Some(url)) => match asked(&url).await {
            Ok(check) => check,
            Err(failure) => Check::failed(NAME, &failure),
        },
        Ok(None) => Check::new(
            NAME,
            Outcome::Skipped,
            "name the operations listener with --operations",
        ),
        Err(failure) => Check::failed(NAME, &failure),
    }
}

async fn fetched(environment: &Environment) -> Result<(Url, Http, Answer), Failure> {
    let issuer = environment.issuer()?;
    let http = Http::new(&issuer)?;
    let url = below(&issuer, ".well-known/oauth-authorization-server")?;
    let answer = http.send(http.get(url)).await?;
    Ok((issuer, http, answer))
}

/// The metadata's issuer is ours, byte for byte (RFC 8414 §3.3).
fn identity(issuer: &Url, document: Result<Value, Failure>) -> Check {
    const NAME: &str = "issuer";
    let document = match document {
        Ok(document) => document,
        Err(failure) => return Check::failed(NAME, &failure),
    };
    let ours = issuer.as_str().trim_end_matches('/');
    match document.get("issuer").and_then(Value::as_str) {
        Some(theirs) if theirs == ours => Check::new(NAME, Outcome::Ok, ours),
        Some(theirs) => {
            let detail = format!("expected the issuer `{ours}`, found `{theirs}`");
            Check::new(NAME, Outcome::Fail, detail)
        }
        None => {
            let detail = "expected a member `issuer` in the metadata, found none";
            Check::new(NAME, Outcome::Fail, detail)
        }
    }
}

/// The broker's clock against this machine's, by the `Date` header.
fn clock(theirs_s: Option<i64>, ours_s: i64) -> Check {
    const NAME: &str = "clock";
    let Some(theirs_s) = theirs_s else {
        return Check::new(NAME, Outcome::Skipped, "the broker sent no Date header");
    };
    let apart = theirs_s - ours_s;
    let outcome = match apart.abs() {
        CLOCK_FAIL_S.. => Outcome::Fail,
        CLOCK_WARN_S.. => Outcome::Warn,
        _ => Outcome::Ok,
    };
    let side = if apart < 0 { "behind" } else { "ahead of" };
    let detail = format!(
        "the broker's clock is {} s {side} this machine's",
        apart.abs()
    );
    Check::new(NAME, outcome, detail)
}

async fn published(http: &Http, document: &Value) -> Check {
    const NAME: &str = "published keys";
    let Some(url) = document.get("jwks_uri").and_then(Value::as_str) else {
        return Check::new(NAME, Outcome::Fail, "expected `jwks_uri`, found none");
    };
    let answer = match base_url("jwks_uri", url) {
        Ok(url) => http
            .send(http.get(url))
            .await
            .and_then(|answer| answer.ok()),
        Err(failure) => Err(failure),
    };
    match answer {
        Ok(set) => match set
            .get("keys")
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
        {
            0 => Check::new(NAME, Outcome::Fail, "expected keys, found none"),
            count => Check::new(NAME, Outcome::Ok, format!("{count} published")),
        },
        Err(failure) => Check::failed(NAME, &failure),
    }
}

async fn asked(operations: &Url) -> Result<Check, Failure> {
    let http = Http::new(operations)?;
    let url = below(operations, "readyz?verbose")?;
    let answer = http.send(http.get(url)).await?;
    let lines: Vec<&str> = answer.text().lines().collect();
    let outcome = if answer.is_success() {
        Outcome::Ok
    } else {
        Outcome::Fail
    };
    Ok(Check::new("readiness", outcome, lines.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_half_a_minute_off_fails_and_a_few_seconds_warn() {
        for (theirs, outcome) in [
            (1_000, Outcome::Ok),
            (1_004, Outcome::Ok),
            (1_005, Outcome::Warn),
            (971, Outcome::Warn),
            (970, Outcome::Fail),
            (8_200, Outcome::Fail),
        ] {
            assert_eq!(clock(Some(theirs), 1_000).outcome, outcome, "{theirs}");
        }
        assert_eq!(clock(None, 1_000).outcome, Outcome::Skipped);
    }
}
