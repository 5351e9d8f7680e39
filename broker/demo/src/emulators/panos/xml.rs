//! Answers of the XML API. Both vendors' clients refuse another content type.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

const CONTENT_TYPE: &str = "application/xml; charset=UTF-8";

/// A 200 with a result in it.
pub(super) fn success(result: &str) -> Response {
    let text = format!("<response status=\"success\"><result>{result}</result></response>");
    answer(StatusCode::OK, text)
}

/// 403, whatever is wrong with the key, the name or the password.
pub(super) fn forbidden() -> Response {
    let text = "<response status=\"error\" code=\"403\"><result><msg>Invalid Credential</msg></result></response>";
    answer(StatusCode::FORBIDDEN, text.to_owned())
}

/// 400: a parameter is missing or unknown.
pub(super) fn bad(said: &str) -> Response {
    let said = escaped(said);
    let text = format!(
        "<response status=\"error\" code=\"400\"><result><msg>{said}</msg></result></response>"
    );
    answer(StatusCode::BAD_REQUEST, text)
}

/// A command that the device does not carry out, by its code: 16 unauthorized, 17
/// not understood.
pub(super) fn refused(code: u16, said: &str) -> Response {
    let said = escaped(said);
    let text = format!(
        "<response status=\"error\" code=\"{code}\"><msg><line>{said}</line></msg></response>"
    );
    answer(StatusCode::OK, text)
}

/// A text between tags or in an attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn answer(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, CONTENT_TYPE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, text).into_response()
}
