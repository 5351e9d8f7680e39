//! `locum revoke`: dead for ever, with everything that descends from it.

use clap::Args;
use serde_json::{Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::input::read_text;
use crate::oauth;
use crate::output::Report;
use crate::secret::Secret;
use crate::text::member;
use crate::what::KindAndId;

use super::effect;

/// What to revoke, and why.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// KIND/ID such as `agent/invoice-agent` or `delegation/dlg_…`, or `all`
    #[arg(
        value_name = "WHAT",
        required_unless_present = "token_file",
        requires = "reason"
    )]
    what: Option<KindAndId>,
    /// A file with a token of one's own (`-`: standard input), revoked as its client
    #[arg(long, value_name = "FILE", conflicts_with_all = ["what", "dry_run", "before", "reason"])]
    token_file: Option<String>,
    /// The agent whose own token it is; in a dev world its secret is known
    #[arg(long, value_name = "ID", conflicts_with = "what")]
    agent: Option<String>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only what was issued before this time (RFC 3339; default: now)
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// Say what it would stop, and stop nothing
    #[arg(long)]
    dry_run: bool,
}

/// Revokes by the admin API, or one token as its own client (RFC 7009).
pub(crate) async fn run(args: RevokeArgs, environment: &Environment) -> Result<Report, Failure> {
    match (&args.token_file, &args.what) {
        (Some(path), _) => own_token(path, args.agent.as_deref(), environment).await,
        (None, Some(what)) => {
            let admin = AdminClient::new(environment)?;
            let body = json!({"what": what.to_json(), "before": args.before,
                "reason": args.reason, "dry_run": args.dry_run});
            of_kind(&admin, what, &body).await
        }
        (None, None) => Err(Failure::usage(
            "expected KIND/ID or --token-file, found neither",
        )),
    }
}

/// Revokes something by its kind; `body` as the contract has it.
pub(super) async fn of_kind(
    admin: &AdminClient,
    what: &KindAndId,
    body: &Value,
) -> Result<Report, Failure> {
    let answer = admin.create("revocations", body).await?;
    let dry_run = body.get("dry_run") == Some(&Value::Bool(true));
    let affected = effect::affected(&answer);
    let mut lines = match dry_run {
        true => vec![format!("would stop {affected}; nothing was changed")],
        false => vec![format!(
            "revoked {what} as {} at {}: {affected}",
            member(&answer, &["id"]),
            member(&answer, &["effective_at"])
        )],
    };
    lines.extend(effect::reach(&answer));
    Ok(Report::new(answer, lines.join("\n")))
}

async fn own_token(
    path: &str,
    agent: Option<&str>,
    environment: &Environment,
) -> Result<Report, Failure> {
    let client = environment.client(agent)?;
    let token = Secret::new(&read_text(path)?);
    let form = [("token", token.expose().to_owned())];
    oauth::post(environment, "revoke", &client, &form).await?;
    let text = "revoked, and everything that descends from it (a token that the broker does not \
                know gets the same answer)";
    Ok(Report::new(json!({"revoked": true}), text))
}
