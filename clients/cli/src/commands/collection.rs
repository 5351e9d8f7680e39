//! A collection of the admin API, listed and shown: every command that looks at
//! one does it here.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::admin::AdminClient;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Report;
use crate::text::{member, object, table};

/// A collection and its table.
pub(super) struct Collection {
    /// Its name in the admin API.
    pub(super) name: &'static str,
    /// The table's columns.
    pub(super) heads: &'static [&'static str],
    /// An object's cells.
    pub(super) row: fn(&Value) -> Vec<String>,
}

/// What to do; without it, list.
#[derive(Debug, Args)]
pub struct LookArgs {
    #[command(subcommand)]
    look: Option<LookUp>,
}

/// Looking at a collection.
#[derive(Debug, Default, Subcommand)]
pub(super) enum LookUp {
    /// List all
    #[default]
    List,
    /// Show one, whole
    Show {
        /// Its id
        id: String,
    },
}

impl Collection {
    /// Lists or shows, as asked on the command line.
    pub(super) async fn run(
        &self,
        args: LookArgs,
        environment: &Environment,
    ) -> Result<Report, Failure> {
        self.look(args.look.unwrap_or_default(), environment).await
    }

    /// Lists or shows.
    pub(super) async fn look(
        &self,
        look: LookUp,
        environment: &Environment,
    ) -> Result<Report, Failure> {
        let admin = AdminClient::new(environment)?;
        match look {
            LookUp::List => Ok(self.listed(json!({"items": admin.list(self.name).await?}))),
            LookUp::Show { id } => {
                let one = admin.show(self.name, &id).await?;
                let text = object(&one);
                Ok(Report::new(one, text))
            }
        }
    }

    /// An answer with `items`, as a table.
    pub(super) fn listed(&self, answer: Value) -> Report {
        let items = answer.get("items").and_then(Value::as_array);
        let rows: Vec<Vec<String>> = items.into_iter().flatten().map(self.row).collect();
        let text = table(self.heads, &rows);
        Report::new(answer, text)
    }
}

/// Members as cells, one each.
pub(super) fn cells<const N: usize>(one: &Value, names: [&str; N]) -> Vec<String> {
    names.map(|name| member(one, &[name])).to_vec()
}

/// Limits per target, of a ceiling or a grant: `sap: invoice.post, invoice.read`.
pub(super) fn may_do(limits: Option<&Value>) -> String {
    let limits = limits.and_then(Value::as_array);
    let each = limits.into_iter().flatten().map(|limit| {
        format!(
            "{}: {}",
            member(limit, &["target"]),
            member(limit, &["scopes"])
        )
    });
    each.collect::<Vec<_>>().join("; ")
}
