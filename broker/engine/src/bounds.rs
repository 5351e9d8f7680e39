//! `[limits]`: bounds on what comes from outside (contract §5, §14).

use serde::{Deserialize, Deserializer};

/// Bounds on what comes from outside; the default is `dev`'s, without a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Bytes of a foreign token.
    pub token_bytes: usize,
    /// Most `act` objects.
    pub max_depth: u32,
    /// Most exchanges in a row.
    pub max_hops: u32,
    /// How far `nbf` and `iat` may lie ahead, in seconds.
    pub clock_skew_s: u64,
    /// Greatest age of a client assertion by its `iat`, in seconds.
    pub assertion_max_age_s: u64,
    /// Greatest age of an actor token, in seconds.
    pub actor_max_age_s: u64,
    /// Greatest age of a subject token, in seconds.
    pub max_token_age_s: u64,
    /// Seconds a connection without a request is kept.
    pub idle_s: u64,
    /// Requests a client may make in a second, and at once; `None`: no limit,
    /// which files write as 0.
    #[serde(deserialize_with = "unless_zero")]
    pub requests_per_client_per_s: Option<u32>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 65_536,
            token_bytes: 16_384,
            max_depth: 4,
            max_hops: 8,
            clock_skew_s: 30,
            assertion_max_age_s: 300,
            actor_max_age_s: 3_600,
            max_token_age_s: 86_400,
            idle_s: 75,
            requests_per_client_per_s: None,
        }
    }
}

fn unless_zero<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    Ok(Some(u32::deserialize(from)?).filter(|most| *most > 0))
}
