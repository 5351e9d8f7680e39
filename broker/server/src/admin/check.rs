//! What all checks of declared objects share: what is new about an object is
//! checked, and what it had all along is not held against it. So what `GET` shows
//! can be `PUT`, and what was once accepted is taken at every later start
//! (contract §12).

use locum_core::registry::{Problem as Flaw, Problems, Reference, Registry};

/// What is known, and what will be: the same where one object is put; where files
/// declare many that name each other, all of theirs are in the second.
#[derive(Clone, Copy)]
pub(super) struct Worlds<'a> {
    /// Before the change.
    pub(super) before: &'a Registry,
    /// After it.
    pub(super) after: &'a Registry,
}

impl<'a> Worlds<'a> {
    /// One object is put among what is known.
    pub(super) const fn known(registry: &'a Registry) -> Self {
        Self {
            before: registry,
            after: registry,
        }
    }

    /// Checks what is named for the first time, and is not there.
    pub(super) fn references(
        self,
        named: &[Reference<'_>],
        known: &[Reference<'_>],
        out: &mut Problems,
    ) {
        let new = |one: &Reference<'_>| !known.iter().any(|had| had.is(one));
        let flaw = |one| Reference::flaw(one, self.after).filter(|_| new(one));
        out.0.extend(named.iter().filter_map(flaw));
    }
}

/// What is wrong with an object by now: of one that is declared as it is known,
/// only what was not wrong with it before.
pub(super) fn since<S: PartialEq>(
    worlds: Worlds<'_>,
    (declared, known): (&S, Option<&S>),
    flaws: impl Fn(Worlds<'_>) -> Vec<Flaw>,
) -> Vec<Flaw> {
    let mut found = flaws(worlds);
    if !found.is_empty() && known == Some(declared) {
        let before = flaws(Worlds::known(worlds.before));
        found.retain(|flaw| !before.contains(flaw));
    }
    found
}
