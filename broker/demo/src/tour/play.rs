//! Telling what happens: lines for people, or one JSON object a step.

use crate::started::DemoFlaw;
use serde_json::{Value, json};
use std::future::Future;
use std::io::Write;

/// What a step gives on: a value for later steps, and what there is to see.
pub(super) struct SeenInTour<T> {
    /// For later steps.
    pub(super) value: T,
    /// For the reader; claims under `claims`, never a token.
    pub(super) detail: Value,
}

/// The play.
pub(super) struct Play {
    json: bool,
    step: u32,
}

impl Play {
    /// For people, or as JSON lines.
    pub(super) const fn new(json: bool) -> Self {
        Self { json, step: 0 }
    }

    /// What is about to happen.
    pub(super) fn opening(&self) {
        if !self.json {
            say(&format!(
                "Locum {}: a tour on real signed tokens, over HTTP, on loopback.\n",
                env!("CARGO_PKG_VERSION")
            ));
        }
    }

    /// Plays one step and tells how it went.
    ///
    /// # Errors
    /// Why it did not hold.
    pub(super) async fn step<T>(
        &mut self,
        title: &str,
        scene: impl Future<Output = Result<SeenInTour<T>, DemoFlaw>>,
    ) -> Result<T, DemoFlaw> {
        self.step += 1;
        let (ok, detail, result) = match scene.await {
            Ok(seen) => (true, seen.detail, Ok(seen.value)),
            Err(flaw) => (false, json!({ "error": flaw.to_string() }), Err(flaw)),
        };
        if self.json {
            say(
                &json!({ "step": self.step, "title": title, "ok": ok, "detail": detail })
                    .to_string(),
            );
        } else {
            say(&format!(
                "{:>2}. {title}{}",
                self.step,
                if ok { "" } else { "  -- did not hold" }
            ));
            show(&detail);
        }
        result
    }

    /// How it ended.
    pub(super) fn closing(&self, ended: &Result<(), DemoFlaw>) {
        match (self.json, ended) {
            (true, _) => {}
            (false, Ok(())) => say(&format!(
                "\nAll {} steps held. Now by hand: locum dev",
                self.step
            )),
            (false, Err(flaw)) => say(&format!("\nStopped at step {}: {flaw}", self.step)),
        }
    }
}

/// Sets out a step's details, one member a line, objects one level deeper.
fn show(detail: &Value) {
    for (name, value) in detail.as_object().into_iter().flatten() {
        match value {
            Value::Object(members) => {
                say(&format!("      {name}"));
                members
                    .iter()
                    .for_each(|(name, value)| say(&format!("        {name:<22} {}", plain(value))));
            }
            Value::Null => {}
            Value::String(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
                say(&format!("      {name:<12} {}", plain(value)));
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Writes a line. A reader who went away wants no more of it.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
