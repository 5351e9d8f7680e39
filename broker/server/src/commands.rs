//! The command line (contract §1).

use crate::config::{self, ConfigVerb};
#[cfg(feature = "demo")]
use crate::dev;
use crate::flaw::Flaw;
use crate::store::{self, StoreVerb};
use crate::{process, serve};
use clap::{Parser, Subcommand};
use locum_admin::archive::restore::{RestoreFlaw, restore};
use locum_ambient::logs;
use locum_cli::{Options, Told};
use locum_stores::ledger::Opened;
use serde_json::json;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How long a thread for what blocks stays when it has nothing to do: it keeps a
/// heap of its own, megabytes of it.
const IDLE: Duration = Duration::from_secs(1);

/// The signal of a file over its size limit: a full disk in another guise. It
/// must be an error of the write, not the end of the process.
const SIGXFSZ: i32 = 25;

/// Of a command that runs until it is stopped.
const NO_ANSWER: &str = "It runs until it is stopped and has no answer: --output changes nothing.";

#[derive(Parser)]
#[command(
    name = "locum",
    version,
    about = "A token broker for software agents",
    after_help = locum_cli::AFTER_HELP
)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: AnyCommand,
}

#[derive(Subcommand)]
enum AnyCommand {
    #[cfg(feature = "demo")]
    /// Run a broker with a demo world around it, on loopback and offline.
    #[command(after_help = NO_ANSWER)]
    Dev(Dev),
    /// Run the broker that a configuration describes.
    #[command(after_help = NO_ANSWER)]
    Serve {
        /// The configuration, a TOML file.
        #[arg(long, value_name = "FILE", default_value = "locum.toml")]
        config: PathBuf,
    },
    /// Look at a configuration without serving it.
    Config {
        /// What to do.
        #[command(subcommand)]
        verb: ConfigVerb,
    },
    #[cfg(feature = "demo")]
    /// Play the main job once, step by step, on real signed tokens.
    Tour {
        /// Print one JSON object a step, as `-o json` does.
        #[arg(long)]
        json: bool,
    },
    /// Look after the Redis that the brokers of an issuer share.
    Store {
        /// What to do.
        #[command(subcommand)]
        verb: StoreVerb,
    },
    /// Lay a backup out in a new data folder.
    Restore {
        /// The backup: what `GET /admin/v1/backup` answered.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The data folder to make; empty or missing.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    #[command(flatten)]
    Client(locum_cli::Command),
}

#[cfg(feature = "demo")]
#[derive(clap::Args)]
struct Dev {
    #[command(subcommand)]
    verb: Option<DevVerb>,
    /// Where to listen: a loopback address; port 0 for any. The demo issuers take
    /// the port after it, the operations listener the third, the emulators the next.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: std::net::SocketAddr,
    /// Where keys, secrets and the ledger are kept; by default a temporary folder.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// A file to write once requests are answered: addresses, and secrets of the demo world.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Serve every origin over https, under a throw-away authority of its own.
    #[arg(long)]
    tls: bool,
    /// Bytes of a segment of the ledger, so that a test may see it roll.
    #[arg(long, hide = true)]
    segment_bytes: Option<u64>,
    /// Holds each client to a rate, which the dev world does not do by itself.
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    requests_per_client_per_s: Option<u32>,
}

#[cfg(feature = "demo")]
#[derive(Subcommand)]
enum DevVerb {
    /// Print the environment of a running dev world: `eval "$(locum dev env)"`.
    #[command(after_help = "What is printed is for a shell, whatever --output says.")]
    Env,
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let serves = matches!(cli.command, AnyCommand::Serve { .. });
    logs::start(if serves {
        logs::LogFormat::JsonUnlessTerminal
    } else {
        logs::LogFormat::Text
    });
    if let Err(error) = process::no_core() {
        tracing::warn!(%error, "core dumps of this process are not ruled out");
    }
    if let Err(error) = process::open_files() {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    runtime.block_on(run(cli))
}

async fn run(cli: Cli) -> ExitCode {
    let _over_the_size_limit: Option<Signal> = signal(SignalKind::from_raw(SIGXFSZ)).ok();
    let options = cli.options;
    match cli.command {
        #[cfg(feature = "demo")]
        AnyCommand::Dev(dev) => done(dev_command(dev).await),
        AnyCommand::Serve { config } => done(serve::command(&config).await),
        AnyCommand::Config { verb } => tell("config", config::command(&verb), options),
        #[cfg(feature = "demo")]
        AnyCommand::Tour { json } => {
            let json = json || options.output == Some(locum_cli::Format::Json);
            locum_demo::tour::command(json, dev::start_anywhere).await
        }
        AnyCommand::Store { verb } => tell("store", store::command(&verb).await, options),
        AnyCommand::Restore { file, data } => {
            let restored = restore_command(&file, &data).map_err(Into::into);
            tell("restore", restored, options)
        }
        AnyCommand::Client(command) => {
            let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
            exit(locum_cli::run(command, options, &mut out, &mut err).await)
        }
    }
}

/// What a command found that asks no broker.
fn tell(name: &str, found: Result<Told, Flaw>, options: Options) -> ExitCode {
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    exit(locum_cli::tell(name, found, options, &mut out, &mut err))
}

fn exit(code: i32) -> ExitCode {
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(feature = "demo")]
async fn dev_command(dev: Dev) -> Result<(), Flaw> {
    match dev.verb {
        None => {
            let wanted = dev::DevOptions {
                listen: dev.listen,
                data: dev.data,
                ready_file: dev.ready_file,
                how: dev::DevManner {
                    rate: dev.requests_per_client_per_s,
                    tls: dev.tls,
                },
                segment_bytes: dev.segment_bytes,
            };
            dev::command(wanted).await
        }
        Some(DevVerb::Env) => {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one name `dev env` takes from the environment"
            )]
            let named = std::env::var_os("LOCUM_DEV_READY").map(PathBuf::from);
            let file = locum_demo::env::locate(dev.data.as_deref(), named.as_deref())?;
            let text = tokio::task::spawn_blocking(move || locum_demo::env::env(&file)).await??;
            std::io::stdout().write_all(text.as_bytes())?;
            Ok(())
        }
    }
}

fn restore_command(file: &Path, data: &Path) -> Result<Told, RestoreFlaw> {
    let Opened { records, tree, .. } = restore(file, data)?;
    let data = data.display().to_string();
    Ok(Told {
        text: format!("restored {records} records of tree {tree} into {data}"),
        data: json!({"records": records, "tree": tree, "data": data}),
        ..Told::default()
    })
}

fn done(result: Result<(), Flaw>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(flaw) => failed(&*flaw),
    }
}

fn failed(flaw: &dyn std::error::Error) -> ExitCode {
    // Where nobody reads the reason, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "locum: {flaw}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests;
