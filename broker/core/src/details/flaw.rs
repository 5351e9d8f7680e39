//! What is wrong with `authorization_details`, and what would pass instead.

pub(super) use crate::refusal::quoted as quote;
use serde_json::Value as Json;
use std::fmt::Write as _;

/// How many names a message lists before it only counts the rest.
const LIST_LIMIT: usize = 8;

/// Why `authorization_details` were refused (`LCM-DETAILS`).
///
/// `expected` and `found` are safe to show: foreign text in them is quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct DetailsFlaw {
    /// JSON pointer (RFC 6901) below `authorization_details`; empty for the whole.
    pub pointer: String,
    /// What was expected there, as a phrase.
    pub expected: String,
    /// What was found there, as a phrase.
    pub found: String,
    /// An `authorization_details` array that passes the same check, if a near one exists.
    pub would_pass: Option<Box<Json>>,
}

impl DetailsFlaw {
    /// A flaw without a suggestion.
    pub(super) fn new(
        pointer: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            expected: expected.into(),
            found: found.into(),
            would_pass: None,
        }
    }

    /// In a few words: `amount 9200.00 > 5000.00`. What is more than numbers stands
    /// in backticks, as foreign text does everywhere (contract §10).
    #[must_use]
    pub fn brief(&self) -> String {
        let place = self.pointer.rsplit('/').next().unwrap_or_default();
        let (found, expected) = (plain(&self.found), plain(&self.expected));
        let relation = [("at most ", ">"), ("at least ", "<")]
            .into_iter()
            .find_map(|(words, sign)| Some((sign, self.expected.strip_prefix(words)?)));
        let told = match relation {
            Some((sign, limit)) => format!("{place} {found} {sign} {}", plain(limit)),
            None => format!("{place} {found} where {expected} is granted"),
        };
        told.trim_start().to_owned()
    }

    /// One sentence for the caller: printable ASCII without `"` and `\`,
    /// ending with the next step (contract §10).
    #[must_use]
    pub fn public(&self) -> String {
        let mut text = format!("expected {}", self.expected);
        if !self.pointer.is_empty() {
            let _ = write!(text, " at {}", quote(&self.pointer));
        }
        let _ = write!(text, ", found {}", self.found);
        text.push_str(match self.would_pass {
            Some(_) => "; ask for the `authorization_details` shown in `would_pass`",
            None => "; change `authorization_details` and ask again",
        });
        text
    }
}

/// A number without its backticks, anything else as it is.
fn plain(phrase: &str) -> &str {
    let inside = phrase
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'));
    let number = |text: &&str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    inside.filter(number).unwrap_or(phrase)
}

/// One reference token of a JSON pointer (RFC 6901 §3), with its slash.
pub(super) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The first names of a list, quoted, and how many more there are.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> = names.by_ref().take(LIST_LIMIT).map(quote).collect();
    match (shown.is_empty(), names.count()) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What a JSON value is, for `found`.
pub(super) fn describe(value: &Json) -> String {
    match value {
        Json::Null => "`null`".to_owned(),
        Json::Bool(flag) => format!("`{flag}`"),
        Json::Number(number) => format!("the number {}", quote(&number.to_string())),
        Json::String(text) => quote(text),
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    }
}
