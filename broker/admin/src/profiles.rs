//! Profiles of connectors: `/profiles` (contract §15).

use super::answer::Answer;
use super::call::Call;
use super::problem::Problem;
use locum_engine::vendors::{Profile, profiles};

/// `GET /profiles`.
///
/// # Errors
/// What stands in the way, as a problem of RFC 9457.
pub async fn list(call: Call) -> Result<Answer, Problem> {
    let id = |profile: &&'static Profile| profile.id().to_owned();
    call.page(profiles().iter(), id, |profile| profile.to_json())
}
