//! Answers in JSON: one object, every member once.

use super::ANSWER_MAX;
use crate::trouble::Trouble;
use locum_core::json::{JsonLimits, parse};
use locum_core::secret::Secret;
use serde_json::{Map, Value};

/// Deepest nesting that is read.
const DEPTH_MAX: usize = 16;

/// The members of an answer.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    /// Reads one object.
    pub(crate) fn read(body: &[u8]) -> Result<Self, Trouble> {
        let limits = JsonLimits {
            bytes: ANSWER_MAX,
            depth: DEPTH_MAX,
        };
        match parse(body, limits) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Trouble::nonsense(
                "expected a JSON object, found another value",
            )),
            Err(flaw) => Err(Trouble::nonsense(flaw.to_string())),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Takes a credential out.
    pub(crate) fn credential(&mut self, name: &str) -> Result<Secret<String>, Trouble> {
        match self.0.remove(name) {
            Some(Value::String(text)) => {
                let secret = Secret::new(text);
                if super::reply::is_credential(secret.expose()) {
                    Ok(secret)
                } else {
                    Err(Trouble::nonsense(format!(
                        "expected `{name}` of 1 to 16,384 printable ASCII characters without space, found others"
                    )))
                }
            }
            Some(_) => Err(Trouble::nonsense(format!(
                "expected `{name}` as a text, found another value"
            ))),
            None => Err(Trouble::nonsense(format!("expected `{name}`, found none"))),
        }
    }
}

impl Drop for Members {
    /// Texts of an answer may be credentials that nobody asked for.
    fn drop(&mut self) {
        for (_, value) in std::mem::take(&mut self.0) {
            if let Value::String(text) = value {
                drop(Secret::new(text));
            }
        }
    }
}
