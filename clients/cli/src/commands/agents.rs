//! `locum agents`: who is registered, and switching one off and on.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::member;

use super::collection::{Collection, LookUp, may_do};

const AGENTS: Collection = Collection {
    name: "agents",
    heads: &["id", "state", "risk", "owner", "may do"],
    row,
};

const RELEASE: &str = "workload/release";

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct AgentsArgs {
    #[command(subcommand)]
    verb: Option<AgentVerb>,
}

#[derive(Debug, Subcommand)]
enum AgentVerb {
    #[command(flatten)]
    Look(LookUp),
    /// Suspend an agent: it works like a lock
    Suspend(AgentChange),
    /// Resume a suspended agent
    Resume(AgentChange),
    /// Retire an agent for ever; its id stays taken
    Retire(AgentChange),
    /// Release what an agent was known as: its former workload identities
    Release(AgentChange),
}

#[derive(Debug, Args)]
struct AgentChange {
    /// The agent's id
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lists, shows or changes.
pub(crate) async fn run(args: AgentsArgs, environment: &Environment) -> Result<Report, Failure> {
    let (change, verb) = match args.verb.unwrap_or(AgentVerb::Look(LookUp::List)) {
        AgentVerb::Look(look) => return AGENTS.look(look, environment).await,
        AgentVerb::Suspend(change) => (change, "suspend"),
        AgentVerb::Resume(change) => (change, "resume"),
        AgentVerb::Retire(change) => (change, "retire"),
        AgentVerb::Release(change) => (change, RELEASE),
    };
    let answer = AdminClient::new(environment)?
        .act(AGENTS.name, &change.id, verb, &change.reason)
        .await?;
    let state = answer.get("state").and_then(Value::as_str);
    let text = match state.filter(|_| verb != RELEASE) {
        Some(_) => format!("{} is now {}", change.id, member(&answer, &["state"])),
        None if verb == RELEASE => format!("{}: former workload identities released", change.id),
        None => format!("{}: {verb} done", change.id),
    };
    Ok(Report::new(answer, text))
}

fn row(agent: &Value) -> Vec<String> {
    let owner = match agent.get("owner") {
        Some(Value::Object(_)) => member(agent, &["owner", "id"]),
        _ => member(agent, &["owner"]),
    };
    vec![
        member(agent, &["id"]),
        member(agent, &["state"]),
        member(agent, &["risk"]),
        owner,
        may_do(agent.get("ceiling")),
    ]
}
