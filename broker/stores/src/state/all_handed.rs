//! What vendors handed out at any node, and to what of it this node sees.

use super::fold::State;
use super::handed::{Awaiting, HandedOut, HandedOutEntry};
use locum_core::ids::Jti;
use locum_core::lineage::Key;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The id of the permit that a record is about.
fn of(body: &Value) -> Option<Jti> {
    Jti::parse(body.get("of")?.as_str()?).ok()
}

impl State {
    /// The outcome of a permit is on record, of whichever node.
    pub(super) fn outcome(&mut self, body: &Value, now_ms: u64) -> Result<(), String> {
        let others = of(body).filter(|jti| !self.handed.is_open(*jti));
        let other = others.and_then(|jti| self.others.with(|handed| handed.is_open(jti)));
        match other {
            Some(other) => other.ended(body, now_ms),
            None => self.handed.ended(body, now_ms),
        }
    }

    /// What came of revoking a credential is on record, of whichever node.
    pub(super) fn credential_revoked(&mut self, body: &Value) -> Result<(), String> {
        let others = of(body).filter(|jti| self.handed.get(*jti).is_none());
        let other = others.and_then(|jti| self.others.with(|handed| handed.get(jti).is_some()));
        match other {
            Some(other) => other.revoked(body),
            None => self.handed.revoked(body),
        }
    }

    /// From now on this node sees to the trees of these nodes, which are gone; whether
    /// they are others than before.
    pub(crate) fn adopt(&mut self, trees: BTreeSet<String>) -> bool {
        let others = self.others.adopted != trees;
        self.others.adopted = trees;
        others
    }

    /// What is seen to here: what this node handed out, and nodes that are gone.
    fn seen_to(&self) -> impl Iterator<Item = &HandedOut> {
        let adopted = self.others.adopted.iter();
        let adopted = adopted.filter_map(|tree| self.others.trees.get(tree));
        std::iter::once(&self.handed).chain(adopted)
    }

    fn all_handed(&self) -> impl Iterator<Item = &HandedOut> {
        std::iter::once(&self.handed).chain(self.others.trees.values())
    }

    /// Permits to be seen to here whose outcome is not on record and never will be by
    /// who asked: those of nodes that are gone.
    pub fn orphaned(&self) -> impl Iterator<Item = (Jti, &Arc<Awaiting>)> {
        self.seen_to().skip(1).flat_map(HandedOut::open)
    }

    /// What is to be seen to here, was handed out and has not ended.
    pub fn handed_to_see_to(&self) -> impl Iterator<Item = (Jti, &Arc<HandedOutEntry>)> {
        self.seen_to().flat_map(HandedOut::live)
    }

    /// What is to be seen to here, can be revoked and whose permit is over.
    pub fn permit_over(&self, now_s: u64) -> impl Iterator<Item = (Jti, &Arc<HandedOutEntry>)> {
        self.seen_to()
            .flat_map(move |handed| handed.permit_over(now_s))
    }

    /// What any node handed out and has not ended.
    pub fn all_live(&self) -> impl Iterator<Item = (Jti, &Arc<HandedOutEntry>)> {
        self.all_handed().flat_map(HandedOut::live)
    }

    /// What any node handed out under that permit, if it has not ended.
    #[must_use]
    pub fn handed_under(&self, jti: Jti) -> Option<&Arc<HandedOutEntry>> {
        self.all_handed().find_map(|handed| handed.get(jti))
    }

    /// The permit of a credential of any node, by its keyed hash.
    #[must_use]
    pub fn handed_by_fingerprint(&self, print: &Key) -> Option<(Jti, &Arc<HandedOutEntry>)> {
        self.all_handed()
            .find_map(|handed| handed.by_fingerprint(print))
    }

    /// Whether any node handed it out already.
    #[must_use]
    pub fn knows_credential(&self, print: &Key) -> bool {
        self.all_handed().any(|handed| handed.knows(print))
    }
}
