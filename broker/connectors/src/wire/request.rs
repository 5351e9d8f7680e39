//! A request is put together.

use crate::trouble::Trouble;
use http::HeaderValue;
use http::request::Builder;
use locum_core::secret::Secret;

/// The request with its body.
pub(crate) fn of(
    request: Builder,
    body: Secret<Vec<u8>>,
) -> Result<http::Request<Secret<Vec<u8>>>, Trouble> {
    // The error of the builder quotes nothing.
    request
        .body(body)
        .map_err(|_| Trouble::unable("an address or a header that HTTP does not allow"))
}

/// A header's value that is shown nowhere.
pub(crate) fn sensitive(value: &Secret<String>) -> Result<HeaderValue, Trouble> {
    let mut value = HeaderValue::from_str(value.expose())
        .map_err(|_| Trouble::unable("a secret that no header may hold"))?;
    value.set_sensitive(true);
    Ok(value)
}
