//! An application of SAP BTP behind it: invoices that can be read and posted.

use super::super::super::targets::body::{object, with_seen};
use super::super::super::targets::denied::{Denied, not_stored};
use super::super::super::targets::shelf::Shelf;
use super::super::oauth::bearer;
use super::super::vendor::XSAPPNAME;
use super::uaa::{Uaa, UaaToken};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

struct Invoices {
    uaa: Arc<Uaa>,
    shelf: Shelf,
}

/// The application's resources.
pub(super) fn router(uaa: Arc<Uaa>) -> Router {
    let shelf = Shelf::new([json!({"id": "4711", "supplier": "Acme", "amount": "4200.00 EUR"})]);
    Router::new()
        .route("/sap-btp", get(about))
        .route("/sap-btp/invoices", post(posted))
        .route("/sap-btp/invoices/{id}", get(invoice))
        .with_state(Arc::new(Invoices { uaa, shelf }))
}

async fn about() -> Json<Value> {
    Json(json!({"target": "sap-btp", "resources": [
        {"method": "GET", "path": "/sap-btp/invoices/4711", "scope": format!("{XSAPPNAME}.Invoice.Read")},
        {"method": "POST", "path": "/sap-btp/invoices", "scope": format!("{XSAPPNAME}.Invoice.Post")},
    ]}))
}

async fn invoice(
    State(app): State<Arc<Invoices>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = || {
        let token = app.admit(&headers, "Invoice.Read")?;
        let invoice = app.shelf.get(&id).ok_or(Denied::NotFound)?;
        Ok(not_stored(StatusCode::OK, with_seen(invoice, seen(&token))))
    };
    read().unwrap_or_else(|denied: Denied| denied.response("sap-btp"))
}

async fn posted(State(app): State<Arc<Invoices>>, headers: HeaderMap, body: Bytes) -> Response {
    let post = || {
        let token = app.admit(&headers, "Invoice.Post")?;
        let mut invoice = object(&body)?;
        let named = invoice.get("id").and_then(Value::as_str);
        let id = named.map_or_else(|| app.shelf.next_id(), str::to_owned);
        invoice.insert("id".to_owned(), json!(id));
        invoice.insert("posted".to_owned(), json!(true));
        let invoice = Value::Object(invoice);
        app.shelf.put(&id, invoice.clone());
        Ok(not_stored(
            StatusCode::CREATED,
            with_seen(invoice, seen(&token)),
        ))
    };
    post().unwrap_or_else(|denied: Denied| denied.response("sap-btp"))
}

impl Invoices {
    /// Lets in a live token of the UAA with that scope.
    fn admit(&self, headers: &HeaderMap, scope: &'static str) -> Result<Arc<UaaToken>, Denied> {
        let token = bearer(headers).ok_or(Denied::NoToken)?;
        let dead = || Denied::Token("expected a live token of the UAA, found none".to_owned());
        let token = self
            .uaa
            .tokens
            .get(token, self.uaa.now_s())
            .ok_or_else(dead)?;
        let full = format!("{XSAPPNAME}.{scope}");
        if token.scope.contains(&full) {
            Ok(token)
        } else {
            Err(Denied::Scope(scope))
        }
    }
}

/// Whom and what the token stands for.
fn seen(token: &UaaToken) -> Value {
    let mut seen = json!({
        "sub": token.user.as_ref().unwrap_or(&token.client_id),
        "client_id": token.client_id, "scope": token.scope.join(" "),
    });
    if let Value::Object(members) = &mut seen {
        let act = token.act.clone().map(|act| ("act".to_owned(), act));
        let id = token.assertion.clone();
        members.extend(act);
        members.extend(id.map(|id| ("assertion".to_owned(), json!(id))));
    }
    seen
}
