//! `locum issuers`: whose tokens are taken as proof.

use super::collection::{Collection, cells};

pub(super) const ISSUERS: Collection = Collection {
    name: "issuers",
    heads: &["id", "issuer", "kind", "role", "audiences"],
    row: |issuer| cells(issuer, ["id", "issuer", "kind", "role", "audiences"]),
};
