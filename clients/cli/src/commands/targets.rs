//! `locum targets`: the downstream systems and their catalogues.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{clean, member, object, table};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct TargetsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List every target
    List,
    /// Show one target
    Show {
        /// The target's id
        id: String,
    },
}

/// Lists or shows.
pub(crate) async fn run(args: TargetsArgs, environment: &Environment) -> Result<Report, Failure> {
    let admin = Admin::new(environment)?;
    match args.verb.unwrap_or(Verb::List) {
        Verb::List => {
            let items = admin.list("targets").await?;
            let rows: Vec<Vec<String>> = items.iter().map(row).collect();
            let text = table(&["id", "audience", "connector", "scopes"], &rows);
            Ok(Report {
                data: json!({"items": items}),
                text,
                ..Report::default()
            })
        }
        Verb::Show { id } => {
            let target = admin.show("targets", &id).await?;
            let text = object(&target);
            Ok(Report {
                data: target,
                text,
                ..Report::default()
            })
        }
    }
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
