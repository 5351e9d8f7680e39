//! `locum grants`: a person's standing delegations, as an administrator gives them.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::member;
use crate::what::KindAndId;
use crate::{details, input};

use super::collection::{Collection, LookUp, may_do};
use super::revoke;

const GRANTS: Collection = Collection {
    name: "grants",
    heads: &["id", "state", "person", "agent", "may do", "expires"],
    row,
};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct GrantsArgs {
    #[command(subcommand)]
    verb: Option<GrantVerb>,
}

#[derive(Debug, Subcommand)]
enum GrantVerb {
    #[command(flatten)]
    Look(LookUp),
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
    match args.verb.unwrap_or(GrantVerb::Look(LookUp::List)) {
        GrantVerb::Look(look) => GRANTS.look(look, environment).await,
        GrantVerb::Add(add) => {
            let body = body(&add)?;
            let answer = AdminClient::new(environment)?
                .create(GRANTS.name, &body)
                .await?;
            let id = member(&answer, &["id"]);
            let text = format!(
                "{id} is {}\nundo: locum grants revoke {id} --reason …",
                member(&answer, &["state"])
            );
            Ok(Report::new(answer, text))
        }
        GrantVerb::Revoke {
            id,
            reason,
            dry_run,
        } => {
            let what = KindAndId::of("grant", &id);
            let body = json!({"what": what.to_json(), "before": null, "reason": reason,
                "dry_run": dry_run});
            revoke::of_kind(&AdminClient::new(environment)?, &what, &body).await
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
    vec![
        member(grant, &["id"]),
        member(grant, &["state"]),
        member(grant, &["person"]),
        member(grant, &["agent"]),
        may_do(grant.get("targets")),
        member(grant, &["expires_at"]),
    ]
}
