//! Keys of a set that are not used, and why.

use super::flaw::KeyFlaw;
use serde_json::Value;

/// Longest name of a key that is left out, in characters, as it is shown.
const SHOWN_MAX: usize = 64;

/// A key of a set that is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutKey {
    kid: Option<Box<str>>,
    /// Why it is not.
    pub flaw: KeyFlaw,
}

impl LeftOutKey {
    /// A key as it was published.
    pub(super) fn new(key: &Value, flaw: KeyFlaw) -> Self {
        let kid = key.get("kid").and_then(Value::as_str);
        Self {
            kid: kid.map(shown),
            flaw,
        }
    }

    /// Its name in printable ASCII and of bounded length: nobody has vouched for
    /// it. `None` where it has none.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// What is fit to be shown, quoted with backticks, of a name.
pub(super) fn shown(kid: &str) -> Box<str> {
    let mut out = String::new();
    for c in kid.chars() {
        let plain = (c.is_ascii_graphic() || c == ' ') && !['"', '\\', '`'].contains(&c);
        out.push(if plain { c } else { '?' });
        if out.len() > SHOWN_MAX {
            out.truncate(SHOWN_MAX);
            out.push_str("...");
            break;
        }
    }
    out.into()
}
