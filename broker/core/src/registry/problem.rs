//! What is wrong with a declared object, one entry a place (RFC 9457 `errors`).

use super::bounds::{LIST_MAX, TEXT_MAX};
use serde::Serialize;

/// One flaw of an object sent to the admin API or read from a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// JSON pointer into the object (RFC 6901).
    pub pointer: String,
    /// What was expected and found.
    pub detail: String,
}

/// A list of flaws under construction.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<FieldProblem>);

impl Problems {
    /// Adds a flaw.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.0.push(FieldProblem {
            pointer: pointer.into(),
            detail: detail.into(),
        });
    }

    /// Adds a flaw where the condition does not hold.
    pub fn require(&mut self, holds: bool, pointer: &str, detail: &str) {
        if !holds {
            self.add(pointer, detail);
        }
    }

    /// Checks a free text: no control characters, at most [`TEXT_MAX`] bytes.
    pub fn text(&mut self, pointer: &str, text: &str) {
        let fine = text.len() <= TEXT_MAX && !text.chars().any(char::is_control);
        self.require(
            fine,
            pointer,
            "expected at most 500 bytes without control characters",
        );
    }

    /// Checks the length of a list.
    pub fn list(&mut self, pointer: &str, len: usize) {
        self.require(len <= LIST_MAX, pointer, "expected at most 256 entries");
    }
}
