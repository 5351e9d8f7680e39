//! The demo's policy bundle (contract §3, §13): `exchange` for each agent
//! within its ceiling, `pre_authorise` on every `.read` for demo staff.

use std::collections::BTreeMap;

const FINANCE: &str = include_str!("policies/finance.cedar");
const PEOPLE: &str = include_str!("policies/people.cedar");
const NETWORK: &str = include_str!("policies/network.cedar");
const STAFF: &str = include_str!("policies/staff.cedar");
const VENDORS: &str = include_str!("policies/vendors.cedar");

/// The files of the bundle, by name.
pub(crate) fn bundle() -> BTreeMap<String, String> {
    [
        ("finance.cedar", FINANCE),
        ("network.cedar", NETWORK),
        ("people.cedar", PEOPLE),
        ("staff.cedar", STAFF),
        ("vendors.cedar", VENDORS),
    ]
    .into_iter()
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .collect()
}

#[cfg(test)]
mod tests;
