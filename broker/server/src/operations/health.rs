//! What has to be there before anything is answered well.

use crate::app::App;
use locum_core::token::Alg;
use std::fmt::Write;

/// How far the wall clock may be behind the newest record, in milliseconds.
const BEHIND_MS: u64 = 5_000;

/// One check.
pub(super) struct Check {
    /// Its name.
    pub(super) name: &'static str,
    /// What is missing.
    pub(super) flaw: Option<String>,
}

/// All checks, made now.
pub(super) fn checks(app: &App) -> Vec<Check> {
    let check = |name, flaw| Check { name, flaw };
    vec![
        check("ledger", ledger(app.ledger.stats().available)),
        check("clock", clock(app.clock.behind_ms())),
        check("keys", keys(app)),
        check("policies", policies(app)),
    ]
}

/// The answer: what is wrong, or everything.
pub(super) fn text(checks: &[Check], verbose: bool) -> String {
    let mut out = String::new();
    for check in checks {
        // INVARIANT: writing to a String cannot fail.
        let _ = match &check.flaw {
            None if verbose => writeln!(out, "[+]{} ok", check.name),
            None => Ok(()),
            Some(flaw) => writeln!(out, "[-]{} {flaw}", check.name),
        };
    }
    if checks.iter().all(|check| check.flaw.is_none()) {
        out.push_str("ready\n");
    } else {
        out.push_str("not ready\n");
    }
    out
}

/// No record, no answer.
fn ledger(available: bool) -> Option<String> {
    (!available).then(|| "cannot be written".to_owned())
}

/// Time does not go back behind the newest record, so with a clock that lags
/// tokens would live by another time than the world's.
fn clock(behind_ms: u64) -> Option<String> {
    (behind_ms > BEHIND_MS).then(|| {
        let seconds = behind_ms / 1_000;
        format!("the wall clock is {seconds} s behind the newest record; set it right")
    })
}

fn keys(app: &App) -> Option<String> {
    let signs = |alg: &Alg| app.keyring.signer(*alg).is_some();
    (!Alg::ALL.iter().any(signs)).then(|| "there is no signing key".to_owned())
}

/// A bundle always stands, but with no policy in it nothing is permitted.
fn policies(app: &App) -> Option<String> {
    let bundle = app.bundle();
    let known = app.state.read().policies.bundle.clone();
    let same = known.is_empty() || known == bundle.address();
    (!same).then(|| "the bundle in force is not the recorded one".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_more_than_five_seconds_behind_is_not_ready_and_says_so() {
        assert_eq!(clock(0), None);
        assert_eq!(clock(5_000), None);
        let said = clock(7_200_000).unwrap_or_default();
        assert!(said.contains("7200 s behind"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said_without_asking_for_more() {
        let well = |name| Check { name, flaw: None };
        let checks = [
            well("keys"),
            Check {
                name: "ledger",
                flaw: ledger(false),
            },
        ];
        assert_eq!(
            text(&checks, false),
            "[-]ledger cannot be written\nnot ready\n"
        );
        assert_eq!(text(&[well("keys")], false), "ready\n");
        assert_eq!(text(&[well("keys")], true), "[+]keys ok\nready\n");
    }
}
