//! What has to be there before anything is answered well.

use crate::app::App;
use locum_core::ids::{IssuerId, SecretName};
use locum_core::token::Alg;
use locum_engine::issuer_keys::IssuerTrouble;
use locum_engine::references;
use locum_engine::vendors::{self, VendorTrouble};
use std::fmt::Write;
use std::sync::Arc;

/// How far the wall clock may be behind the newest record, in milliseconds.
const BEHIND_MS: u64 = 5_000;
/// Seconds before an upstream secret's end from which it is worth a word: 14 days.
const ENDS_SOON_S: u64 = 14 * DAY_S;
/// Most upstream secrets that are told of one by one.
const SECRETS_TOLD_MAX: usize = 256;
/// Most targets that are told of one by one.
const TARGETS_TOLD_MAX: usize = 256;
/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// One check.
pub(super) struct HealthCheck {
    /// Its name.
    pub(super) name: &'static str,
    /// What is missing.
    pub(super) flaw: Option<String>,
    /// What there is to say of one that is well.
    pub(super) note: Option<String>,
    /// What somebody should look at, though nothing depends on it.
    pub(super) warnings: Vec<String>,
}

impl HealthCheck {
    fn new(name: &'static str, flaw: Option<String>) -> Self {
        Self {
            name,
            flaw,
            note: None,
            warnings: Vec::new(),
        }
    }
}

/// All checks, made now.
pub(super) fn checks(app: &App) -> Vec<HealthCheck> {
    let mut out = vec![
        HealthCheck::new(
            "ledger",
            ledger(app.broker.records.ledger.stats().available),
        ),
        HealthCheck::new("clock", clock(app.broker.records.clock.behind_ms())),
        HealthCheck::new("keys", keys(app)),
        HealthCheck::new("policies", policies(app)),
    ];
    out.extend(store(app));
    if let Some(certificates) = &app.certificates {
        out.push(certificate(
            certificates.ends_s(),
            app.broker.records.clock.now_s(),
        ));
    }
    out
}

/// Whether the other nodes are reached, where there are others.
fn store(app: &App) -> Option<HealthCheck> {
    let nodes = &app.broker.records.nodes;
    let view = nodes.store()?;
    Some(HealthCheck {
        name: "store",
        note: view.flaw.is_none().then(|| {
            let live = match nodes.live() {
                1 => "1 node lives".to_owned(),
                many => format!("{many} nodes live"),
            };
            format!("{live}, the state is {} ms old", view.age_ms)
        }),
        flaw: view.flaw,
        warnings: view.warnings,
    })
}

/// What objects name that is not there. It is inert, so nothing depends on it.
pub(super) fn references(app: &App) -> HealthCheck {
    let stale = references::now(&app.broker.records);
    HealthCheck {
        note: (!stale.is_empty()).then(|| format!("{} lead nowhere", stale.len())),
        warnings: references::lines(&stale),
        ..HealthCheck::new("references", None)
    }
}

/// Whose keys cannot be had, of the issuers whose tokens came. Only those tokens
/// depend on it, so that the broker is ready all the same.
pub(super) fn issuers(app: &App) -> Option<HealthCheck> {
    let state = app.broker.records.state.read();
    let troubles = app.broker.issuer_keys.troubles(state.registry.issuers());
    let line = |(id, trouble): &(IssuerId, Arc<IssuerTrouble>)| format!("{id}: {trouble}");
    (!troubles.is_empty()).then(|| HealthCheck {
        note: Some(format!("the keys of {} cannot be had", troubles.len())),
        warnings: troubles.iter().map(line).collect(),
        ..HealthCheck::new("issuers", None)
    })
}

/// Targets whose vendor failed or asked for a pause. Only their credentials depend
/// on it, so that the broker is ready all the same.
pub(super) fn vendors(app: &App) -> Option<HealthCheck> {
    let state = app.broker.records.state.read();
    failing(&vendors::troubles(&app.broker.vendors, &state))
}

fn failing(troubles: &[VendorTrouble]) -> Option<HealthCheck> {
    let line = |trouble: &VendorTrouble| {
        let target = &trouble.target;
        match trouble.state.left_alone_s {
            0 => format!(
                "{target}: its vendor failed again and again; see the log, `locum targets test {target}`"
            ),
            pause_s => format!("{target}: its vendor asked for a pause of {pause_s} s"),
        }
    };
    (!troubles.is_empty()).then(|| HealthCheck {
        note: Some(format!("{} get no credential for now", troubles.len())),
        warnings: troubles.iter().take(TARGETS_TOLD_MAX).map(line).collect(),
        ..HealthCheck::new("targets", None)
    })
}

/// Which upstream secrets have ended or end soon. Only their targets depend on
/// them, so that the broker is ready all the same.
pub(super) fn secrets(app: &App) -> Option<HealthCheck> {
    let now_s = app.broker.records.clock.now_s();
    ending(&app.broker.upstream.ends(), now_s)
}

fn ending(ends: &[(u64, SecretName)], now_s: u64) -> Option<HealthCheck> {
    let soon = ends
        .iter()
        .filter(|(end_s, _)| *end_s < now_s + ENDS_SOON_S);
    let line = |(end_s, name): &(u64, SecretName)| {
        let days = end_s.abs_diff(now_s) / DAY_S;
        if *end_s <= now_s {
            format!("{name}: has ended {days} days ago; put another value")
        } else {
            format!("{name}: ends in {days} days; put another value")
        }
    };
    let count = soon.clone().count();
    (count > 0).then(|| HealthCheck {
        note: Some(format!("{count} have ended or end soon")),
        warnings: soon.take(SECRETS_TOLD_MAX).map(line).collect(),
        ..HealthCheck::new("secrets", None)
    })
}

/// The answer: what is wrong, or everything.
pub(super) fn text(checks: &[HealthCheck], verbose: bool) -> String {
    let mut out = String::new();
    for check in checks {
        // INVARIANT: writing to a String cannot fail.
        let _ = match &check.flaw {
            None if verbose => match &check.note {
                Some(note) => writeln!(out, "[+]{} ok, {note}", check.name),
                None => writeln!(out, "[+]{} ok", check.name),
            },
            None => Ok(()),
            Some(flaw) => writeln!(out, "[-]{} {flaw}", check.name),
        };
        for warning in check.warnings.iter().filter(|_| verbose) {
            let _ = writeln!(out, "[!]{} {warning}", check.name);
        }
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

/// With a certificate that has ended nobody who checks it comes in.
fn certificate(ends_s: u64, now_s: u64) -> HealthCheck {
    let ended = ends_s <= now_s;
    let days = ends_s.abs_diff(now_s) / DAY_S;
    HealthCheck {
        name: "certificate",
        flaw: ended.then(|| format!("has ended {days} days ago; put another in its files, reload")),
        note: (!ended).then(|| format!("ends in {days} days")),
        warnings: Vec::new(),
    }
}

fn keys(app: &App) -> Option<String> {
    let signs = |alg: &Alg| app.broker.keyring.signer(*alg).is_some();
    (!Alg::ALL.iter().any(signs)).then(|| "there is no signing key".to_owned())
}

/// A bundle always stands, but with no policy in it nothing is permitted.
fn policies(app: &App) -> Option<String> {
    let bundle = app.broker.bundle();
    if let Some(flaw) = bundle.flaw() {
        return Some(format!("do not load, so everything is refused: {flaw}"));
    }
    let known = app.broker.records.state.read().policies.bundle.clone();
    let same = known.is_empty() || known == bundle.address();
    (!same).then(|| "the bundle in force is not the recorded one".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use locum_core::ids::TargetId;
    use locum_outgoing::{BreakerState, TargetState};

    #[test]
    fn a_wall_clock_more_than_five_seconds_behind_is_not_ready_and_says_so() {
        assert_eq!(clock(0), None);
        assert_eq!(clock(5_000), None);
        let said = clock(7_200_000).unwrap_or_default();
        assert!(said.contains("7200 s behind"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said_without_asking_for_more() {
        let well = |name| HealthCheck::new(name, None);
        let checks = [well("keys"), HealthCheck::new("ledger", ledger(false))];
        assert_eq!(
            text(&checks, false),
            "[-]ledger cannot be written\nnot ready\n"
        );
        assert_eq!(text(&[well("keys")], false), "ready\n");
        assert_eq!(text(&[well("keys")], true), "[+]keys ok\nready\n");
    }

    #[test]
    fn a_warning_leaves_the_broker_ready_and_is_told_to_who_asks_for_everything() {
        let warned = HealthCheck {
            warnings: vec!["/agents/a: x".into(), "/agents/b: y".into()],
            ..HealthCheck::new("references", None)
        };
        let told =
            "[+]references ok\n[!]references /agents/a: x\n[!]references /agents/b: y\nready\n";
        let checks = [warned];
        assert_eq!(text(&checks, true), told);
        assert_eq!(text(&checks, false), "ready\n");
    }

    #[test]
    fn a_vendor_that_fails_or_asks_for_a_pause_is_told_of_and_the_broker_is_ready() {
        let told = |breaker, left_alone_s| {
            let target = TargetId::parse("erp").ok()?;
            let state = TargetState {
                breaker,
                under_way: 0,
                waiting: 0,
                left_alone_s,
            };
            let check = failing(&[VendorTrouble { target, state }])?;
            Some(text(&[check], true))
        };
        assert_eq!(
            told(BreakerState::Open, 0).as_deref(),
            Some(
                "[+]targets ok, 1 get no credential for now\n[!]targets erp: its vendor failed again and again; see the log, `locum targets test erp`\nready\n"
            )
        );
        assert!(
            told(BreakerState::Closed, 7)
                .is_some_and(|told| told.contains("asked for a pause of 7 s"))
        );
        assert!(failing(&[]).is_none());
    }

    #[test]
    fn a_secret_warns_two_weeks_before_its_end_and_from_then_on() {
        let told = |ends_s: u64| {
            let name = SecretName::parse("btp").ok();
            let ends: Vec<_> = name.map(|name| (ends_s, name)).into_iter().collect();
            ending(&ends, 100 * DAY_S).map(|check| text(&[check], true))
        };
        assert_eq!(told(114 * DAY_S), None);
        let soon = "[+]secrets ok, 1 have ended or end soon\n[!]secrets btp: ends in 13 days; put another value\nready\n";
        assert_eq!(told(114 * DAY_S - 1).as_deref(), Some(soon));
        assert!(told(90 * DAY_S).is_some_and(|told| told.contains("btp: has ended 10 days ago")));
    }

    #[test]
    fn a_certificate_that_has_ended_is_not_ready_and_one_that_holds_says_how_long() {
        let said = |ends_s| text(&[certificate(ends_s, 100 * DAY_S)], true);
        assert_eq!(
            said(113 * DAY_S + 1),
            "[+]certificate ok, ends in 13 days\nready\n"
        );
        for ended in [100 * DAY_S, 0] {
            assert!(said(ended).starts_with("[-]certificate has ended"));
        }
    }
}
