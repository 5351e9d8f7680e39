//! A provider's token as an assertion (RFC 7523 §2.1), checked as UAA does: the
//! issuer is a trusted provider, it signed with a key it publishes, the client is
//! among the audience, and it has not expired.

use super::super::super::targets::locum_keys::Unproven;
use super::super::oauth::OAuthRefusal;
use super::uaa::Uaa;
use axum::http::StatusCode;
use locum_core::token::{
    Alg, Audiences, Claims, Demands, Expectation, IssuerRule, TokenKind, TypRule, Verified,
};

/// Clock skew for `nbf` and `iat`, in seconds.
const SKEW: u64 = 60;

impl Uaa {
    /// The claims of an assertion that has not been used.
    ///
    /// # Errors
    /// 401 `invalid_token`.
    pub(super) async fn asserted(
        &self,
        assertion: &str,
        client_id: &str,
    ) -> Result<Verified<Claims>, OAuthRefusal> {
        let audiences = [client_id.to_owned()];
        let expectation = Expectation {
            kind: TokenKind::Own,
            issuer: IssuerRule::Claim(&self.provider),
            demands: Demands::default(),
            audiences: Audiences::AnyOf(&audiences),
            algs: &[Alg::RS256],
            // UAA does not look at it.
            typ: TypRule::ACCESS_OR_UNTYPED,
            skew_s: SKEW,
            max_age_s: u64::MAX,
            iat_required: false,
            jti_required: false,
            exp_max_ahead_s: None,
        };
        let checked = self
            .provider_keys
            .verified(assertion, &expectation, self.now_s())
            .await;
        let verified = checked.map_err(|why| match why {
            Unproven::Flaw(flaw) => OAuthRefusal::unauthorized("invalid_token", flaw.to_string()),
            Unproven::Unreachable(_) => OAuthRefusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "the provider's keys cannot be fetched",
            ),
        })?;
        let unused = verified
            .get()
            .jti
            .as_deref()
            .is_none_or(|jti| self.used.add(jti, (), self.now_s()));
        if unused {
            Ok(verified)
        } else {
            let said = "expected an assertion that was not used, found one that was";
            Err(OAuthRefusal::unauthorized("invalid_token", said))
        }
    }
}
