//! `locum targets`: the downstream systems, their catalogues, and whether they can be
//! asked.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{clean, member, table};

use super::collection::{Collection, LookUp};

pub(super) const TARGETS: Collection = Collection {
    name: "targets",
    heads: &["id", "audience", "connector", "scopes"],
    row,
};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    #[command(subcommand)]
    verb: Option<TargetVerb>,
}

#[derive(Debug, Subcommand)]
enum TargetVerb {
    /// List all
    List,
    /// Show one, whole
    Show {
        /// Its id
        id: String,
    },
    /// Try it now, without a person: its parameters, its secrets, the way to its vendor,
    /// and whether the vendor takes its accounts. No credential is obtained; exits with 4
    /// where a step fails
    Test {
        /// Its id
        id: String,
    },
}

/// Lists, shows or tests.
pub(crate) async fn run(args: TargetsArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(TargetVerb::List) {
        TargetVerb::List => TARGETS.look(LookUp::List, environment).await,
        TargetVerb::Show { id } => TARGETS.look(LookUp::Show { id }, environment).await,
        TargetVerb::Test { id } => {
            let admin = AdminClient::new(environment)?;
            Ok(tested(admin.test("targets", &id).await?))
        }
    }
}

/// What a test found, a row a step. What mends a failure stands with it.
fn tested(found: Value) -> Report {
    let steps = found.get("steps").and_then(Value::as_array);
    let rows: Vec<Vec<String>> = steps.into_iter().flatten().map(step).collect();
    let text = table(&["step", "about", "result", "found"], &rows);
    let fits = found.get("fits") == Some(&Value::Bool(true));
    let mut report = Report::new(found, text);
    report.exit = (!fits).then_some(Exit::Precondition);
    report
}

fn step(step: &Value) -> Vec<String> {
    let of = |name| member(step, &[name]);
    let said = |name: &str| step.get(name).and_then(Value::as_str);
    let mut found = of("detail");
    if said("next").is_some() {
        found = format!("{found}; {} ({})", of("next"), of("setting"));
    }
    vec![
        of("name"),
        said("about").map_or_else(|| "–".to_owned(), clean),
        of("result").replace('_', " "),
        found,
    ]
}

fn row(target: &Value) -> Vec<String> {
    let scopes = target.get("scopes").and_then(Value::as_object);
    let scopes: Vec<String> = scopes
        .into_iter()
        .flatten()
        .map(|(name, scope)| format!("{} ({})", clean(name), member(scope, &["risk"])))
        .collect();
    vec![
        member(target, &["id"]),
        member(target, &["audience"]),
        member(target, &["connector", "kind"]),
        scopes.join(", "),
    ]
}
