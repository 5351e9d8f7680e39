//! The broker's OAuth endpoints, asked as a client with a secret.

use serde_json::Value;

use crate::environment::{ClientSettings, Environment};
use crate::failure::Failure;
use crate::http::{Http, percent};

/// Posts a form to an endpoint below the issuer with HTTP Basic, whose two
/// parts are form-encoded first (RFC 6749 §2.3.1).
pub(crate) async fn post(
    environment: &Environment,
    endpoint: &str,
    client: &ClientSettings,
    form: &[(&'static str, String)],
) -> Result<Value, Failure> {
    let url = environment.endpoint(endpoint)?;
    let http = Http::new(&url)?;
    let secret = percent(client.secret.expose());
    let request = http
        .post(url)
        .basic_auth(percent(&client.id), Some(secret))
        .form(form);
    http.send(request).await?.ok()
}
