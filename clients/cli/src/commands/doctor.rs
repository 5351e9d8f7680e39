//! `locum doctor`: is everything there that a broker, and who works with it,
//! needs? Asks over HTTP, and looks at the data folder where it is named.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{clean, table};

mod broker;
mod folder;
mod keys;
mod readiness;

/// What to look at beside the broker of the environment.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The operations listener; by default `LOCUM_OPERATIONS`, or the dev world's
    #[arg(long, value_name = "URL")]
    operations: Option<String>,
    /// The broker's data folder, where it is on this machine
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Ask for readiness alone, as a container's health check does
    #[arg(long, requires = "operations", conflicts_with = "data")]
    ready: bool,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckOutcome {
    Ok,
    Warn,
    Fail,
    Skipped,
}

/// One check.
#[derive(Debug)]
struct DoctorCheck {
    name: &'static str,
    outcome: CheckOutcome,
    detail: String,
}

impl CheckOutcome {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

impl DoctorCheck {
    fn new(name: &'static str, outcome: CheckOutcome, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            name,
            outcome,
            detail,
        }
    }

    /// A check that could not be made because a call failed.
    fn failed(name: &'static str, failure: &Failure) -> Self {
        Self::new(name, CheckOutcome::Fail, failure.message.clone())
    }

    fn to_json(&self) -> Value {
        json!({"name": self.name, "result": self.outcome.word(), "detail": self.detail})
    }
}

/// Makes every check, whatever the others found; or the one of readiness.
pub(crate) async fn run(args: DoctorArgs, environment: &Environment) -> Result<Report, Failure> {
    let mut checks = match args.ready {
        true => Vec::new(),
        false => broker::metadata(environment).await,
    };
    let readiness = readiness::check(environment, args.operations.as_deref()).await;
    if args.ready {
        return Ok(report(&readiness.into_iter().take(1).collect::<Vec<_>>()));
    }
    checks.extend(readiness);
    checks.push(broker::certificate(environment, args.operations.as_deref()).await);
    checks.extend(keys::credential_and_ages(environment).await);
    checks.push(match &args.data {
        Some(data) => folder::check(data),
        None => DoctorCheck::new("data folder", CheckOutcome::Skipped, "name it with --data"),
    });
    Ok(report(&checks))
}

fn report(checks: &[DoctorCheck]) -> Report {
    let found = |outcome| checks.iter().filter(|c| c.outcome == outcome).count();
    let failed = found(CheckOutcome::Fail);
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            vec![
                check.name.to_owned(),
                check.outcome.word().to_owned(),
                clean(&check.detail),
            ]
        })
        .collect();
    let checks: Vec<Value> = checks.iter().map(DoctorCheck::to_json).collect();
    let data = json!({"healthy": failed == 0, "failed": failed,
        "warned": found_in(&checks, "warn"), "checks": checks});
    Report {
        data,
        text: table(&["check", "result", "found"], &rows),
        exit: (failed > 0).then_some(Exit::Precondition),
        ..Report::default()
    }
}

fn found_in(checks: &[Value], word: &str) -> usize {
    let result = |check: &&Value| check.get("result").and_then(Value::as_str) == Some(word);
    checks.iter().filter(result).count()
}
