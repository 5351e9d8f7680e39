//! Where changes of a kind stand in the ledger, so that what is over can leave
//! memory and still be listed from the record.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Records of a block: what a reader reads at once.
const BLOCK: u64 = 64;

/// The blocks of records that hold a change of one kind: 4 bytes each, however
/// many changes a block holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Blocks(Vec<u32>);

impl Blocks {
    /// A record of that index holds one.
    pub(super) fn add(&mut self, index: u64) {
        let block = u32::try_from(index / BLOCK).unwrap_or(u32::MAX);
        if self.0.last() != Some(&block) {
            self.0.push(block);
        }
    }

    /// The ranges of records to look at, from an index on, in order.
    pub fn from(&self, index: u64) -> impl Iterator<Item = Range<u64>> {
        let first = self
            .0
            .partition_point(|block| (u64::from(*block) + 1) * BLOCK <= index);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.iter().map(move |block| {
            let start = u64::from(*block) * BLOCK;
            start.max(index)..start + BLOCK
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_blocks_that_hold_one_are_looked_at() {
        let mut blocks = Blocks::default();
        [3, 60, 64, 200].into_iter().for_each(|at| blocks.add(at));
        let from = |index| blocks.from(index).collect::<Vec<_>>();
        assert_eq!(from(0), [0..64, 64..128, 192..256]);
        assert_eq!(from(63), [63..64, 64..128, 192..256]);
        assert_eq!(from(64), [64..128, 192..256]);
        assert_eq!(from(201).first(), Some(&(201..256)));
        assert!(from(256).is_empty());
    }
}
