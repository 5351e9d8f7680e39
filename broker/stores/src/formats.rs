//! Formats: what a release brought that those before it cannot read. While an older
//! node lives, nothing newer is written (contract §16), so that the nodes of an issuer
//! can be upgraded one after another.

use locum_core::record::Draft;

/// What a build reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats {
    /// The newest format that it reads.
    pub reads: u32,
    /// Of each format beyond the first, the texts by which a record of it is known in
    /// canonical JSON: a member, a record type, a policy's annotation.
    pub brought: &'static [(u32, &'static str)],
}

/// What this build reads. A release that brings a member, a record type or an
/// annotation counts `reads` up and adds its row.
pub const FORMATS: Formats = Formats {
    reads: 1,
    brought: &[],
};

impl Formats {
    /// The format that a record needs.
    #[must_use]
    pub fn needed(&self, draft: &Draft) -> u32 {
        let side = draft.side();
        let side = std::str::from_utf8(&side).unwrap_or_default();
        let holds = |text: &str| draft.body().contains(text) || side.contains(text);
        let needed = self.brought.iter().filter(|(_, text)| holds(text));
        needed.map(|(format, _)| *format).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_needs_the_format_that_brought_what_is_in_it() {
        let formats = Formats {
            reads: 3,
            brought: &[(2, "\"two\":"), (3, "\"three\":")],
        };
        let needs = |body, side| formats.needed(&Draft::new("x", [0; 16], body, side));
        assert_eq!(needs(json!({ "one": 1 }), None), 1);
        assert_eq!(needs(json!({ "two": 1 }), None), 2);
        assert_eq!(needs(json!({ "two": 1 }), Some(json!({ "three": 1 }))), 3);
        assert_eq!(needs(json!({ "one": "two" }), None), 1);
    }
}
