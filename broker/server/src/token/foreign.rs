//! Foreign tokens: from bytes to claims that the issuer's key vouches for
//! (contract §5).

use super::Request;
use crate::app::App;
use crate::oauth::answer::unavailable;
use locum_core::refusal::{Code, Refusal};
use locum_core::registry::{Issuer, IssuerRole};
use locum_core::token::{
    Alg, Audiences, Claims, Expectation, Kind, TokenFlaw, TypRule, Unverified, Verified, verify,
};
use std::sync::Arc;

/// In which slot a token was sent: it decides the code and the greatest age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// As `subject_token`.
    Subject,
    /// As `actor_token`.
    Actor,
}

impl Slot {
    /// A refusal of the slot's code.
    pub(crate) fn refusal(self, text: &str) -> Refusal {
        match self {
            Self::Subject => Refusal::new(
                Code::SubjectInvalid,
                format!("{text}; get a fresh subject token and name its type"),
            ),
            Self::Actor => Refusal::new(
                Code::ActorInvalid,
                format!("{text}; get a fresh actor token and name its type"),
            ),
        }
    }

    fn flaw(self, flaw: &TokenFlaw) -> Refusal {
        self.refusal(&flaw.public()).because(flaw.detail())
    }

    const fn max_age_s(self, app: &App) -> u64 {
        match self {
            Self::Subject => app.bounds.max_token_age_s,
            Self::Actor => app.bounds.actor_max_age_s,
        }
    }
}

/// Reads a compact token, within the size limit.
///
/// # Errors
/// `LCM-REQUEST` over the limit, the slot's code otherwise.
pub(crate) fn read(app: &App, text: &str, slot: Slot) -> Result<Unverified, Refusal> {
    if text.len() > app.bounds.token_bytes {
        return Err(Refusal::new(
            Code::Request,
            format!(
                "expected a token of at most {} bytes, found {}; get a smaller token",
                app.bounds.token_bytes,
                text.len()
            ),
        ));
    }
    Unverified::parse(text, app.bounds.token_bytes).map_err(|flaw| slot.flaw(&flaw))
}

/// The trusted issuer a token claims to be of.
///
/// # Errors
/// The slot's code when there is none.
pub(crate) fn issuer_of(
    request: &Request<'_>,
    token: &Unverified,
    slot: Slot,
) -> Result<Arc<Issuer>, Refusal> {
    let state = request.app.state.read();
    let known = token
        .issuer_unverified()
        .and_then(|iss| state.registry.issuer_named(iss));
    known
        .cloned()
        .ok_or_else(|| slot.refusal("expected a token of a trusted issuer, found another"))
}

/// Verifies a foreign token of that kind in that slot. A `kid` that is not
/// among the keys asks for fresh ones once.
///
/// # Errors
/// The slot's code, or `LCM-UNAVAILABLE` when the keys cannot be had.
pub(crate) async fn verified(
    app: &App,
    text: &str,
    issuer: &Arc<Issuer>,
    kind: Kind,
    slot: Slot,
) -> Result<Verified<Claims>, Refusal> {
    let audiences = match kind {
        Kind::ForeignAccess => issuer.access_audiences(&app.issuer),
        Kind::IdToken | Kind::Workload | Kind::Own | Kind::ClientAssertion => {
            issuer.audiences(&app.issuer)
        }
    };
    let expectation = Expectation {
        kind,
        issuer: &issuer.spec.issuer,
        audiences: Audiences::AnyOf(&audiences),
        algs: &issuer.spec.algs,
        typ: match (kind, issuer.spec.accept_untyped) {
            (Kind::ForeignAccess, true) => TypRule::ACCESS_OR_UNTYPED,
            (Kind::ForeignAccess, false) => TypRule::ACCESS,
            (Kind::IdToken | Kind::Workload | Kind::Own | Kind::ClientAssertion, _) => TypRule::JWT,
        },
        skew_s: app.bounds.clock_skew_s,
        max_age_s: slot.max_age_s(app),
        iat_required: true,
        jti_required: false,
        exp_max_ahead_s: None,
    };
    let gone = |error: crate::app::Unavailable| unavailable().because(error.to_string());
    let keys = app.trust.keys(issuer, false).await.map_err(gone)?;
    match verify(
        read(app, text, slot)?,
        &expectation,
        app.clock.now_s(),
        &*keys.set,
    ) {
        Ok(verified) => Ok(verified),
        Err(flaw) if flaw.asks_for_fresh_keys() => {
            let keys = app.trust.keys(issuer, true).await.map_err(gone)?;
            verify(
                read(app, text, slot)?,
                &expectation,
                app.clock.now_s(),
                &*keys.set,
            )
            .map_err(|flaw| slot.flaw(&flaw))
        }
        Err(flaw) => Err(slot.flaw(&flaw)),
    }
}

/// Verifies a token of ours. Whom it is for is compared by the caller.
///
/// # Errors
/// What does not fit.
pub(crate) fn own(app: &App, text: &str) -> Result<Verified<Claims>, TokenFlaw> {
    let expectation = Expectation {
        kind: Kind::Own,
        issuer: &app.issuer,
        audiences: Audiences::CallerDecides,
        algs: &Alg::ALL,
        typ: TypRule::ACCESS,
        skew_s: app.bounds.clock_skew_s,
        max_age_s: app.bounds.max_token_age_s,
        iat_required: true,
        jti_required: true,
        exp_max_ahead_s: None,
    };
    let unverified = Unverified::parse(text, app.bounds.token_bytes)?;
    verify(unverified, &expectation, app.clock.now_s(), &app.keyring)
}

/// A token of ours in a slot.
///
/// # Errors
/// The slot's code.
pub(crate) fn own_in(app: &App, text: &str, slot: Slot) -> Result<Verified<Claims>, Refusal> {
    read(app, text, slot)?;
    own(app, text).map_err(|flaw| slot.flaw(&flaw))
}

/// Refuses an issuer of another role.
///
/// # Errors
/// The slot's code.
pub(crate) fn of_role(issuer: &Issuer, role: IssuerRole, slot: Slot) -> Result<(), Refusal> {
    if issuer.spec.role == role {
        return Ok(());
    }
    Err(slot.refusal(
        "expected a token of an issuer that is trusted for this use, found one trusted for another",
    ))
}
