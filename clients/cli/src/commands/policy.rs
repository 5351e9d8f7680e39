//! `locum policy`: the bundle in force, another one tried out and put in force.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::input::read_text_within;
use crate::output::Report;
use crate::text::{clean, fields, member};

/// The most that is read of one file, in bytes: what the broker takes of a
/// whole bundle, so that its own answer decides.
const MAX_FILE: u64 = 1024 * 1024;

/// What to do; without it, show.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    verb: Option<PolicyVerb>,
}

#[derive(Debug, Subcommand)]
enum PolicyVerb {
    /// Show the bundle in force, every file of it
    Show,
    /// Have files checked as a whole bundle, and say what they would change
    Check {
        /// The Cedar files, all of them
        #[arg(value_name = "FILE", required = true)]
        files: Vec<String>,
    },
    /// Replace the whole bundle by files, unless another one came between
    Apply {
        /// The Cedar files, all of them: what is not named is taken out
        #[arg(value_name = "FILE", required = true)]
        files: Vec<String>,
        /// The bundle to replace, `sha256:…`; by default the one found in force
        #[arg(long, value_name = "BUNDLE")]
        if_match: Option<String>,
    },
}

/// Shows, checks or applies.
pub(crate) async fn run(args: PolicyArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(PolicyVerb::Show) {
        PolicyVerb::Show => {
            let bundle = AdminClient::new(environment)?.policies().await?;
            let text = shown(&bundle);
            Ok(Report::new(bundle, text))
        }
        PolicyVerb::Check { files } => {
            let files = read(&files)?;
            let admin = AdminClient::new(environment)?;
            let body = json!({"files": files});
            let answer = admin.create("policies/validate", &body).await?;
            let current = admin.policies().await?;
            Ok(told("ok", answer, &current, &files))
        }
        PolicyVerb::Apply { files, if_match } => {
            let files = read(&files)?;
            let admin = AdminClient::new(environment)?;
            let current = admin.policies().await?;
            let found = || member(&current, &["bundle"]);
            let answer = admin
                .replace_policies(&json!({"files": files}), &if_match.unwrap_or_else(found))
                .await?;
            Ok(told("in force", answer, &current, &files))
        }
    }
}

/// Texts by the name of their file, which is their name in the bundle.
fn read(paths: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut files = BTreeMap::new();
    for path in paths {
        let name = Path::new(path).file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or(path).to_owned();
        let text = read_text_within(path, MAX_FILE)?;
        if files.insert(name, text).is_some() {
            return Err(Failure::usage(format!(
                "expected each name of a file once, found `{path}` again; the names are those in \
                 the bundle"
            )));
        }
    }
    Ok(files)
}

/// The broker's answer to a bundle, with what is or would be different.
fn told(
    head: &str,
    mut answer: Value,
    current: &Value,
    files: &BTreeMap<String, String>,
) -> Report {
    let none = serde_json::Map::new();
    let before = current.get("files").and_then(Value::as_object);
    let before = before.unwrap_or(&none);
    let new = |name: &&String| !before.contains_key(*name);
    let other = |name: &&String| {
        let text = before.get(*name).and_then(Value::as_str);
        text.is_some() && text != files.get(*name).map(String::as_str)
    };
    let gone = |name: &&String| !files.contains_key(*name);
    let added: Vec<&String> = files.keys().filter(new).collect();
    let changed: Vec<&String> = files.keys().filter(other).collect();
    let removed: Vec<&String> = before.keys().filter(gone).collect();
    let changes = json!({"added": added, "changed": changed, "removed": removed});
    let mut rows = vec![
        (head, member(&answer, &["bundle"])),
        ("policies", member(&answer, &["count"])),
    ];
    rows.extend(["added", "changed", "removed"].map(|how| (how, member(&changes, &[how]))));
    let text = fields(&rows);
    if let Some(members) = answer.as_object_mut() {
        members.insert("replaces".to_owned(), json!(current.get("bundle")));
        members.insert("changes".to_owned(), changes);
    }
    Report::new(answer, text)
}

/// The bundle's hash and count, then each file under its name.
fn shown(bundle: &Value) -> String {
    let mut text = fields(&[
        ("bundle", member(bundle, &["bundle"])),
        ("policies", member(bundle, &["count"])),
    ]);
    let files = bundle.get("files").and_then(Value::as_object);
    for (name, policy) in files.into_iter().flatten() {
        let lines = policy.as_str().unwrap_or_default().lines();
        let lines: Vec<String> = lines
            .map(|line| clean(&line.replace('\t', "    ")))
            .collect();
        text = format!("{text}\n\n// {}\n{}", clean(name), lines.join("\n"));
    }
    text
}
