//! Commands from the command line to the wire and back, against a server that
//! answers from a list.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use clap::Parser;
use serde_json::{Value, json};

use super::*;

mod look;
mod operator;
mod server;
mod token;
mod verify;

use server::Server;

/// The executable's own parser, in small.
#[derive(Debug, Parser)]
#[command(name = "locum")]
struct Line {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Outer,
}

#[derive(Debug, clap::Subcommand)]
enum Outer {
    /// A command of the executable itself
    Tour,
    #[command(flatten)]
    Cli(Command),
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

fn parse(line: &str) -> Result<(Command, Options), clap::Error> {
    let line = Line::try_parse_from(std::iter::once("locum").chain(line.split_whitespace()))?;
    match line.command {
        Outer::Cli(command) => Ok((command, line.options)),
        Outer::Tour => panic!("not ours"),
    }
}

async fn run_with(pairs: &[(&str, String)], line: &str) -> Ran {
    let (command, options) = parse(line).unwrap();
    let environment = Environment::read(|name| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.clone())
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run_in(
        &environment,
        command,
        (options.output, true),
        &mut out,
        &mut err,
    )
    .await;
    Ran {
        code,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// A request's JSON.
fn body(request: &str) -> Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Runs a line against a server, with every credential set.
async fn run_at(server: &Server, line: &str) -> Ran {
    let pairs = [
        ("LOCUM_ISSUER", server.url.clone()),
        ("LOCUM_ADMIN_TOKEN", "adm".to_owned()),
        ("LOCUM_CLIENT_ID", "invoice-agent".to_owned()),
        ("LOCUM_CLIENT_SECRET", "s1".to_owned()),
    ];
    run_with(&pairs, line).await
}

#[test]
fn the_parser_has_no_contradictions() {
    use clap::CommandFactory;
    Line::command().debug_assert();
}

#[test]
fn the_output_option_stands_anywhere() {
    for line in [
        "-o json agents list",
        "agents -o json list",
        "agents list -o json",
        "agents --output json",
    ] {
        assert_eq!(parse(line).unwrap().1.output, Some(Format::Json), "{line}");
    }
}

#[test]
fn lines_that_lack_or_mix_something_are_refused_by_the_parser() {
    for line in [
        "token --for sap",
        "token --as ada",
        "token --as ada --subject-grant grt_1 --for sap",
        "token --alone --session access --for sap",
        "token --subject-token-type jwt --as ada --for sap",
        "token --alone --actor-token-file f --for sap",
        "revoke agent/a --reason x --agent b",
        "lock agent/a",
        "lock robot/a --reason x",
        "unlock lck_1",
        "revoke agent/a",
        "revoke",
        "revoke --token-file f agent/a --reason x",
        "revoke --token-file f --dry-run",
        "agents suspend a",
        "policy check",
        "policy apply",
        "issuers show",
        "explain",
        "grants add --person p --agent a --for t --scope s --reason r",
    ] {
        assert_eq!(
            parse(line).err().map(|error| error.exit_code()),
            Some(2),
            "{line}"
        );
    }
}

#[test]
fn no_flag_takes_a_secret() {
    use clap::CommandFactory;
    fn names(command: &clap::Command, into: &mut Vec<String>) {
        into.extend(
            command
                .get_arguments()
                .map(|argument| argument.get_id().to_string()),
        );
        command.get_subcommands().for_each(|sub| names(sub, into));
    }
    let mut all = Vec::new();
    names(&Line::command(), &mut all);
    let secret = |name: &&String| name.contains("secret") || name.contains("password");
    assert_eq!(all.iter().find(secret), None);
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_unavailable_and_worth_a_retry() {
    // Nothing listens on port 1.
    let pairs = [
        ("LOCUM_ISSUER", "http://127.0.0.1:1".to_owned()),
        ("LOCUM_ADMIN_TOKEN", "hunter2".to_owned()),
    ];
    let ran = run_with(&pairs, "agents -o json").await;
    assert_eq!(ran.code, 12, "{}", ran.err);
    assert_eq!(ran.json()["error"]["retryable"], json!(true));
    assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"));
}

#[tokio::test]
async fn a_redirect_is_reported_and_never_followed() {
    let server = Server::answering(&[(302, "")]).await;
    assert_eq!(run_at(&server, "agents").await.code, 13);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let long = format!("\"{}\"", "a".repeat(1024 * 1024));
    let server = Server::answering(&[(200, &long)]).await;
    let ran = run_at(&server, "agents").await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("expected an answer of at most 1048576 bytes"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_a_sentence() {
    let server = Server::answering(&[(200, "<html>")]).await;
    let ran = run_at(&server, "agents").await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("expected JSON"), "{}", ran.err);
}
