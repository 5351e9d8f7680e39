//! The door of a target: what a resource server checks of a token before it
//! answers (RFC 9068 §4, RFC 7662, RFC 6750).

use super::super::Ambient;
use super::denied::Denied;
use super::introspection::Introspection;
use super::locum_keys::{LocumKeys, Unproven};
use super::seen::SeenByTarget;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use locum_core::token::{
    Alg, Audiences, Claims, Demands, Expectation, IssuerRule, TokenKind, TypRule, Verified,
};
use std::sync::Arc;

/// Clock skew for `nbf` and `iat`, in seconds (contract §5).
const SKEW: u64 = 30;
/// Longest life of a token of Locum's, in seconds (contract §6).
const MAX_AGE: u64 = 3600;

/// What a target needs to check a token.
pub(crate) struct TargetGuard {
    /// Id of the target; its realm.
    pub(crate) target: &'static str,
    /// What `aud` may be: the target's audience or its address.
    pub(crate) audiences: Vec<String>,
    /// Locum's issuer.
    pub(crate) issuer: String,
    /// Locum's public keys.
    pub(crate) keys: Arc<LocumKeys>,
    /// Where to ask whether a token is alive.
    pub(crate) introspection: Introspection,
    /// The clock.
    pub(crate) ambient: Ambient,
}

impl TargetGuard {
    /// Lets a request in whose token is Locum's, for this target, alive, and
    /// has the scope.
    ///
    /// # Errors
    /// [`Denied`], in the order of RFC 6750 §3.1.
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        scope: &'static str,
    ) -> Result<SeenByTarget, Denied> {
        let token = bearer(headers)?;
        let verified = self.verified(token).await?;
        // A signature says who issued it, only Locum says whether it still
        // stands (contract §9).
        if !self.introspection.is_active(token).await? {
            return Err(Denied::Token(
                "expected a token that is alive, found a dead one".to_owned(),
            ));
        }
        let seen = SeenByTarget::of(&verified);
        if seen.may(scope) {
            Ok(seen)
        } else {
            Err(Denied::Scope(scope))
        }
    }

    /// The answer to a request that was denied.
    pub(crate) fn deny(&self, denied: &Denied) -> Response {
        denied.response(self.target)
    }

    async fn verified(&self, token: &str) -> Result<Verified<Claims>, Denied> {
        let expectation = Expectation {
            kind: TokenKind::Own,
            issuer: IssuerRule::Claim(&self.issuer),
            demands: Demands::default(),
            audiences: Audiences::AnyOf(&self.audiences),
            algs: &Alg::ALL,
            typ: TypRule::ACCESS,
            skew_s: SKEW,
            max_age_s: MAX_AGE,
            iat_required: true,
            jti_required: true,
            exp_max_ahead_s: Some(MAX_AGE),
        };
        let now_s = (self.ambient.now)();
        let checked = self.keys.verified(token, &expectation, now_s).await;
        checked.map_err(|why| match why {
            Unproven::Flaw(flaw) => Denied::Token(flaw.to_string()),
            Unproven::Unreachable(unreachable) => unreachable.into(),
        })
    }
}

/// The one token in the one `Authorization` header (RFC 6750 §2.1). Tokens in
/// a query or a form are not looked for.
fn bearer(headers: &HeaderMap) -> Result<&str, Denied> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = all.next() else {
        return Err(Denied::NoToken);
    };
    if all.next().is_some() {
        return Err(Denied::Malformed);
    }
    let text = value.to_str().map_err(|_| Denied::Malformed)?;
    // RFC 9110 §11.1: the scheme's case does not matter.
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            let token = token.trim_matches(' ');
            let legal = !token.is_empty() && !token.contains([' ', ',']);
            if legal {
                Ok(token)
            } else {
                Err(Denied::Malformed)
            }
        }
        Some(_) => Err(Denied::NoToken),
        None => Err(Denied::Malformed),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn with(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn rfc6750_2_1_the_token_is_the_one_in_the_one_header() {
        assert_eq!(bearer(&with(&["Bearer a.b.c"])), Ok("a.b.c"));
        assert_eq!(bearer(&with(&["bEaReR a.b.c"])), Ok("a.b.c"));
        assert_eq!(bearer(&with(&[])), Err(Denied::NoToken));
        assert_eq!(bearer(&with(&["Basic eDp5"])), Err(Denied::NoToken));
        for bad in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,Bearer b"] {
            assert_eq!(bearer(&with(&[bad])), Err(Denied::Malformed), "{bad}");
        }
        assert_eq!(
            bearer(&with(&["Bearer a", "Bearer b"])),
            Err(Denied::Malformed)
        );
    }
}
