//! Names of keys. What a script touches together has one tag in braces, so that it
//! lies in one slot of a cluster.

use locum_core::record::DEFAULT_TENANT;

fn key(rest: &str) -> String {
    format!("locum:{DEFAULT_TENANT}:{rest}")
}

/// What the change log has come to, a hash.
pub(super) fn head() -> String {
    key("{c}:head")
}

/// The changes, a stream; the number of an entry is its id.
pub(super) fn log() -> String {
    key("{c}:log")
}

/// Who plans a change, a lease.
pub(super) fn turn() -> String {
    key("{c}:turn")
}

/// The nodes as they told last, a hash by node.
pub(super) fn nodes() -> String {
    key("{c}:nodes")
}

/// What the nodes tell, as it comes, a short stream.
pub(super) fn rows() -> String {
    key("{c}:rows")
}

/// Which nodes are back since Redis started, a hash by node.
pub(super) fn back() -> String {
    key("{c}:back")
}

/// What files declare, a hash by node.
pub(super) fn files() -> String {
    key("{c}:files")
}

/// Trees of decisions, a hash by tree.
pub(super) fn trees() -> String {
    key("{c}:trees")
}

/// What a tree of decisions has come to, a hash.
pub(super) fn tree_head(tree: &str) -> String {
    key(&format!("{{t:{tree}}}:head"))
}

/// Commits of a tree of decisions, a stream; an entry's id is the index after it.
pub(super) fn tree_log(tree: &str) -> String {
    key(&format!("{{t:{tree}}}:log"))
}

/// The mark of an assertion.
pub(super) fn mark(mark: &[u8; 16]) -> String {
    key(&format!("m:{{{}}}", locum_core::jcs::hex(mark)))
}

/// What may be had once.
pub(super) fn once(name: &[u8; 16]) -> String {
    key(&format!("o:{{{}}}", locum_core::jcs::hex(name)))
}

/// What one may have at a time, a lease.
pub(super) fn hold(name: &[u8; 16]) -> String {
    key(&format!("h:{{{}}}", locum_core::jcs::hex(name)))
}

/// Who sees to a tree whose node is gone, a lease.
pub(super) fn heir(tree: &str) -> String {
    key(&format!("{{c}}:heir:{tree}"))
}

/// Uses of a grant, a hash by tree.
pub(super) fn uses(grant: &str) -> String {
    key(&format!("u:{{{grant}}}"))
}

/// Tickets, a hash by name.
pub(super) fn tickets() -> String {
    key("{k}:tickets")
}

/// Ends of tickets, a sorted set.
pub(super) fn ticket_ends() -> String {
    key("{k}:ends")
}

/// How many tickets each owner has, a hash.
pub(super) fn ticket_owners() -> String {
    key("{k}:owners")
}

/// Where the name of a tree's node belongs, for its seal.
pub(super) fn tree_place(tree: &str) -> String {
    format!("{}:{tree}", trees())
}

/// Where a commit belongs, for its seal.
pub(super) fn commit_place(tree: &str, first: u64) -> String {
    format!("{}:{first}", tree_log(tree))
}
