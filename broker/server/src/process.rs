//! What the process asks of the system for itself.

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::process::{getrlimit, set_dumpable_behavior, setrlimit};
use std::io;

/// Keeps what is in memory there: keys and tokens in the clear. No core dump,
/// and no other process of the same user may attach or read it.
///
/// A dump that is piped to a program ignores the limit, and not the flag; a
/// program started from here keeps the limit, and not the flag.
///
/// # Errors
/// What the system said.
pub(crate) fn no_core() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Lets it open as many files, and so connections, as it may: the usual soft
/// limit of 1,024 is for programs that use `select`.
///
/// # Errors
/// What the system said.
pub(crate) fn open_files() -> io::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: maximum,
        maximum,
    };
    Ok(setrlimit(Resource::Nofile, most)?)
}
