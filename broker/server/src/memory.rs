//! What is in memory stays there: keys and tokens in the clear. No core dump,
//! and no other process of the same user may attach or read it.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Ends core dumps of this process for good.
///
/// A dump that is piped to a program ignores the limit, and not the flag; a
/// program started from here keeps the limit, and not the flag.
///
/// # Errors
/// What the system said.
pub(crate) fn keep() -> std::io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}
