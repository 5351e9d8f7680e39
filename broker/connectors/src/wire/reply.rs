//! What all replies have.

use crate::trouble::Trouble;
use http::{HeaderMap, Response};
use locum_core::secret::Secret;

/// A reply.
pub(crate) type Reply = Response<Secret<Vec<u8>>>;

/// Longest credential, in bytes.
const CREDENTIAL_MAX: usize = 16_384;
/// Longest name of a request that is kept, in bytes (contract §15).
const REQUEST_ID_MAX: usize = 128;
/// Where vendors name a request (contract §15).
const REQUEST_IDS: [&str; 3] = ["x-vcap-request-id", "x-request-id", "x-correlation-id"];

/// What the status says.
pub(crate) enum Sort {
    /// 200.
    Fine,
    /// 400, 401, 403: a refusal, if it has the vendor's form.
    Refusing,
}

/// Sorts by status.
pub(crate) fn sort(reply: &Reply) -> Result<Sort, Trouble> {
    match reply.status().as_u16() {
        200 => Ok(Sort::Fine),
        400 | 401 | 403 => Ok(Sort::Refusing),
        other => Err(Trouble::nonsense(format!(
            "expected status 200, 400, 401 or 403, found {other}"
        ))),
    }
}

/// The vendor's name for the request (contract §15): printable and bounded,
/// else none. Of a reply that ended in trouble too.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let printable = |text: &&str| {
        !text.is_empty()
            && text.len() <= REQUEST_ID_MAX
            && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
    };
    REQUEST_IDS
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .find(printable)
        .map(str::to_owned)
}

/// Whether that can be a credential: 1 to 16,384 printable ASCII characters
/// without space.
pub(crate) fn is_credential(text: &str) -> bool {
    (1..=CREDENTIAL_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}
