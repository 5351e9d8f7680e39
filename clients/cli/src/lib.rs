//! The developer’s and the operator’s commands, over the public and the admin
//! API alone: no broker crate is known here. The executable flattens
//! [`Command`] into its own commands and [`Options`] into its own options, and
//! hands both to [`run`].

use std::io::{IsTerminal, Write};

mod admin;
mod chain;
mod commands;
mod details;
mod dev;
mod environment;
mod exit;
mod failure;
mod http;
mod input;
mod jwt;
mod oauth;
mod output;
mod receipt;
mod secret;
mod tell;
mod text;
mod what;

pub use commands::Command;
pub use output::Format;
pub use tell::{Told, tell};

use environment::Environment;

/// What a reader of `--help` must know besides: what the commands read, and
/// what they end with.
pub const AFTER_HELP: &str = "\
Commands that ask a broker read:
  LOCUM_ISSUER            its issuer, such as https://broker.example
  LOCUM_ADMIN_API         its admin API (default: /admin/v1 below the issuer)
  LOCUM_ADMIN_TOKEN       a credential of the admin API, or LOCUM_ADMIN_TOKEN_FILE
  LOCUM_CLIENT_ID         the client that asks for a token
  LOCUM_CLIENT_SECRET     its secret, or LOCUM_CLIENT_SECRET_FILE
  LOCUM_OPERATIONS        the operations listener, for `doctor`
  LOCUM_DEV_READY         the ready file of a dev world, from `locum dev env`

They exit with:
  0 done                     8 no credential, or a bad one
  1 another failure         10 no answer in time
  2 wrong arguments         11 too many requests
  4 not set up here         12 cannot be reached
  5 no such object          13 a redirect, never followed
  6 wrong state             79 a person must consent
  7 not allowed             81 policy says no
                            82 locked, suspended, uncertified or revoked
What a target's own system refuses (LCM-DOWNSTREAM-REFUSED) ends with 2, too.";

/// Options of every command.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Options {
    /// How an answer is printed: by default text on a terminal, else JSON;
    /// `token`, `config`, `restore` and `tour` print text unless told.
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        global = true,
        value_enum,
        display_order = 900
    )]
    pub output: Option<Format>,
}

/// Runs one command and returns the exit code. Reads `LOCUM_*` from the
/// process's environment, prints to `out` and `err`, and never ends the process.
pub async fn run(
    command: Command,
    options: Options,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> i32 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the commands read the environment"
    )]
    let environment = Environment::read(|name| std::env::var(name).ok());
    let terminal = std::io::stdout().is_terminal();
    run_in(&environment, command, (options.output, terminal), out, err).await
}

/// The same with the environment as an argument, and whether somebody looks.
async fn run_in(
    environment: &Environment,
    command: Command,
    (asked, terminal): (Option<Format>, bool),
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> i32 {
    let name = command.name();
    let bare = command.prints_bare();
    let format = output::choose(asked, terminal, bare);
    let (printed, code) = match command.execute(environment).await {
        Ok(report) => {
            let code = report.exit.map_or(0, exit::Exit::code);
            (output::report(&report, name, format, out, err), code)
        }
        Err(failure) => {
            let code = failure.exit.code();
            (output::failure(&failure, name, format, out, err), code)
        }
    };
    match printed {
        Ok(()) => code,
        Err(_) => exit::Exit::General.code(),
    }
}

#[cfg(test)]
mod tests;
