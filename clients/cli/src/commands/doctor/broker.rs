//! The broker from outside: metadata, keys, the clock, the certificate.

use serde_json::Value;
use url::Url;

use super::{CheckOutcome, DoctorCheck};
use crate::environment::{Environment, base_url, below};
use crate::failure::Failure;
use crate::http::{Http, HttpAnswer};
use crate::input::now_s;

/// Seconds by which two clocks may differ: what a broker allows (contract §5).
const CLOCK_FAIL_S: i64 = 30;
/// Seconds from which it is worth a word.
const CLOCK_WARN_S: i64 = 5;
/// Seconds before a certificate's end from which it is worth a word: 14 days.
const CERTIFICATE_WARN_S: i64 = 14 * DAY_S;
const DAY_S: i64 = 86_400;
const CERTIFICATE: &str = "certificate";

/// Checks that rest on the metadata: issuer, clock, published keys.
pub(super) async fn metadata(environment: &Environment) -> Vec<DoctorCheck> {
    match fetched(environment).await {
        Ok((issuer, http, answer)) => {
            let document = answer.ok();
            let clock = clock(answer.date_s(), now_s());
            let jwks = match &document {
                Ok(document) => published(&http, document).await,
                Err(failure) => DoctorCheck::failed("published keys", failure),
            };
            vec![identity(&issuer, document), clock, jwks]
        }
        Err(failure) => {
            let skipped =
                |name| DoctorCheck::new(name, CheckOutcome::Skipped, "the issuer is not reached");
            vec![
                DoctorCheck::failed("issuer", &failure),
                skipped("clock"),
                skipped("published keys"),
            ]
        }
    }
}

/// How long the broker's certificate holds, by the operations listener's metrics.
pub(super) async fn certificate(environment: &Environment, named: Option<&str>) -> DoctorCheck {
    match environment.operations(named) {
        Ok(Some(url)) => match metrics(&url).await {
            Ok(text) => holding(&text),
            Err(failure) => DoctorCheck::failed(CERTIFICATE, &failure),
        },
        Ok(None) | Err(_) => DoctorCheck::new(
            CERTIFICATE,
            CheckOutcome::Skipped,
            "needs the operations listener",
        ),
    }
}

async fn fetched(environment: &Environment) -> Result<(Url, Http, HttpAnswer), Failure> {
    let issuer = environment.issuer()?;
    let http = Http::new(&issuer)?;
    let url = below(&issuer, ".well-known/oauth-authorization-server")?;
    let answer = http.send(http.get(url)).await?;
    Ok((issuer, http, answer))
}

/// The metadata's issuer is ours, byte for byte (RFC 8414 §3.3).
fn identity(issuer: &Url, document: Result<Value, Failure>) -> DoctorCheck {
    const NAME: &str = "issuer";
    let document = match document {
        Ok(document) => document,
        Err(failure) => return DoctorCheck::failed(NAME, &failure),
    };
    let ours = issuer.as_str().trim_end_matches('/');
    match document.get("issuer").and_then(Value::as_str) {
        Some(theirs) if theirs == ours => DoctorCheck::new(NAME, CheckOutcome::Ok, ours),
        Some(theirs) => {
            let detail = format!("expected the issuer `{ours}`, found `{theirs}`");
            DoctorCheck::new(NAME, CheckOutcome::Fail, detail)
        }
        None => {
            let detail = "expected a member `issuer` in the metadata, found none";
            DoctorCheck::new(NAME, CheckOutcome::Fail, detail)
        }
    }
}

/// The broker's clock against this machine's, by the `Date` header.
fn clock(theirs_s: Option<i64>, ours_s: i64) -> DoctorCheck {
    const NAME: &str = "clock";
    let Some(theirs_s) = theirs_s else {
        return DoctorCheck::new(
            NAME,
            CheckOutcome::Skipped,
            "the broker sent no Date header",
        );
    };
    let apart = theirs_s - ours_s;
    let outcome = match apart.abs() {
        CLOCK_FAIL_S.. => CheckOutcome::Fail,
        CLOCK_WARN_S.. => CheckOutcome::Warn,
        _ => CheckOutcome::Ok,
    };
    let side = if apart < 0 { "behind" } else { "ahead of" };
    let detail = format!(
        "the broker's clock is {} s {side} this machine's",
        apart.abs()
    );
    DoctorCheck::new(NAME, outcome, detail)
}

async fn published(http: &Http, document: &Value) -> DoctorCheck {
    const NAME: &str = "published keys";
    let Some(url) = document.get("jwks_uri").and_then(Value::as_str) else {
        return DoctorCheck::new(NAME, CheckOutcome::Fail, "expected `jwks_uri`, found none");
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
            0 => DoctorCheck::new(NAME, CheckOutcome::Fail, "expected keys, found none"),
            count => DoctorCheck::new(NAME, CheckOutcome::Ok, format!("{count} published")),
        },
        Err(failure) => DoctorCheck::failed(NAME, &failure),
    }
}

async fn metrics(operations: &Url) -> Result<String, Failure> {
    let http = Http::new(operations)?;
    let answer = http.send(http.get(below(operations, "metrics")?)).await?;
    Ok(answer.text().to_owned())
}

fn holding(metrics: &str) -> DoctorCheck {
    let figure = |line: &str| {
        let rest = line.strip_prefix("locum_tls_certificate_expires_in_seconds ")?;
        rest.trim().parse::<i64>().ok()
    };
    let Some(left_s) = metrics.lines().find_map(figure) else {
        return DoctorCheck::new(
            CERTIFICATE,
            CheckOutcome::Ok,
            "the broker speaks no TLS itself",
        );
    };
    let days = left_s.abs() / DAY_S;
    if left_s <= 0 {
        let detail = format!("has ended {days} days ago; put another in its files, reload");
        return DoctorCheck::new(CERTIFICATE, CheckOutcome::Fail, detail);
    }
    let outcome = if left_s < CERTIFICATE_WARN_S {
        CheckOutcome::Warn
    } else {
        CheckOutcome::Ok
    };
    DoctorCheck::new(CERTIFICATE, outcome, format!("ends in {days} days"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_warns_two_weeks_before_its_end_and_fails_at_it() {
        let name = "locum_tls_certificate_expires_in_seconds";
        for (left, outcome) in [
            ("1209600", CheckOutcome::Ok),
            ("1209599", CheckOutcome::Warn),
            ("0", CheckOutcome::Fail),
            ("-5", CheckOutcome::Fail),
        ] {
            let text = format!("# TYPE {name} gauge\n{name} {left}\nother 3\n");
            assert_eq!(holding(&text).outcome, outcome, "{left}");
        }
        assert_eq!(holding("other 3\n").outcome, CheckOutcome::Ok);
    }

    #[test]
    fn a_clock_half_a_minute_off_fails_and_a_few_seconds_warn() {
        for (theirs, outcome) in [
            (1_000, CheckOutcome::Ok),
            (1_004, CheckOutcome::Ok),
            (1_005, CheckOutcome::Warn),
            (971, CheckOutcome::Warn),
            (970, CheckOutcome::Fail),
            (8_200, CheckOutcome::Fail),
        ] {
            assert_eq!(clock(Some(theirs), 1_000).outcome, outcome, "{theirs}");
        }
        assert_eq!(clock(None, 1_000).outcome, CheckOutcome::Skipped);
    }
}
