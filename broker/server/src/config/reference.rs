//! Every key of `locum.toml`: what it holds, its default, what it is for. The
//! reader, `config explain`, the JSON Schema and the reference rest on this one
//! table.

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A text.
    Text,
    /// A path; a relative one counts from the file that names it.
    Path,
    /// `address:port`.
    Address,
    /// Address blocks, `10.0.0.0/8`.
    Blocks,
    /// Host names and address blocks.
    Hosts,
    /// A whole number from the first to the second.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
}

/// One key.
#[derive(Debug)]
pub(super) struct ConfigKey {
    /// With its table, a point between.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) holds: Holds,
    /// As written in TOML; `None`: there is no value unless one is given.
    pub(super) default: Option<&'static str>,
    /// What it is for.
    pub(super) about: &'static str,
}

const fn key(
    name: &'static str,
    holds: Holds,
    default: Option<&'static str>,
    about: &'static str,
) -> ConfigKey {
    ConfigKey {
        name,
        holds,
        default,
        about,
    }
}

use Holds::{Address, Blocks, Flag, Hosts, Path, Text, Whole};

/// All keys, in the order of the reference (contract §14).
pub(super) const KEYS: &[ConfigKey] = &[
    key(
        "issuer",
        Text,
        None,
        "Locum's issuer: https, or http on loopback; no trailing slash. Required",
    ),
    key(
        "data_dir",
        Path,
        None,
        "Folder of ledger and keys. Required",
    ),
    key(
        "listen.public",
        Address,
        Some("\"0.0.0.0:8420\""),
        "Where clients reach Locum",
    ),
    key(
        "listen.operations",
        Address,
        Some("\"127.0.0.1:8423\""),
        "Where `/livez`, `/readyz` and `/metrics` answer, without TLS",
    ),
    key(
        "listen.admin",
        Address,
        None,
        "Takes `/admin/v1` off the public listener",
    ),
    key(
        "tls.cert_file",
        Path,
        None,
        "Certificate chain, PEM; with `tls.key_file` the public and the admin listener speak TLS",
    ),
    key("tls.key_file", Path, None, "Its private key, PEM"),
    key(
        "keys.master_key_file",
        Path,
        None,
        "32 bytes, base64: seals stored keys, peppers secrets. Required, or `LOCUM_MASTER_KEY`",
    ),
    key(
        "keys.rotate_days",
        Whole(1, 3650),
        Some("30"),
        "Days after which the next signing key takes over",
    ),
    key(
        "admin.bootstrap_token_file",
        Path,
        None,
        "The first administrator's bearer token; or `LOCUM_BOOTSTRAP_TOKEN`",
    ),
    key(
        "policy.dir",
        Path,
        None,
        "Folder whose `*.cedar` files are the policy bundle; `PUT /policies` is refused then",
    ),
    key(
        "limits.body_bytes",
        Whole(1024, 16_777_216),
        Some("65536"),
        "Bytes of a request's body",
    ),
    key(
        "limits.token_bytes",
        Whole(256, 1_048_576),
        Some("16384"),
        "Bytes of a foreign token",
    ),
    key(
        "limits.max_depth",
        Whole(1, 16),
        Some("4"),
        "Most `act` objects of a token",
    ),
    key(
        "limits.max_hops",
        Whole(1, 64),
        Some("8"),
        "Most exchanges in a row",
    ),
    key(
        "limits.clock_skew_s",
        Whole(0, 300),
        Some("30"),
        "Seconds that `nbf` and `iat` may lie ahead",
    ),
    key(
        "limits.assertion_max_age_s",
        Whole(1, 3600),
        Some("300"),
        "Seconds a client assertion is accepted, by its `iat`, whatever its `exp`",
    ),
    key(
        "limits.actor_max_age_s",
        Whole(1, 86_400),
        Some("3600"),
        "Seconds an actor token is accepted",
    ),
    key(
        "limits.max_token_age_s",
        Whole(1, 2_678_400),
        Some("86400"),
        "Seconds a subject token is accepted; raised, it counts for tokens issued since",
    ),
    key(
        "limits.idle_s",
        Whole(5, 3600),
        Some("75"),
        "Seconds a kept connection without a request stays open; more than your load balancer keeps it",
    ),
    key(
        "limits.requests_per_client_per_s",
        Whole(0, 1_000_000),
        Some("1000"),
        "Requests of one client in a second; 0 sets no limit",
    ),
    key(
        "network.allow_private",
        Blocks,
        Some("[]"),
        "Address blocks that outgoing fetches may reach although they are private; http only to these",
    ),
    key(
        "trust.ca_file",
        Path,
        None,
        "Certificates of authorities, PEM, that vouch for issuers' servers beside those the machine trusts",
    ),
    key(
        "trust.fetch_timeout_s",
        Whole(1, 60),
        Some("5"),
        "Seconds a fetch of others' keys may take",
    ),
    key(
        "trust.max_bytes",
        Whole(1024, 16_777_216),
        Some("262144"),
        "Bytes of a document of others' keys",
    ),
    key(
        "trust.refetch_min_s",
        Whole(1, 3600),
        Some("10"),
        "Seconds between two ordinary fetches of one issuer's keys, at least; unknown `kid`s of each client have five fetches at once besides, and one more each time",
    ),
    key(
        "trust.max_age_s",
        Whole(1, 86_400),
        Some("3600"),
        "Cap on `Cache-Control` of others' keys, in seconds",
    ),
    key(
        "trust.stale_s",
        Whole(0, 86_400),
        Some("3600"),
        "Seconds others' keys are kept while their issuer cannot be reached, then refused",
    ),
    key(
        "downstream.allow",
        Hosts,
        Some("[]"),
        "What calls to downstream systems may reach: host names, at public addresses alone, and address blocks; nothing by default. `network.allow_private` does not count here",
    ),
    key(
        "downstream.ca_file",
        Path,
        None,
        "Certificates of authorities, PEM, that vouch for downstream systems beside those the machine trusts",
    ),
    key(
        "downstream.secrets_dir",
        Path,
        None,
        "Folder of upstream secrets: each file is the secret of its name, and goes before one of that name that the API took",
    ),
    key(
        "grants.allow_administrator",
        Flag,
        Some("false"),
        "Whether an administrator may make grants for people",
    ),
    key(
        "telemetry.otlp_endpoint",
        Text,
        None,
        "Where traces are sent by OTLP over HTTP, such as `http://127.0.0.1:4318`; `/v1/traces` is put behind it. Only in a build with the feature `otlp`",
    ),
    key(
        "telemetry.sample_percent",
        Whole(0, 100),
        Some("100"),
        "Of requests, how many in a hundred are traced, by chance; the flag of a `traceparent` changes nothing",
    ),
    key(
        "store.redis",
        Text,
        None,
        "The Redis that the brokers of this issuer share, `redis://host:6379/0`, or `rediss://` for TLS. Without it a broker stands alone on its disk",
    ),
    key(
        "store.user",
        Text,
        None,
        "The user of Redis, of its access control list",
    ),
    key(
        "store.password_file",
        Path,
        None,
        "Its password; or `LOCUM_STORE_PASSWORD`",
    ),
    key(
        "store.ca_file",
        Path,
        None,
        "Certificates of the authority that vouches for Redis, PEM; by default those that the machine trusts",
    ),
    key(
        "store.min_replicas_acked",
        Whole(0, 16),
        Some("0"),
        "Replicas of Redis that must have a change, a mark or a counted use before Locum answers: 1 where Redis has replicas",
    ),
    key(
        "store.stale_s",
        Whole(1, 60),
        Some("3"),
        "Seconds after which a state that no heartbeat has proven answers 503",
    ),
    key(
        "store.confirm_ms",
        Whole(0, 2000),
        Some("250"),
        "Milliseconds that a change waits for the other nodes",
    ),
    key(
        "store.node",
        Text,
        None,
        "The name of this node, of letters, digits, `.`, `_` and `-`; no two live nodes share one. By default the name of the host",
    ),
    key(
        "store.peer",
        Text,
        None,
        "Where the other nodes reach the operations listener of this one, such as `http://10.0.0.5:8423`",
    ),
    key(
        "store.mirror_days",
        Whole(1, 3650),
        Some("30"),
        "Days for which the decisions of the other nodes are kept here",
    ),
    key(
        "store.allow_volatile",
        Flag,
        Some("false"),
        "Whether a Redis will do that may lose what it holds, to try things out",
    ),
];

/// Names of tables that hold no key yet.
pub(super) const EMPTY_TABLES: [&str; 0] = [];

/// Which further files are read; only in the main file.
pub(super) const INCLUDE: &str = "include";

/// The arrays of objects with the fields of the admin API (contract §12), and
/// what each takes besides.
pub(super) const OBJECTS: [(&str, &str, &[&str]); 4] = [
    ("issuers", "IssuerSpec", &["id"]),
    ("targets", "TargetSpec", &["id"]),
    (
        "agents",
        "AgentSpec",
        &[
            "certified_until",
            "version",
            "digest",
            "model",
            "client_secret_file",
            "client_secret_overlap_seconds",
        ],
    ),
    (
        "clients",
        "ClientSpec",
        &["client_secret_file", "client_secret_overlap_seconds"],
    ),
];

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static ConfigKey> {
    KEYS.iter().find(|key| key.name == name)
}

/// Whether a name is that of a table.
pub(super) fn is_table(name: &str) -> bool {
    let inside = |key: &ConfigKey| {
        key.name
            .split_once('.')
            .is_some_and(|(table, _)| table == name)
    };
    EMPTY_TABLES.contains(&name) || KEYS.iter().any(inside)
}

/// Every name that may stand in a file.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let keys = KEYS.iter().map(|key| key.name);
    let tables = KEYS
        .iter()
        .filter_map(|key| Some(key.name.split_once('.')?.0));
    let objects = OBJECTS.iter().map(|(name, ..)| *name);
    let all = keys.chain(tables).chain(objects);
    all.chain([INCLUDE]).chain(EMPTY_TABLES)
}
