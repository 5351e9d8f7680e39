//! What the process asks of the system for itself.

use rustix::process::{DumpableBehavior, Resource, Rlimit};
use rustix::process::{getrlimit, set_dumpable_behavior, setrlimit};
use std::io;

/// Keeps what is in memory there: keys and tokens in the clear. No core dump,
/// and no other process of the same user may attach or read it.
///
/// A dump that is piped to a program ignores the limit, and not the flag; a
/// program started from here keeps the limit, and not the flag. So each is
/// tried whatever becomes of the other, the flag first: it rules out more.
///
/// # Errors
/// What the system said of each that failed.
pub(crate) fn no_core() -> Result<(), String> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    all([
        ("not dumpable", &|| {
            Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
        }),
        ("limit on core dumps", &|| {
            Ok(setrlimit(Resource::Core, none)?)
        }),
    ])
}

/// Makes every attempt, in order.
///
/// # Errors
/// Those that failed, by name.
fn all<const N: usize>(attempts: [(&str, &dyn Fn() -> io::Result<()>); N]) -> Result<(), String> {
    let flaws: Vec<String> = attempts
        .into_iter()
        .filter_map(|(name, attempt)| attempt().err().map(|flaw| format!("{name}: {flaw}")))
        .collect();
    if flaws.is_empty() {
        return Ok(());
    }
    Err(flaws.join("; "))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn each_is_tried_whatever_becomes_of_the_others_and_all_that_failed_is_said() {
        let tried = RefCell::new(Vec::new());
        let attempt = |name: &'static str, fails: bool| {
            tried.borrow_mut().push(name);
            if fails {
                return Err(io::Error::other("no"));
            }
            Ok(())
        };
        let failed = all([
            ("one", &|| attempt("one", true)),
            ("two", &|| attempt("two", false)),
            ("three", &|| attempt("three", true)),
        ]);
        assert_eq!(failed, Err("one: no; three: no".to_owned()));
        assert_eq!(*tried.borrow(), ["one", "two", "three"]);
        assert_eq!(all([("one", &|| attempt("one", false))]), Ok(()));
    }
}
