//! The token endpoint, and the end of a token.

use super::super::super::form::{DemoForm, fault};
use super::super::oauth::{OAuthRefusal, bearer, issued, random};
use super::super::vendor::XSAPPNAME;
use super::uaa::{Uaa, UaaToken, ZONE, all_scopes};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use locum_tokens::keys::KeyFlaw;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// `POST /oauth/token`.
pub(super) async fn token(
    State(uaa): State<Arc<Uaa>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(busy) = uaa.busy.answer() {
        return busy;
    }
    let form = match DemoForm::parse(&headers, &body) {
        Ok(form) => form,
        Err(flaw) => return flaw.into_response(),
    };
    match uaa.granted(&headers, &form).await {
        Ok(granted) => uaa.issue(granted, &form).await.unwrap_or_else(|_| fault()),
        Err(refusal) => refusal.into_response(),
    }
}

/// `DELETE /oauth/token/revoke/{token}`: a token may end itself. One that is no
/// opaque one is not known here.
pub(super) async fn revoke(
    State(uaa): State<Arc<Uaa>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let own = bearer(&headers).filter(|own| *own == token);
    let known = own.and_then(|own| uaa.tokens.get(own, uaa.now_s()));
    if known.is_none_or(|known| !known.opaque) {
        let said = "the token is not known, or another's";
        return OAuthRefusal::unauthorized("invalid_token", said).into_response();
    }
    uaa.tokens.end(&token);
    StatusCode::OK.into_response()
}

impl Uaa {
    async fn granted(
        &self,
        headers: &HeaderMap,
        form: &DemoForm,
    ) -> Result<UaaToken, OAuthRefusal> {
        let zone = headers.get("x-zid");
        if zone.is_some_and(|zone| zone.as_bytes() != ZONE.as_bytes()) {
            let said = "Cannot find identity zone";
            return Err(OAuthRefusal::new(
                StatusCode::NOT_FOUND,
                "zone_not_found",
                said,
            ));
        }
        let client_id = self.client(headers, form)?;
        let opaque = match form.get("token_format") {
            None | Some("jwt") => false,
            Some("opaque") => true,
            Some(_) => return Err(OAuthRefusal::bad("invalid_request", "token_format")),
        };
        let (user, act, assertion) = match form.get("grant_type") {
            Some(JWT_BEARER) => {
                let assertion = form.get("assertion").ok_or_else(|| {
                    OAuthRefusal::unauthorized("unauthorized", "Assertion is missing")
                })?;
                let verified = self.asserted(assertion, &client_id).await?;
                let claims = verified.get();
                let act = claims.act.clone();
                (Some(claims.sub.clone()), act, claims.jti.clone())
            }
            Some("client_credentials") => (None, None, None),
            Some(_) => {
                let said = "Unsupported grant type";
                return Err(OAuthRefusal::bad("unsupported_grant_type", said));
            }
            None => return Err(OAuthRefusal::bad("invalid_request", "Missing grant type")),
        };
        Ok(UaaToken {
            user,
            client_id,
            scope: scope(form.get("scope"))?,
            act,
            assertion,
            opaque,
        })
    }

    async fn issue(&self, granted: UaaToken, form: &DemoForm) -> Result<Response, KeyFlaw> {
        let jti = random(&self.ambient);
        let now_s = self.now_s();
        let access_token = if granted.opaque {
            jti.clone()
        } else {
            let az_attr = attributes(form.get("authorities"));
            let claims = self.claims(&granted, (&jti, now_s), az_attr);
            self.key().await?.sign("JWT", &claims)?
        };
        let body = json!({
            "access_token": access_token, "token_type": "bearer",
            // What is left of its life, cut to whole seconds, as UAA says it.
            "expires_in": self.tokens.lifetime_s() - 1,
            "scope": granted.scope.join(" "), "jti": jti,
        });
        self.tokens.add(&access_token, Arc::new(granted), now_s);
        let request_id = random(&self.ambient);
        Ok(issued(body, ("x-vcap-request-id", &request_id)))
    }

    /// The claims of a token of format `jwt`. `scope` is a list there.
    fn claims(
        &self,
        granted: &UaaToken,
        (jti, now_s): (&str, u64),
        az_attr: Option<Map<String, Value>>,
    ) -> Value {
        let client = &granted.client_id;
        let mut claims = json!({
            "jti": jti, "iss": format!("{}/oauth/token", self.base), "zid": ZONE,
            "ext_attr": {"enhancer": "XSUAA", "zdn": "acme", "subaccountid": ZONE},
            "scope": granted.scope, "aud": [client, XSAPPNAME],
            "client_id": client, "cid": client, "azp": client,
            "iat": now_s, "exp": now_s + self.tokens.lifetime_s(),
        });
        let of_kind = match &granted.user {
            Some(user) => json!({
                "sub": user, "user_id": user, "user_name": user, "origin": "locum",
                "email": format!("{user}@acme.example"), "grant_type": JWT_BEARER,
            }),
            None => json!({"sub": client, "grant_type": "client_credentials"}),
        };
        if let (Value::Object(claims), Value::Object(of_kind)) = (&mut claims, of_kind) {
            claims.extend(of_kind);
            claims.extend(az_attr.map(|az_attr| ("az_attr".to_owned(), Value::Object(az_attr))));
        }
        claims
    }
}

/// Requested ∩ the client's, which every user holds here; all of them where none
/// is requested.
fn scope(requested: Option<&str>) -> Result<Vec<String>, OAuthRefusal> {
    let all = all_scopes();
    let Some(requested) = requested else {
        return Ok(all);
    };
    let asked: Vec<&str> = requested.split_whitespace().collect();
    let fits = |scope: &String| asked.contains(&scope.as_str());
    let granted: Vec<String> = all.into_iter().filter(fits).collect();
    if granted.is_empty() {
        let said = format!(
            "[{}] is invalid. This user is not allowed any of the requested scopes",
            asked.join(", ")
        );
        return Err(OAuthRefusal::bad("invalid_scope", said));
    }
    Ok(granted)
}

/// `az_attr` of the parameter `authorities`; what is no such JSON is passed over.
fn attributes(authorities: Option<&str>) -> Option<Map<String, Value>> {
    let mut authorities: Map<String, Value> = serde_json::from_str(authorities?).ok()?;
    match authorities.remove("az_attr") {
        Some(Value::Object(az_attr)) => Some(az_attr),
        Some(_) | None => None,
    }
}
