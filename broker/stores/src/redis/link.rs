//! Connections to Redis, and whether what answers will do.

use super::flaw::CannotJoin;
use super::settings::RedisSettings;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, RedisError, TlsCertificates, cmd,
};
use std::collections::HashMap;
use std::time::Duration;

/// Longest wait for a connection.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);
/// Longest wait for an answer (contract §16: no request waits over 2 s).
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_millis(1_500);

/// Why there is no connection.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoLink {
    /// It may come by itself.
    #[error("{0}")]
    Unreachable(String),
    /// It will not: the configuration, there or here, has to change.
    #[error("{0}")]
    Wrong(String),
}

impl From<NoLink> for CannotJoin {
    fn from(flaw: NoLink) -> Self {
        Self(flaw.to_string())
    }
}

/// Makes connections.
pub(super) struct Link {
    client: Client,
    min_replicas: u32,
    allow_volatile: bool,
}

/// What a Redis says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RedisInfo {
    /// One run of the server, from its start to its end.
    pub(super) run: String,
    /// Whether commits can wait for files of replicas (Redis 7.2).
    pub(super) waits_for_files: bool,
}

impl Link {
    /// Reads the address. No connection is made.
    ///
    /// # Errors
    /// [`CannotJoin`] for an address that is none.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, CannotJoin> {
        let wrong = |flaw: RedisError| CannotJoin(format!("`store.redis`: {}", said(&flaw)));
        let info = settings
            .url
            .as_str()
            .into_connection_info()
            .map_err(wrong)?;
        let mut redis = info.redis_settings().clone().set_skip_set_lib_name();
        if let Some(user) = &settings.user {
            redis = redis.set_username(user);
        }
        if let Some(password) = &settings.password {
            redis = redis.set_password(password.expose());
        }
        let info = info.set_redis_settings(redis);
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: settings.ca_pem.clone(),
        };
        let tls = settings.url.starts_with("rediss://");
        let client = if tls {
            Client::build_with_tls(info, certificates)
        } else {
            Client::open(info)
        };
        let wrong_with = |flaw: RedisError| {
            if tls && settings.ca_pem.is_some() {
                let text = said(&flaw);
                return CannotJoin(format!(
                    "`store.ca_file`: expected certificates of an authority in PEM, found others ({text})"
                ));
            }
            wrong(flaw)
        };
        Ok(Self {
            client: client.map_err(wrong_with)?,
            min_replicas: settings.min_replicas_acked,
            allow_volatile: settings.allow_volatile,
        })
    }

    /// Connects, and sees whether what answers will do. Answers may take that long.
    ///
    /// # Errors
    /// [`NoLink`].
    pub(super) async fn connect(
        &self,
        answered: Duration,
    ) -> Result<(MultiplexedConnection, RedisInfo), NoLink> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(answered));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let mut connection = made.await.map_err(|flaw| unlinked(&flaw))?;
        let text: String = cmd("INFO")
            .query_async(&mut connection)
            .await
            .map_err(|flaw| unlinked(&flaw))?;
        let info = self.will_do(&text)?;
        Ok((connection, info))
    }

    /// Whether a Redis that says this of itself will do.
    fn will_do(&self, text: &str) -> Result<RedisInfo, NoLink> {
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let says: HashMap<&str, &str> = lines.collect();
        let of = |name: &str| says.get(name).copied().unwrap_or_default();
        let wrong = |text: &str| Err(NoLink::Wrong(text.to_owned()));
        if of("role") != "master" {
            return wrong("expected a Redis that takes writes, found a replica; name its master");
        }
        if of("loading") == "1" {
            let loading = "expected a Redis that answers, found one that reads its file";
            return Err(NoLink::Unreachable(loading.into()));
        }
        if !self.allow_volatile {
            let policy = of("maxmemory_policy");
            if policy != "noeviction" {
                return Err(NoLink::Wrong(format!(
                    "expected a Redis with `maxmemory-policy noeviction`, found `{policy}`: it would drop what the nodes rest on"
                )));
            }
            if of("aof_enabled") != "1" {
                return wrong(
                    "expected a Redis with an append-only file (`appendonly yes`), found one without: a restart would lose everything",
                );
            }
        }
        let replicas: u32 = of("connected_slaves").parse().unwrap_or(0);
        if replicas < self.min_replicas {
            let min = self.min_replicas;
            return Err(NoLink::Unreachable(format!(
                "expected {min} replicas at the Redis (`store.min_replicas_acked`), found {replicas}"
            )));
        }
        Ok(RedisInfo {
            run: of("run_id").to_owned(),
            waits_for_files: is_at_least(of("redis_version"), (7, 2)),
        })
    }
}

fn is_at_least(version: &str, wanted: (u32, u32)) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), Some(Some(minor))) = (parts.next(), parts.next()) else {
        return false;
    };
    (major, minor) >= wanted
}

/// What Redis refuses with, and what that means here.
const REFUSALS: [(&str, &str); 5] = [
    (
        "OOM",
        "Redis is full (`maxmemory`): give it more, or nothing is issued",
    ),
    (READONLY, "Redis takes no writes: it has become a replica"),
    ("MISCONF", "Redis cannot write its file and takes no writes"),
    (
        "NOREPLICAS",
        "Redis has too few replicas and takes no writes",
    ),
    (
        "NOPERM",
        "the user of `store.user` may not do this in Redis",
    ),
];

/// A Redis that takes no writes.
pub(super) const READONLY: &str = "READONLY";

/// Whether Redis refuses with that: of a command, or of one in a pipeline, whose codes
/// stand in the text alone.
pub(super) fn refuses_with(flaw: &RedisError, code: &str) -> bool {
    let quoted = format!("\"{code}\"");
    flaw.code() == Some(code) || flaw.to_string().contains(&quoted)
}

/// An error in words, without what was sent.
pub(super) fn said(flaw: &RedisError) -> String {
    let mut known = REFUSALS.iter();
    let known = known.find(|(code, _)| refuses_with(flaw, code));
    known.map_or_else(|| flaw.to_string(), |(_, text)| (*text).to_owned())
}

/// Why there is no connection: what an operator has to mend, or time may.
fn unlinked(flaw: &RedisError) -> NoLink {
    let text = said(flaw);
    let refused = ["WRONGPASS", "NOAUTH", "NOPERM"];
    let credentials = flaw.kind() == ErrorKind::AuthenticationFailed
        || refused
            .iter()
            .any(|code| refuses_with(flaw, code) || text.contains(code));
    if credentials {
        return NoLink::Wrong(format!(
            "expected a Redis that takes `store.user` with its password, found that it refuses them ({text}); see `store.user` and `store.password_file`"
        ));
    }
    if text.contains("certificate") || text.contains("TLS") || text.contains("tls") {
        return NoLink::Wrong(format!(
            "expected a Redis with a certificate of the authority in `store.ca_file`, found another ({text})"
        ));
    }
    NoLink::Unreachable(format!("Redis cannot be reached: {text}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn link(allow_volatile: bool) -> Link {
        Link {
            client: Client::open("redis://127.0.0.1/").unwrap(),
            min_replicas: 1,
            allow_volatile,
        }
    }

    fn info(changed: &[(&str, &str)]) -> String {
        let mut says = HashMap::from([
            ("role", "master"),
            ("run_id", "r"),
            ("redis_version", "7.0.15"),
            ("maxmemory_policy", "noeviction"),
            ("aof_enabled", "1"),
            ("connected_slaves", "1"),
        ]);
        says.extend(changed.iter().copied());
        let lines = says
            .into_iter()
            .map(|(name, value)| format!("{name}:{value}\r\n"));
        lines.collect()
    }

    #[test]
    fn a_redis_that_would_lose_data_will_not_do() {
        let says = |changed: &[(&str, &str)]| link(false).will_do(&info(changed));
        assert_eq!(says(&[]).unwrap().run, "r");
        for changed in [
            ("role", "slave"),
            ("maxmemory_policy", "allkeys-lru"),
            ("aof_enabled", "0"),
        ] {
            assert!(
                matches!(says(&[changed]), Err(NoLink::Wrong(_))),
                "{changed:?}"
            );
        }
        let volatile = [("aof_enabled", "0"), ("maxmemory_policy", "allkeys-lru")];
        assert!(link(true).will_do(&info(&volatile)).is_ok());
        assert!(link(true).will_do(&info(&[("role", "slave")])).is_err());
    }

    #[test]
    fn replicas_that_are_missing_may_come() {
        let few = link(false).will_do(&info(&[("connected_slaves", "0")]));
        assert!(matches!(few, Err(NoLink::Unreachable(_))));
    }

    #[test]
    fn a_redis_of_7_2_waits_for_files() {
        let waits = |version| {
            let found = link(false).will_do(&info(&[("redis_version", version)]));
            found.unwrap().waits_for_files
        };
        assert!(!waits("7.0.15") && waits("7.2.0") && waits("8.0.1") && !waits("x"));
    }
}
