//! `locum agents`: who is registered, and switching one off and on.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{member, object, table};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct AgentsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List every agent
    List,
    /// Show one agent
    Show {
        /// The agent's id
        id: String,
    },
    /// Suspend an agent: it works like a lock
    Suspend(Change),
    /// Resume a suspended agent
    Resume(Change),
    /// Retire an agent for ever; its id stays taken
    Retire(Change),
}

#[derive(Debug, Args)]
struct Change {
    /// The agent's id
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lists, shows or changes.
pub(crate) async fn run(args: AgentsArgs, environment: &Environment) -> Result<Report, Failure> {
    let admin = Admin::new(environment)?;
    match args.verb.unwrap_or(Verb::List) {
        Verb::List => {
            let items = admin.list("agents").await?;
            let rows: Vec<Vec<String>> = items.iter().map(row).collect();
            let text = table(&["id", "state", "risk", "owner", "may do"], &rows);
            Ok(Report {
                data: json!({"items": items}),
                text,
                ..Report::default()
            })
        }
        Verb::Show { id } => {
            let agent = admin.show("agents", &id).await?;
            let text = object(&agent);
            Ok(Report {
                data: agent,
                text,
                ..Report::default()
            })
        }
        Verb::Suspend(change) => changed(&admin, &change, "suspend").await,
        Verb::Resume(change) => changed(&admin, &change, "resume").await,
        Verb::Retire(change) => changed(&admin, &change, "retire").await,
    }
}

async fn changed(admin: &Admin, change: &Change, verb: &str) -> Result<Report, Failure> {
    let answer = admin
        .act("agents", &change.id, verb, &change.reason)
        .await?;
    let text = match answer.get("state").and_then(Value::as_str) {
        Some(_) => format!("{} is now {}", change.id, member(&answer, &["state"])),
        None => format!("{}: {verb} done", change.id),
    };
    Ok(Report {
        data: answer,
        text,
        ..Report::default()
    })
}

fn row(agent: &Value) -> Vec<String> {
    let ceiling = agent.get("ceiling").and_then(Value::as_array);
    let may: Vec<String> = ceiling
        .into_iter()
        .flatten()
        .map(|limit| {
            format!(
                "{}: {}",
                member(limit, &["target"]),
                member(limit, &["scopes"])
            )
        })
        .collect();
    let owner = match agent.get("owner") {
        Some(Value::Object(_)) => member(agent, &["owner", "id"]),
        _ => member(agent, &["owner"]),
    };
    vec![
        member(agent, &["id"]),
        member(agent, &["state"]),
        member(agent, &["risk"]),
        owner,
        may.join("; "),
    ]
}
