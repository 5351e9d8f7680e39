//! The page of `/metrics` (docs/reference/metrics.md).

use crate::app::App;
use locum_ambient::metrics::{Metrics, Text};
use locum_core::token::Alg;
use locum_engine::keyring::Series;
use locum_engine::vendors;
use locum_stores::ledger::{FSYNC_BOUNDS_S, Stats};
use locum_stores::nodes::PROPAGATION_BOUNDS_S;
use locum_stores::state::{KeyState, State};

/// Upstream secrets that have a line of their own.
const SECRETS_SHOWN: usize = 64;

const COUNTER: &str = "counter";
const GAUGE: &str = "gauge";
const HISTOGRAM: &str = "histogram";

/// Everything, in the Prometheus text format.
pub(super) fn text(app: &App) -> String {
    let mut text = Text::default();
    build(&mut text);
    requests(&mut text, &app.front.metrics);
    exchanges(&mut text, &app.front.metrics);
    left_out(&mut text, &app.front.metrics);
    ledger(&mut text, &app.broker.records.ledger.stats());
    let now_ms = app.broker.records.clock.now_ms();
    {
        let state = app.broker.records.state.read();
        known(&mut text, &state, now_ms);
        keys(&mut text, &state, now_ms);
        vendors(&mut text, app, &state);
    }
    certificate(&mut text, app);
    upstream(&mut text, app);
    let behind = "How far the wall clock is behind the newest record.";
    let seconds = app.broker.records.clock.behind_ms() as f64 / 1_000.0;
    text.single("locum_clock_behind_seconds", GAUGE, behind, seconds);
    store(&mut text, app);
    connections(&mut text);
    memory(&mut text);
    text.into_string()
}

fn build(text: &mut Text) {
    text.family("locum_build_info", GAUGE, "What runs.");
    let version = env!("CARGO_PKG_VERSION");
    text.value("locum_build_info", &[("version", version)], 1);
}

fn requests(text: &mut Text, metrics: &Metrics) {
    let name = "locum_http_requests_total";
    text.family(name, COUNTER, "Requests by route, method and status.");
    metrics.requests.each(|(path, method, statuses, _)| {
        for (status, count) in statuses {
            let status = status.to_string();
            let labels = [("path", path), ("method", method), ("status", &*status)];
            text.value(name, &labels, count);
        }
    });
    let name = "locum_http_request_duration_seconds";
    text.family(name, HISTOGRAM, "From a request's head to its answer.");
    metrics.requests.each(|(path, method, _, seconds)| {
        text.histogram(name, &[("path", path), ("method", method)], seconds);
    });
}

fn exchanges(text: &mut Text, metrics: &Metrics) {
    let name = "locum_exchanges_total";
    let help = "Exchanges of authenticated clients; each is on the record.";
    text.family(name, COUNTER, help);
    for (grant, outcome, code, count) in metrics.exchanges.read() {
        // A permit's line is there from the start, so that its rate can be taken.
        if count > 0 || code.is_empty() {
            let labels = [
                ("grant", grant.label()),
                ("outcome", outcome.label()),
                ("code", code),
            ];
            text.value(name, &labels, count);
        }
    }
    let name = "locum_rejections_total";
    let help = "Requests turned away unauthenticated; none is on the record.";
    text.family(name, COUNTER, help);
    for (code, count) in metrics.rejections().filter(|(_, count)| *count > 0) {
        text.value(name, &[("code", code.text())], count);
    }
    for (name, help, histogram) in [
        (
            "locum_exchange_duration_seconds",
            "Exchanges of authenticated clients, the record included.",
            &metrics.exchange_seconds,
        ),
        (
            "locum_chain_depth",
            "Actors in the chains of permits.",
            &metrics.chain_depth,
        ),
        (
            "locum_policy_eval_duration_seconds",
            "One question to the policy bundle.",
            &metrics.policy_seconds,
        ),
    ] {
        text.family(name, HISTOGRAM, help);
        text.histogram(name, &[], histogram);
    }
}

fn left_out(text: &mut Text, metrics: &Metrics) {
    let name = "locum_issuer_keys_left_out_total";
    let help = "Keys of issuers that a fetch left out, by issuer and reason.";
    text.family(name, COUNTER, help);
    for (issuer, reason, count) in metrics.left_out_keys.read() {
        text.value(name, &[("issuer", &issuer), ("reason", reason)], count);
    }
}

fn ledger(text: &mut Text, stats: &Stats) {
    let mut one = |name, kind, help, value: u64| text.single(name, kind, help, value);
    one(
        "locum_ledger_records_total",
        COUNTER,
        "Durable records, those of the past included.",
        stats.records,
    );
    one(
        "locum_ledger_commits_total",
        COUNTER,
        "Commits since the start, of one or more records each.",
        stats.commits,
    );
    one(
        "locum_ledger_failed_commits_total",
        COUNTER,
        "Commits since the start that failed and were cut off.",
        stats.failed_commits,
    );
    one(
        "locum_ledger_bytes",
        GAUGE,
        "Bytes of all segments.",
        stats.bytes,
    );
    one(
        "locum_ledger_available",
        GAUGE,
        "Whether the newest attempt to write succeeded.",
        u64::from(stats.available),
    );
    if let Some(last) = stats.last_index {
        one(
            "locum_ledger_head_seq",
            GAUGE,
            "Index of the newest record.",
            last,
        );
    }
    let name = "locum_ledger_fsync_seconds";
    text.family(name, HISTOGRAM, "One fdatasync of a commit.");
    text.buckets(
        name,
        &[],
        (&FSYNC_BOUNDS_S, &stats.fsync_counts, stats.fsync_seconds),
    );
}

fn known(text: &mut Text, state: &State, now_ms: u64) {
    let live = state.locks.values().filter(|lock| {
        let expired = lock.expires_ms.is_some_and(|end| end <= now_ms);
        !lock.lifted && !expired
    });
    for (name, help, value) in [
        (
            "locum_revocations",
            "Names under which something is revoked.",
            state.view.revocations(),
        ),
        ("locum_locks_active", "Locks in force.", live.count()),
        (
            "locum_replay_marks",
            "Single-use proofs remembered.",
            state.marks.len(),
        ),
    ] {
        text.single(name, GAUGE, help, value);
    }
}

/// Ages of the keys that sign, by algorithm.
fn keys(text: &mut Text, state: &State, now_ms: u64) {
    let name = "locum_signing_key_age_seconds";
    let help = "Since when the active key of an algorithm signs.";
    text.family(name, GAUGE, help);
    for alg in Alg::ALL {
        let series = Series::tokens(alg);
        let keys = state.signing_keys.iter();
        let mut of_alg = keys.filter(|key| Series::of(key) == series);
        let active = of_alg.find(|key| key.state() == KeyState::Active);
        if let Some(since) = active.and_then(|key| key.activated_ms) {
            let age = now_ms.saturating_sub(since) / 1_000;
            text.value(name, &[("alg", alg.as_str())], age);
        }
    }
}

/// How long the certificate of the listeners holds; negative once it has ended.
fn certificate(text: &mut Text, app: &App) {
    let Some(certificates) = &app.certificates else {
        return;
    };
    let name = "locum_tls_certificate_expires_in_seconds";
    let help = "Until the first certificate of the chain ends; negative from then on.";
    let left = i128::from(certificates.ends_s()) - i128::from(app.broker.records.clock.now_s());
    text.single(name, GAUGE, help, left);
}

/// What vendors handed out, and their targets that get nothing for now.
fn vendors(text: &mut Text, app: &App, state: &State) {
    for (name, help, value) in [
        (
            "locum_credentials_live",
            "Credentials of vendors that were handed out, or may have been, and that are remembered.",
            state.handed.live().count(),
        ),
        (
            "locum_credentials_open",
            "Permits under which a vendor is asked now.",
            state.handed.open().count(),
        ),
        (
            "locum_targets_held_back",
            "Targets whose vendor is not called for a while: it failed, or asked for a pause.",
            vendors::troubles(&app.broker.vendors, state).len(),
        ),
    ] {
        text.single(name, GAUGE, help, value);
    }
}

/// The upstream secrets, and those of them that end first.
fn upstream(text: &mut Text, app: &App) {
    let name = "locum_upstream_secrets";
    text.family(name, GAUGE, "Upstream secrets, by who holds them.");
    let (recorded, of_files) = app.broker.upstream.count();
    text.value(name, &[("managed_by", "api")], recorded);
    text.value(name, &[("managed_by", "file")], of_files);
    let ends = app.broker.upstream.ends();
    if ends.is_empty() {
        return;
    }
    let name = "locum_upstream_secret_expires_in_seconds";
    let help = "Until an upstream secret ends; negative from then on. The first of many.";
    text.family(name, GAUGE, help);
    let now_s = i128::from(app.broker.records.clock.now_s());
    for (end_s, secret) in ends.iter().take(SECRETS_SHOWN) {
        let labels = [("secret", secret.as_str())];
        text.value(name, &labels, i128::from(*end_s) - now_s);
    }
}

/// The other nodes, where there are others.
fn store(text: &mut Text, app: &App) {
    let nodes = &app.broker.records.nodes;
    let Some(view) = nodes.store() else { return };
    let age_s = view.age_ms as f64 / 1_000.0;
    let age = "How old the state may be, as a heartbeat has proven it.";
    text.single("locum_store_view_age_seconds", GAUGE, age, age_s);
    let mut one = |name, kind, help, value: u64| text.single(name, kind, help, value);
    one(
        "locum_store_behind",
        GAUGE,
        "Changes in Redis that are not folded here.",
        view.behind,
    );
    one(
        "locum_store_replicas_acked",
        GAUGE,
        "Replicas of Redis that had the newest heartbeat in time.",
        view.replicas_acked,
    );
    one(
        "locum_store_republished_records_total",
        COUNTER,
        "Changes that this node put back into a Redis which had lost them.",
        view.republished,
    );
    one(
        "locum_nodes_live",
        GAUGE,
        "Nodes that were heard of in the last 3 s, this one among them.",
        u64::from(nodes.live()),
    );
    let name = "locum_revocation_propagation_seconds";
    let help = "From a change that is made here, such as a revocation, until every live node has it in force.";
    text.family(name, HISTOGRAM, help);
    let (counts, sum) = &view.propagation;
    text.buckets(name, &[], (&PROPAGATION_BOUNDS_S, counts, *sum));
}

fn connections(text: &mut Text) {
    let figures = locum_web::figures();
    text.single(
        "locum_connections",
        GAUGE,
        "Open connections of all listeners.",
        figures.open,
    );
    text.single(
        "locum_connections_accepted_total",
        COUNTER,
        "Connections accepted.",
        figures.accepted,
    );
    let name = "locum_connections_closed_total";
    let help = "Connections closed by Locum: nothing moved, or others needed the place.";
    text.family(name, COUNTER, help);
    text.value(name, &[("reason", "idle")], figures.idled);
    text.value(name, &[("reason", "evicted")], figures.evicted);
}

/// What the process holds in memory, where the system tells.
fn memory(text: &mut Text) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kib) = resident_kib(&status) {
        text.single(
            "process_resident_memory_bytes",
            GAUGE,
            "Resident memory of the process.",
            kib * 1_024,
        );
    }
}

fn resident_kib(status: &str) -> Option<u64> {
    let mut lines = status.lines();
    let rest = lines.find_map(|line| line.strip_prefix("VmRSS:"))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read_in_kib() {
        let status = "VmPeak:\t  9 kB\nVmRSS:\t   48128 kB\nThreads:\t5\n";
        assert_eq!(resident_kib(status), Some(48_128));
        assert_eq!(resident_kib(""), None);
    }
}
