//! What a script learns from the exit code.

/// One exit code and its meaning. 0–13 are shared with other tools that agents
/// drive; 79 and above are Locum's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed that has no code of its own.
    General = 1,
    /// The arguments or the request were wrong; the same call fails again.
    Usage = 2,
    /// Something here must be set up first: a variable, a file, a state.
    Precondition = 4,
    /// No such object, or none that the caller may see.
    NotFound = 5,
    /// The object is in another state, or its id is taken.
    Conflict = 6,
    /// Known and not allowed.
    Permission = 7,
    /// No proof of who asks, or one that is not accepted (any more).
    AuthRequired = 8,
    /// No answer in time.
    Timeout = 10,
    /// Too many calls.
    RateLimited = 11,
    /// The broker or something behind it cannot be reached.
    Unavailable = 12,
    /// The broker answered with a redirect, which is never followed.
    Redirected = 13,
    /// A person must consent first.
    ConsentRequired = 79,
    /// Policy says no.
    PolicyDenied = 81,
    /// Locked, suspended, uncertified or revoked.
    Stopped = 82,
}

impl Exit {
    /// The number handed to the operating system.
    pub(crate) fn code(self) -> i32 {
        self as i32
    }

    /// The exit for a stable code of the broker; `None` for one this version
    /// does not know (more codes come with features).
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        Some(match code {
            "LCM-REQUEST"
            | "LCM-PARAM-DUPLICATE"
            | "LCM-GRANT-TYPE"
            | "LCM-TARGET-SEVERAL"
            | "LCM-SCOPE-REQUIRED"
            | "LCM-DETAILS" => Self::Usage,
            "LCM-CHAIN-DEPTH" | "LCM-CHAIN-HOPS" | "LCM-CHAIN-CYCLE" | "LCM-CHAIN-SIZE" => {
                Self::Precondition
            }
            "LCM-TARGET-UNKNOWN" => Self::NotFound,
            "LCM-MANAGED-BY-FILE" => Self::Conflict,
            "LCM-CLIENT-NOT-ALLOWED"
            | "LCM-ACTOR-MISMATCH"
            | "LCM-MAY-ACT"
            | "LCM-TARGET-REFUSED"
            | "LCM-SCOPE-REFUSED"
            | "LCM-HANDOUT-UNSAFE" => Self::Permission,
            "LCM-CLIENT-AUTH" | "LCM-SUBJECT-INVALID" | "LCM-ACTOR-INVALID" | "LCM-STEP-UP" => {
                Self::AuthRequired
            }
            "LCM-RATE" | "LCM-BUDGET" => Self::RateLimited,
            "LCM-UNAVAILABLE" | "LCM-DOWNSTREAM" => Self::Unavailable,
            "LCM-CONSENT-MISSING" => Self::ConsentRequired,
            "LCM-POLICY-DENIED" | "LCM-POLICY-ERROR" => Self::PolicyDenied,
            "LCM-LOCKED"
            | "LCM-TARGET-LOCKED"
            | "LCM-AGENT-STATE"
            | "LCM-AGENT-UNCERTIFIED"
            | "LCM-SUBJECT-REVOKED" => Self::Stopped,
            _ => return None,
        })
    }

    /// The exit for an OAuth `error` whose code is unknown.
    pub(crate) fn of_oauth_error(error: &str) -> Option<Self> {
        Some(match error {
            "invalid_client" | "insufficient_user_authentication" => Self::AuthRequired,
            "invalid_grant" | "unauthorized_client" | "access_denied" => Self::Permission,
            "consent_required" => Self::ConsentRequired,
            "temporarily_unavailable" => Self::Unavailable,
            _ => return None,
        })
    }

    /// The exit for an HTTP status, the last resort.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            300..=399 => Self::Redirected,
            400 | 413 | 414 | 415 | 422 => Self::Usage,
            401 => Self::AuthRequired,
            403 => Self::Permission,
            404 | 410 => Self::NotFound,
            408 | 504 => Self::Timeout,
            409 => Self::Conflict,
            412 | 428 => Self::Precondition,
            429 => Self::RateLimited,
            502 | 503 => Self::Unavailable,
            _ => Self::General,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_kind_of_refusal_has_the_exit_code_that_scripts_branch_on() {
        for (code, exit) in [
            ("LCM-REQUEST", 2),
            ("LCM-TARGET-UNKNOWN", 5),
            ("LCM-SCOPE-REFUSED", 7),
            ("LCM-CLIENT-AUTH", 8),
            ("LCM-RATE", 11),
            ("LCM-UNAVAILABLE", 12),
            ("LCM-CONSENT-MISSING", 79),
            ("LCM-POLICY-DENIED", 81),
            ("LCM-LOCKED", 82),
            ("LCM-AGENT-STATE", 82),
            ("LCM-SUBJECT-REVOKED", 82),
        ] {
            assert_eq!(Exit::of_code(code).unwrap().code(), exit, "{code}");
        }
    }

    #[test]
    fn the_help_names_every_exit_code() {
        for code in [
            "1", "2", "4", "5", "6", "7", "8", "10", "11", "12", "13", "79", "81", "82",
        ] {
            let named = crate::AFTER_HELP
                .split_whitespace()
                .any(|word| word == code);
            assert!(named, "{code}");
        }
    }

    #[test]
    fn a_code_that_is_not_known_falls_back_to_the_status() {
        assert_eq!(Exit::of_code("LCM-OF-TOMORROW"), None);
        for (status, exit) in [(404, 5), (409, 6), (403, 7), (401, 8), (422, 2), (503, 12)] {
            assert_eq!(Exit::of_status(status).code(), exit, "{status}");
        }
    }
}
