//! One token request under construction: what is known, and by which name the
//! vendor knows the person.

use crate::aid::Aid;
use crate::manner::Manner;
use crate::order::Order;
use crate::prepare::{Account, Prepared};
use locum_core::ids::SecretName;

/// One token request under construction.
pub(crate) struct Asking<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) manner: &'static Manner,
    pub(crate) account: &'a Account,
    pub(crate) url: String,
    pub(crate) order: &'a Order<'a>,
    pub(crate) aid: &'a dyn Aid,
}

/// `{sub}`.
const SUB: &str = "{sub}";
/// `{issuer}`.
const ISSUER: &str = "{issuer}";

impl Asking<'_> {
    /// The name: of `subjects`, else by the template `subject`.
    pub(crate) fn subject(&self) -> String {
        let values = &self.prepared.values;
        let who = &self.order.who;
        let mapped = values
            .members("subjects")
            .find(|(ours, _)| *ours == who.ours);
        if let Some((_, theirs)) = mapped {
            return theirs.to_owned();
        }
        fill(
            values.text("subject").unwrap_or(SUB),
            &who.theirs,
            &who.issuer,
        )
    }

    /// The secret whose key signs assertions; `None`: Locum's own.
    pub(crate) fn signing(&self) -> Option<&SecretName> {
        if self.prepared.row.account_role == "signing" {
            return self.account.secret.as_ref();
        }
        self.prepared.secrets.get("signing")
    }
}

/// Fills the template in one pass, so that braces in a name stay as they are.
fn fill(template: &str, sub: &str, issuer: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(place) = rest.find('{') {
        let (before, from) = rest.split_at(place);
        out.push_str(before);
        if let Some(after) = from.strip_prefix(SUB) {
            out.push_str(sub);
            rest = after;
        } else if let Some(after) = from.strip_prefix(ISSUER) {
            out.push_str(issuer);
            rest = after;
        } else {
            out.push('{');
            rest = from.strip_prefix('{').unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn what_a_name_holds_is_not_filled_in_again() {
        let filled = |template| fill(template, "{issuer}", "corp");
        assert_eq!(filled("{sub}"), "{issuer}");
        assert_eq!(filled("{issuer}.{sub}@a"), "corp.{issuer}@a");
        assert_eq!(filled("svc"), "svc");
    }
}
