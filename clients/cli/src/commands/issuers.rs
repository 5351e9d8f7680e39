//! `locum issuers`: whose tokens are taken as proof, and whether their keys can be
//! had.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{fields, member, object, table};

use super::collection::{Collection, LookUp, cells};

pub(super) const ISSUERS: Collection = Collection {
    name: "issuers",
    heads: &["id", "issuer", "kind", "role", "audiences"],
    row: |issuer| cells(issuer, ["id", "issuer", "kind", "role", "audiences"]),
};

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct IssuersArgs {
    #[command(subcommand)]
    verb: Option<IssuerVerb>,
}

#[derive(Debug, Subcommand)]
enum IssuerVerb {
    /// List all
    List,
    /// Show one, whole, and what is known of its keys
    Show {
        /// Its id
        id: String,
    },
    /// Fetch its keys now, and say what was found, what is left out and what is wrong;
    /// exits with 4 where its keys cannot be had
    Test {
        /// Its id
        id: String,
    },
}

/// Lists, shows or tests.
pub(crate) async fn run(args: IssuersArgs, environment: &Environment) -> Result<Report, Failure> {
    match args.verb.unwrap_or(IssuerVerb::List) {
        IssuerVerb::List => ISSUERS.look(LookUp::List, environment).await,
        IssuerVerb::Show { id } => show(&id, environment).await,
        IssuerVerb::Test { id } => {
            let admin = AdminClient::new(environment)?;
            let found = admin.test("issuers", &id).await?;
            let failed = !has_keys(&found) || problem(&found).is_some();
            let issuer = match failed {
                true => admin.show(ISSUERS.name, &id).await.ok(),
                false => None,
            };
            let text = told(&found, issuer.as_ref());
            let mut report = warned(Report::new(found, text), None);
            report.exit = failed.then_some(Exit::Precondition);
            Ok(report)
        }
    }
}

async fn show(id: &str, environment: &Environment) -> Result<Report, Failure> {
    let admin = AdminClient::new(environment)?;
    let issuer = admin.show(ISSUERS.name, id).await?;
    let mut text = object(&issuer);
    // An older broker does not know of them.
    let keys = admin.issuer_keys(id).await.ok();
    if let Some(keys) = &keys {
        text.push('\n');
        text.push_str(&told(keys, Some(&issuer)));
    }
    Ok(warned(Report::new(issuer, text), keys.as_ref()))
}

/// A report with the problem of the keys, if any, as a warning.
fn warned(mut report: Report, keys: Option<&Value>) -> Report {
    let problem = problem(keys.unwrap_or(&report.data));
    report
        .warnings
        .extend(problem.map(|problem| format!("keys cannot be had: {problem}")));
    report
}

/// Whether any of its keys is used.
fn has_keys(keys: &Value) -> bool {
    let used = keys.get("keys").and_then(Value::as_array);
    used.is_some_and(|used| !used.is_empty())
}

/// Why the keys cannot be had, and what to do, after the word that the
/// documentation lists.
fn problem(keys: &Value) -> Option<String> {
    keys.get("problem").filter(|problem| problem.is_object())?;
    let said = |name| member(keys, &["problem", name]);
    Some(format!(
        "{}: {}; {}",
        said("reason"),
        said("detail"),
        said("next")
    ))
}

/// Where discovery is asked, of an issuer whose keys come from there.
fn discovery(keys: &Value, issuer: &Value) -> Option<String> {
    let by_discovery = keys.get("source").and_then(Value::as_str) == Some("discovery");
    let issuer = issuer.get("issuer").and_then(Value::as_str);
    let issuer = issuer.filter(|_| by_discovery)?.trim_end_matches('/');
    Some(format!("{issuer}/.well-known/openid-configuration"))
}

/// What is known of an issuer's keys.
fn told(keys: &Value, issuer: Option<&Value>) -> String {
    let mut rows = vec![("keys from", member(keys, &["source"]))];
    let asked = issuer.and_then(|issuer| discovery(keys, issuer));
    rows.extend(asked.map(|asked| ("asked", asked)));
    for (label, name) in [
        ("jwks_uri", "jwks_uri"),
        ("tried", "tried_at"),
        ("fetched", "fetched_at"),
    ] {
        if keys.get(name).is_some_and(|value| !value.is_null()) {
            rows.push((label, member(keys, &[name])));
        }
    }
    if keys.get("fetched") == Some(&Value::Bool(false)) && rows.iter().any(|row| row.0 == "tried") {
        rows.push((
            "note",
            "nothing was fetched for this; shown is what is known".to_owned(),
        ));
    }
    if let Some(problem) = problem(keys) {
        rows.push(("problem", problem));
    }
    let list = |name: &str| {
        keys.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let used = list("keys").map(|key| {
        let [kid, alg] = cells(key, ["kid", "alg"]).try_into().unwrap_or_default();
        vec![kid, alg, "used".to_owned()]
    });
    let unused = list("left_out").map(|key| {
        let why = format!("left out: {}", member(key, &["detail"]));
        vec![member(key, &["kid"]), String::new(), why]
    });
    let all: Vec<Vec<String>> = used.chain(unused).collect();
    let mut text = fields(&rows);
    if !all.is_empty() {
        text.push('\n');
        text.push_str(&table(&["kid", "alg", "use"], &all));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_told_with_those_left_out_and_the_problem() {
        let text = told(
            &json!({"source": "discovery", "jwks_uri": null, "fetched_at": null,
            "tried_at": "2026-11-23T10:00:00Z", "fetched": true,
            "keys": [{"kid": "a", "alg": "RS256"}],
            "left_out": [{"kid": null, "reason": "kind", "detail": "expected an RSA key"}],
            "problem": {"reason": "timeout", "detail": "expected an answer in time, found none",
                        "setting": "trust.fetch_timeout_s", "next": "raise it"}}),
            Some(&json!({"issuer": "https://idp.example/a/"})),
        );
        for part in [
            "keys from  discovery",
            "asked      https://idp.example/a/.well-known/openid-configuration\n",
            "problem    timeout: expected an answer in time, found none; raise it",
            "\nKID  ALG    USE\n",
            "a    RS256  used",
            "left out: expected an RSA key",
        ] {
            assert!(text.contains(part), "no `{part}` in:\n{text}");
        }
        assert!(!text.contains("jwks_uri"), "{text}");
    }
}
