//! `locum grants`: a person's standing delegations, as an administrator gives them.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{member, object, table};
use crate::what::What;
use crate::{details, input};

use super::revoke;

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct GrantsArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List every grant
    List,
    /// Show one grant
    Show {
        /// The grant's id
        id: String,
    },
    /// Let an agent act for a person at a target, within limits
    Add(Box<Add>),
    /// Revoke a grant for ever
    Revoke {
        /// The grant's id
        id: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Say what it would stop, and stop nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("end").required(true).args(["expires_at", "expires_in"])))]
struct Add {
    /// The person, `ISSUER-ID:SUB`, such as `demo:ada`
    #[arg(long, value_name = "PERSON")]
    person: String,
    /// A group of the person, such as `demo:staff`; may be repeated (default: unknown)
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// The agent that may act
    #[arg(long, value_name = "ID")]
    agent: String,
    /// The target's id
    #[arg(long = "for", value_name = "TARGET")]
    target: String,
    /// A scope; may be repeated
    #[arg(long, value_name = "S", required = true)]
    scope: Vec<String>,
    /// Limits, as in `locum token`; may be repeated
    #[arg(long, value_name = "JSON|k=v,…")]
    details: Vec<String>,
    /// When it ends (RFC 3339)
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// How long it lasts: `8h`, `7d`
    #[arg(long, value_name = "TIME", value_parser = input::seconds)]
    expires_in: Option<u64>,
    /// How many exchanges it is good for (default: any number)
    #[arg(long, value_name = "N")]
    max_uses: Option<u32>,
    /// How many actors the chain may have
    #[arg(long, value_name = "N", default_value_t = 4)]
    max_depth: u32,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lists, shows, adds or revokes.
pub(crate) async fn run(args: GrantsArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(Verb::List) {
        Verb::List => {
            let items = Admin::new(environment)?.list("grants").await?;
            let rows: Vec<Vec<String>> = items.iter().map(row).collect();
            let text = table(
                &["id", "state", "person", "agent", "may do", "expires"],
                &rows,
            );
            Ok(Report {
                data: json!({"items": items}),
                text,
                ..Report::default()
            })
        }
        Verb::Show { id } => {
            let grant = Admin::new(environment)?.show("grants", &id).await?;
            let text = object(&grant);
            Ok(Report {
                data: grant,
                text,
                ..Report::default()
            })
        }
        Verb::Add(add) => {
            let body = body(&add)?;
            let answer = Admin::new(environment)?.create("grants", &body).await?;
            let id = member(&answer, &["id"]);
            let text = format!(
                "{id} is {}\nundo: locum grants revoke {id} --reason …",
                member(&answer, &["state"])
            );
            Ok(Report {
                data: answer,
                text,
                ..Report::default()
            })
        }
        Verb::Revoke {
            id,
            reason,
            dry_run,
        } => {
            let what = What::of("grant", &id);
            let body = json!({"what": what.to_json(), "before": null, "reason": reason,
                "dry_run": dry_run});
            revoke::of_kind(&Admin::new(environment)?, &what, &body).await
        }
    }
}

/// The request (contract §12). Groups that are not said stay unknown, which is
/// not the same as none.
fn body(add: &Add) -> Result<Value, Failure> {
    let expires_at = match (&add.expires_at, add.expires_in) {
        (Some(time), _) => time.clone(),
        (None, Some(seconds)) => input::from_now(seconds)?,
        (None, None) => return Err(Failure::usage("expected an end, found none")),
    };
    let mut body = json!({
        "person": add.person, "agent": add.agent, "expires_at": expires_at,
        "max_uses": add.max_uses, "max_depth": add.max_depth,
        "targets": [{"target": add.target, "scopes": add.scope,
            "authorization_details": details::parse(&add.details)?}],
        "reason": add.reason,
    });
    let Some(members) = body.as_object_mut() else {
        return Ok(body);
    };
    if !add.groups.is_empty() {
        members.insert("groups".to_owned(), json!(add.groups));
    }
    Ok(body)
}

fn row(grant: &Value) -> Vec<String> {
    let targets = grant.get("targets").and_then(Value::as_array);
    let may: Vec<String> = targets
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
    vec![
        member(grant, &["id"]),
        member(grant, &["state"]),
        member(grant, &["person"]),
        member(grant, &["agent"]),
        may.join("; "),
        member(grant, &["expires_at"]),
    ]
}
