//! Exchanges of authenticated clients, by grant type, outcome and code.

use super::index;
use locum_core::refusal::Code;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The grant type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantTypeLabel {
    /// RFC 8693.
    TokenExchange,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// None of ours.
    Other,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeOutcome {
    /// With a token.
    Permit,
    /// With a "no".
    Refusal,
    /// With a fault of Locum, or of what it needs.
    Fault,
}

const GRANTS: [GrantTypeLabel; 3] = [
    GrantTypeLabel::TokenExchange,
    GrantTypeLabel::ClientCredentials,
    GrantTypeLabel::Other,
];

/// The counts.
pub struct Exchanges {
    permits: [AtomicU64; GRANTS.len()],
    others: [Vec<AtomicU64>; GRANTS.len()],
}

impl Default for Exchanges {
    fn default() -> Self {
        let none = || Code::ALL.iter().map(|_| AtomicU64::new(0)).collect();
        Self {
            permits: Default::default(),
            others: [none(), none(), none()],
        }
    }
}

impl GrantTypeLabel {
    /// The grant type as the form names it.
    pub fn of(text: Option<&str>) -> Self {
        match text {
            Some("urn:ietf:params:oauth:grant-type:token-exchange") => Self::TokenExchange,
            Some("client_credentials") => Self::ClientCredentials,
            _ => Self::Other,
        }
    }

    /// The label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TokenExchange => "token_exchange",
            Self::ClientCredentials => "client_credentials",
            Self::Other => "other",
        }
    }
}

impl ExchangeOutcome {
    /// How a code ends an exchange.
    const fn of(code: Code) -> Self {
        if code.mapping().status >= 500 {
            Self::Fault
        } else {
            Self::Refusal
        }
    }

    /// The label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Refusal => "refusal",
            Self::Fault => "fault",
        }
    }
}

impl Exchanges {
    /// A token was issued.
    pub fn permitted(&self, grant: GrantTypeLabel) {
        if let Some(count) = self.permits.get(grant as usize) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// None was.
    pub fn refused(&self, grant: GrantTypeLabel, code: Code) {
        let counts = self.others.get(grant as usize);
        if let Some(count) = counts.and_then(|counts| counts.get(index(code))) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// All counts; `code` is empty for a permit.
    pub fn read(&self) -> Vec<(GrantTypeLabel, ExchangeOutcome, &'static str, u64)> {
        let mut out = Vec::new();
        for (grant, (permits, others)) in GRANTS
            .into_iter()
            .zip(self.permits.iter().zip(&self.others))
        {
            out.push((grant, ExchangeOutcome::Permit, "", permits.load(Relaxed)));
            for (code, count) in Code::ALL.into_iter().zip(others) {
                out.push((
                    grant,
                    ExchangeOutcome::of(code),
                    code.text(),
                    count.load(Relaxed),
                ));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_counted_by_grant_outcome_and_code() {
        let exchanges = Exchanges::default();
        exchanges.permitted(GrantTypeLabel::of(Some("client_credentials")));
        exchanges.refused(GrantTypeLabel::TokenExchange, Code::Locked);
        exchanges.refused(GrantTypeLabel::TokenExchange, Code::Unavailable);
        let seen: Vec<_> = exchanges
            .read()
            .into_iter()
            .filter(|(_, _, _, count)| *count > 0)
            .map(|(grant, outcome, code, _)| (grant.label(), outcome.label(), code))
            .collect();
        assert_eq!(
            seen,
            [
                ("token_exchange", "refusal", "LCM-LOCKED"),
                ("token_exchange", "fault", "LCM-UNAVAILABLE"),
                ("client_credentials", "permit", ""),
            ]
        );
    }
}
