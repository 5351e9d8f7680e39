//! How a result or a failure is printed: the JSON envelope for programs, plain
//! text for people.

use std::io::Write;

use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::text::{clean, inline};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One envelope `{ok,data,error,warnings,meta}`.
    Json,
    /// Text for people.
    Table,
}

/// What a command found, in both forms.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// `data` of the envelope.
    pub(crate) data: Value,
    /// The same for people, without a final line break.
    pub(crate) text: String,
    /// What to say on standard error, whatever the format.
    pub(crate) aside: String,
    /// What the reader must know beside the data.
    pub(crate) warnings: Vec<String>,
    /// What to exit with where the answer itself is bad news; `None`: 0.
    pub(crate) exit: Option<Exit>,
}

impl Report {
    /// Good news, in both forms.
    pub(crate) fn new(data: Value, text: impl Into<String>) -> Self {
        Self {
            data,
            text: text.into(),
            ..Self::default()
        }
    }
}

/// Chooses the format: as asked, else JSON where nobody is looking.
pub(crate) fn choose(asked: Option<Format>, terminal: bool, bare: bool) -> Format {
    match asked {
        Some(format) => format,
        None if terminal || bare => Format::Table,
        None => Format::Json,
    }
}

/// Prints a result.
pub(crate) fn report(
    report: &Report,
    name: &str,
    format: Format,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> std::io::Result<()> {
    match format {
        Format::Json => {
            let meta = meta(name);
            writeln!(
                out,
                "{}",
                json_text(
                    &json!({"ok": report.exit.is_none(), "data": report.data, "error": null,
                "warnings": report.warnings, "meta": meta})
                )
            )?;
        }
        Format::Table => {
            for warning in &report.warnings {
                writeln!(err, "warning: {}", clean(warning))?;
            }
            if !report.text.is_empty() {
                writeln!(out, "{}", report.text)?;
            }
        }
    }
    if !report.aside.is_empty() {
        writeln!(err, "{}", report.aside)?;
    }
    out.flush()
}

/// Prints a failure: the sentence always on standard error, so that it is seen
/// when standard output goes elsewhere; the envelope on standard output.
pub(crate) fn failure(
    failure: &Failure,
    name: &str,
    format: Format,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> std::io::Result<()> {
    refused(failure, name, format, out)?;
    let oauth = failure.rest.get("error").and_then(Value::as_str);
    let head = oauth.map_or_else(
        || failure.code.clone(),
        |error| format!("{error} ({})", failure.code),
    );
    writeln!(err, "error {}: {}", clean(&head), clean(&failure.message))?;
    for (label, member) in [
        ("would pass", "would_pass"),
        ("wrong", "errors"),
        ("open", "consent_uri"),
        ("request", "request_id"),
    ] {
        if let Some(value) = failure.rest.get(member).filter(|value| says(value)) {
            writeln!(err, "  {label:<10}  {}", inline(value))?;
        }
    }
    if let Some(request) = recorded(failure) {
        writeln!(err, "  {:<10}  locum explain {}", "why", clean(request))?;
    }
    out.flush()
}

/// Whether there is anything to tell in a line.
fn says(value: &Value) -> bool {
    !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
}

/// The envelope of a failure, where one is wanted.
pub(crate) fn refused(
    failure: &Failure,
    name: &str,
    format: Format,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if format == Format::Json {
        writeln!(
            out,
            "{}",
            json_text(&json!({"ok": false, "data": null,
            "error": failure.to_json(), "warnings": [], "meta": meta(name)}))
        )?;
    }
    Ok(())
}

/// The request whose decision can be explained: a refusal of the token endpoint
/// to a client that it knew (a stranger's is counted, not recorded).
fn recorded(failure: &Failure) -> Option<&str> {
    let refusal = failure.rest.contains_key("error") && failure.code != "LCM-CLIENT-AUTH";
    let request = failure.rest.get("request_id")?.as_str()?;
    (refusal && failure.code.starts_with("LCM-")).then_some(request)
}

fn meta(name: &str) -> Value {
    json!({"command": name, "version": env!("CARGO_PKG_VERSION")})
}

/// Pretty JSON in which no character can drive a terminal: what serde leaves
/// as it is (C1 controls, direction marks) only stands inside strings, so it
/// can be escaped there.
pub(crate) fn json_text(value: &Value) -> String {
    use std::fmt::Write;
    let pretty = format!("{value:#}");
    let mut text = String::with_capacity(pretty.len());
    for c in pretty.chars() {
        if c != '\n' && crate::text::drives_terminal(c) {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests;
