//! What is wrong with a bundle, and where.

use cedar_policy::ffi::DetailedError;
use std::fmt;

/// Most flaws reported at once; what is beyond helps nobody.
pub const FLAWS_MAX: usize = 50;
/// Longest sentence about one flaw, in characters.
const DETAIL_MAX: usize = 400;

/// One thing wrong with a bundle: an entry of a 422's `errors` (contract §12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PolicyFlaw {
    /// The file's name; empty when the bundle as a whole is at fault.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What was expected and what was found.
    pub detail: String,
}

impl PolicyFlaw {
    /// Where in the body of `PUT /policies` (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        if self.file.is_empty() {
            return "/files".to_owned();
        }
        format!("/files/{}", self.file.replace('~', "~0").replace('/', "~1"))
    }

    /// A flaw of the whole bundle.
    pub(crate) fn of_bundle(detail: impl Into<String>) -> Self {
        Self::at("", "", 0, detail)
    }

    /// A flaw at a byte of a file's text.
    pub(crate) fn at(file: &str, text: &str, byte: usize, detail: impl Into<String>) -> Self {
        let before = text
            .char_indices()
            .take_while(|(place, _)| *place < byte)
            .fold((1, 1), |(line, column), (_, c)| match c {
                '\n' => (line + 1, 1),
                _ => (line, column + 1),
            });
        let one_line = |c: char| if c.is_control() { ' ' } else { c };
        Self {
            file: file.to_owned(),
            line: before.0,
            column: before.1,
            detail: detail
                .into()
                .chars()
                .map(one_line)
                .take(DETAIL_MAX)
                .collect(),
        }
    }
}

impl fmt::Display for PolicyFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.detail
        )
    }
}

/// Cedar's own sentence, with its help, and the byte it points at.
pub(crate) fn sentence(error: &DetailedError) -> (usize, String) {
    let byte = error.source_locations.first().map_or(0, |at| at.loc.start);
    let label = error
        .source_locations
        .first()
        .and_then(|at| at.label.as_deref());
    let more = error.help.as_deref().or(label);
    let detail = match more {
        Some(more) => format!("{}; {more}", error.message),
        None => error.message.clone(),
    };
    (byte, detail)
}
