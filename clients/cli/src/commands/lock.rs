//! `locum lock`: no new credential and live ones refused, until lifted.

use clap::Args;
use serde_json::json;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::member;
use crate::what::KindAndId;

use super::effect;

/// What to lock, and why.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// KIND/ID such as `agent/invoice-agent` or `person/demo:ada`, or `all`
    #[arg(value_name = "WHAT")]
    what: KindAndId,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When the lock lifts itself (RFC 3339; default: never)
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
    /// Say what it would stop, and stop nothing
    #[arg(long)]
    dry_run: bool,
}

/// Puts the lock on.
pub(crate) async fn run(args: LockArgs, environment: &Environment) -> Result<Report, Failure> {
    let what = &args.what;
    if !what.lockable() {
        return Err(Failure::usage(format!(
            "expected something that can be locked, found `{what}`; it can be revoked: \
             locum revoke {what} --reason …"
        )));
    }
    let body = json!({"what": what.to_json(), "reason": args.reason,
        "expires_at": args.expires_at, "dry_run": args.dry_run});
    let answer = AdminClient::new(environment)?
        .create("locks", &body)
        .await?;
    let affected = effect::affected(&answer);
    let mut lines = Vec::new();
    if args.dry_run {
        lines.push(format!("would stop {affected}; nothing was changed"));
    } else {
        let id = member(&answer, &["id"]);
        lines.push(format!("locked {what} as {id}: {affected}"));
        lines.push(format!("undo: locum unlock {id} --reason …"));
    }
    lines.extend(effect::reach(&answer));
    Ok(Report::new(answer, lines.join("\n")))
}
