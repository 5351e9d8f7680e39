//! `locum unlock`: lifts a lock; tokens that have not expired live again.

use clap::Args;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;

/// Which lock, and why.
#[derive(Debug, Args)]
pub struct UnlockArgs {
    /// The lock's id
    #[arg(value_name = "lck_…")]
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Lifts the lock.
pub(crate) async fn run(args: UnlockArgs, environment: &Environment) -> Result<Report, Failure> {
    let answer = AdminClient::new(environment)?
        .act("locks", &args.id, "lift", &args.reason)
        .await?;
    let text = format!(
        "lifted {}; tokens that have not expired live again, but for what a vendor revoked meanwhile",
        args.id
    );
    Ok(Report::new(answer, text))
}
