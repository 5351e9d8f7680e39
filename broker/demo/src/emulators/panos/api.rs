//! `/api/`: `keygen`, and of the rest what a client needs to greet a device.

use super::super::super::form::DemoForm;
use super::device::{Device, key_in_header};
use super::xml::{bad, escaped, forbidden, refused, success};
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

/// `show system info`, its empty elements written short.
const SYSTEM_INFO: &str = "<show><system><info/></system></show>";

/// What the device says of its version.
const VERSION: &str = "<sw-version>11.1.4</sw-version><multi-vsys>off</multi-vsys><model>Panorama</model><serial>000710000001</serial>";

/// Content type of a query read as a form.
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// `GET` and `POST /api/`: parameters in the form, else in the query.
pub(super) async fn answer(
    State(device): State<Arc<Device>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    let as_form = HeaderMap::from_iter(
        FORM.1
            .parse()
            .map(|value| (axum::http::header::CONTENT_TYPE, value)),
    );
    let parsed = if body.is_empty() {
        DemoForm::parse(&as_form, query.as_bytes())
    } else {
        DemoForm::parse(&headers, &body)
    };
    match parsed {
        Ok(form) => device.answer(&headers, &form),
        Err(_) => bad("Malformed Request"),
    }
}

impl Device {
    fn answer(&self, headers: &HeaderMap, form: &DemoForm) -> Response {
        if form.get("type") == Some("keygen") {
            return self.keygen_answer(form);
        }
        let key = form.get("key").or_else(|| key_in_header(headers));
        let by_key = key.and_then(|key| self.owner(key));
        let by_name = || self.named(headers);
        let Some(owner) = by_key.or_else(by_name) else {
            return forbidden();
        };
        match (form.get("type"), form.get("cmd")) {
            (Some("version"), _) => success(VERSION),
            (Some("op"), Some(cmd)) if short(cmd) == SYSTEM_INFO => success(&system_info()),
            (Some("op"), Some(_)) => refused(17, "the command is not emulated"),
            (Some("config" | "commit"), _) if !owner.scopes.iter().any(|s| s == "rule.write") => {
                refused(16, &format!("Unauthorized request of {}", owner.user))
            }
            (Some(other), _) => refused(17, &format!("{} is not emulated", escaped(other))),
            (None, _) => bad("Missing value for parameter \"type\"."),
        }
    }

    /// A Basic header is not enough here.
    fn keygen_answer(&self, form: &DemoForm) -> Response {
        if let Some(busy) = self.busy.answer() {
            return busy;
        }
        let Some((user, password)) = form.get("user").zip(form.get("password")) else {
            return bad("Missing value for parameter \"user\" or \"password\".");
        };
        match self.keygen(user, password) {
            Some(key) => success(&format!("<key>{}</key>", escaped(&key))),
            None => forbidden(),
        }
    }
}

/// A command without blanks between tags, its empty elements written short.
fn short(cmd: &str) -> String {
    let joined: String = cmd.split_whitespace().collect();
    joined.replace("<info></info>", "<info/>")
}

/// What both vendors' clients read of a device.
fn system_info() -> String {
    let rows = [
        ("hostname", "panorama"),
        ("ip-address", "127.0.0.1"),
        ("family", "pc"),
        ("model", "Panorama"),
        ("serial", "000710000001"),
        ("sw-version", "11.1.4"),
        ("app-version", "8890-9000"),
        ("multi-vsys", "off"),
        ("system-mode", "panorama"),
        ("operational-mode", "normal"),
    ];
    let row = |(name, value): (&str, &str)| format!("<{name}>{value}</{name}>");
    let rows: String = rows.into_iter().map(row).collect();
    format!("<system>{rows}</system>")
}
