//! The demo ERP: invoices that can be read and posted.

use super::body::{object, with_seen};
use super::decimal::DemoDecimal;
use super::denied::{Denied, not_stored};
use super::guard::TargetGuard;
use super::seen::SeenByTarget;
use super::shelf::Shelf;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};
use std::cmp::Ordering;
use std::sync::Arc;

const READ: &str = "invoice.read";
const POST: &str = "invoice.post";
/// The detail type that limits posting (contract §12).
const INVOICE_POST: &str = "invoice_post";

struct Sap {
    guard: TargetGuard,
    invoices: Shelf,
}

/// The ERP's resources.
pub(crate) fn router(guard: TargetGuard) -> Router {
    let invoices = Shelf::new([
        json!({"id": "4711", "supplier": "Acme", "amount": "4200.00 EUR"}),
        json!({"id": "4712", "supplier": "Initech", "amount": "99.50 EUR"}),
    ]);
    Router::new()
        .route("/sap/invoices", post(posted))
        .route("/sap/invoices/{id}", get(invoice))
        .with_state(Arc::new(Sap { guard, invoices }))
}

async fn invoice(
    State(sap): State<Arc<Sap>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    sap.read(&headers, &id)
        .await
        .unwrap_or_else(|denied| sap.guard.deny(&denied))
}

async fn posted(State(sap): State<Arc<Sap>>, headers: HeaderMap, body: Bytes) -> Response {
    sap.post(&headers, &body)
        .await
        .unwrap_or_else(|denied| sap.guard.deny(&denied))
}

impl Sap {
    async fn read(&self, headers: &HeaderMap, id: &str) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, READ).await?;
        let invoice = self.invoices.get(id).ok_or(Denied::NotFound)?;
        Ok(not_stored(StatusCode::OK, with_seen(invoice, seen.shown())))
    }

    async fn post(&self, headers: &HeaderMap, body: &[u8]) -> Result<Response, Denied> {
        let seen = self.guard.admit(headers, POST).await?;
        let mut invoice = object(body)?;
        allowed(&seen, &invoice)?;
        let id = invoice_id(&invoice).map_or_else(|| self.invoices.next_id(), str::to_owned);
        // The members that are ours to set come last.
        invoice.insert("id".to_owned(), json!(id));
        invoice.insert("posted".to_owned(), json!(true));
        let invoice = Value::Object(invoice);
        self.invoices.put(&id, invoice.clone());
        Ok(not_stored(
            StatusCode::CREATED,
            with_seen(invoice, seen.shown()),
        ))
    }
}

/// Whether the token's `authorization_details` let this invoice be posted: it
/// must lie within one single object of the type.
fn allowed(seen: &SeenByTarget, invoice: &Map<String, Value>) -> Result<(), Denied> {
    match seen.details(INVOICE_POST) {
        None => Ok(()),
        Some(limits) if limits.iter().any(|limit| within(limit, invoice)) => Ok(()),
        Some(_) => Err(Denied::Details(
            "expected `company`, `amount` and `invoice` within the authorization_details of the token"
                .to_owned(),
        )),
    }
}

fn within(limit: &Value, invoice: &Map<String, Value>) -> bool {
    let Some(limit) = limit.as_object() else {
        return false;
    };
    limit.iter().all(|(field, limit)| match field.as_str() {
        "type" => true,
        "company" => limit.as_str().is_some() && limit.as_str() == text(invoice, "company"),
        "amount" => text(invoice, "amount").is_some_and(|amount| at_most(amount, limit)),
        "invoices" => invoice_id(invoice).is_some_and(|id| {
            limit
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one.as_str() == Some(id)))
        }),
        // A limit that is not understood allows nothing.
        _ => false,
    })
}

fn at_most(amount: &str, limit: &Value) -> bool {
    let limit = limit.as_str().and_then(DemoDecimal::parse);
    let amount = DemoDecimal::parse(amount.strip_suffix(" EUR").unwrap_or(amount));
    amount
        .zip(limit)
        .is_some_and(|(a, l)| a.compare(&l) != Ordering::Greater)
}

/// `invoice`, or `id` as in what is read.
fn invoice_id(invoice: &Map<String, Value>) -> Option<&str> {
    text(invoice, "invoice").or_else(|| text(invoice, "id"))
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn fits(limit: Value, invoice: Value) -> bool {
        within(&limit, invoice.as_object().unwrap())
    }

    #[test]
    fn an_invoice_is_posted_only_within_every_limit_of_one_object() {
        let limit = json!({"type": "invoice_post", "company": "1000", "amount": "4200.00",
            "invoices": ["4711", "4712"]});
        let good = json!({"company": "1000", "amount": "4200", "invoice": "4711"});
        assert!(fits(limit.clone(), good.clone()));
        for (field, value) in [
            ("company", json!("2000")),
            ("amount", json!("4200.01")),
            ("amount", json!(-1)),
            ("invoice", json!("4713")),
            ("company", Value::Null),
        ] {
            let mut bad = good.clone();
            bad.as_object_mut().unwrap().insert(field.to_owned(), value);
            assert!(!fits(limit.clone(), bad), "{field}");
        }
        assert!(!fits(limit, json!({})));
    }

    #[test]
    fn a_limit_that_is_not_understood_allows_nothing() {
        assert!(!fits(
            json!({"type": "invoice_post", "colour": "red"}),
            json!({"colour": "red"})
        ));
    }
}
