//! Which kind of token a file holds.

use clap::ValueEnum;
use serde_json::Value;

use crate::jwt::{self, ShownToken};
use crate::secret::Secret;

/// Claims that make a token an access token; no ID token may have one
/// (contract §5).
const ACCESS_MARKS: [&str; 3] = ["scope", "scp", "cid"];
/// Claims that only an ID token has (OpenID Connect Core §2, §3.3.2.11).
const ID_MARKS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Kinds of tokens that an exchange takes (contract §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum TokenType {
    IdToken,
    Jwt,
    AccessToken,
    Grant,
}

impl TokenType {
    pub(super) fn uri(self) -> &'static str {
        match self {
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::Jwt => "urn:ietf:params:oauth:token-type:jwt",
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
            Self::Grant => "urn:locum:token-type:grant",
        }
    }

    /// What a subject token looks like. Only a default: the broker refuses any lie.
    pub(super) fn of_subject(token: &Secret, home: &str) -> Self {
        Self::of_locum(token, home).unwrap_or_else(|| match jwt::read(token.expose()) {
            Ok(seen) if is_access(&seen) => Self::Jwt,
            Ok(_) | Err(_) => Self::IdToken,
        })
    }

    /// What an actor token looks like: of Locum's, or a workload's.
    pub(super) fn of_actor(token: &Secret, home: &str) -> Self {
        Self::of_locum(token, home).unwrap_or(Self::Jwt)
    }

    /// A grant or a token of Locum's, if it is one.
    fn of_locum(token: &Secret, home: &str) -> Option<Self> {
        if token.expose().starts_with("grt_") {
            return Some(Self::Grant);
        }
        let seen = jwt::read(token.expose()).ok()?;
        let ours = text(&seen.claims, "iss") == Some(home.trim_end_matches('/'));
        ours.then_some(Self::AccessToken)
    }
}

/// Whether a provider's token is an access token: by its header, by what the
/// provider says of it in a claim `typ`, else by claims of the one kind or the other.
fn is_access(seen: &ShownToken) -> bool {
    let typ = text(&seen.header, "typ").unwrap_or_default();
    let typ = typ.to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) == "at+jwt" {
        return true;
    }
    let has = |names: &[&str]| names.iter().any(|name| seen.claims.get(name).is_some());
    match text(&seen.claims, "typ") {
        Some("ID") => false,
        Some("Bearer") => true,
        _ => has(&ACCESS_MARKS) && !has(&ID_MARKS),
    }
}

fn text<'a>(members: &'a Value, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    const HOME: &str = "https://broker.example/";

    fn token(header: &Value, claims: &Value) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(&format!("{}.{}.c2ln", part(header), part(claims)))
    }

    /// Whose token, its header, claims of it, and what it is seen to be.
    const SEEN: [(&str, &str, &str, TokenType); 10] = [
        ("RFC 9068", r#"{"typ":"at+jwt"}"#, "{}", TokenType::Jwt),
        (
            "RFC 9068, whole",
            r#"{"typ":"application/AT+JWT"}"#,
            "{}",
            TokenType::Jwt,
        ),
        (
            "Keycloak's",
            r#"{"typ":"JWT"}"#,
            r#"{"typ":"Bearer"}"#,
            TokenType::Jwt,
        ),
        (
            "Keycloak's ID",
            r#"{"typ":"JWT"}"#,
            r#"{"typ":"ID"}"#,
            TokenType::IdToken,
        ),
        (
            "Entra's",
            r#"{"typ":"JWT"}"#,
            r#"{"scp":"erp.read"}"#,
            TokenType::Jwt,
        ),
        (
            "Entra's ID",
            r#"{"typ":"JWT"}"#,
            r#"{"nonce":"n"}"#,
            TokenType::IdToken,
        ),
        ("Okta's", "{}", r#"{"cid":"0oa"}"#, TokenType::Jwt),
        ("Okta's ID", "{}", r#"{"at_hash":"h"}"#, TokenType::IdToken),
        (
            "Auth0's",
            r#"{"typ":"JWT"}"#,
            r#"{"scope":"erp:read"}"#,
            TokenType::Jwt,
        ),
        (
            "an ID token",
            r#"{"typ":"JWT"}"#,
            r#"{"client_id":"web"}"#,
            TokenType::IdToken,
        ),
    ];

    #[test]
    fn the_kind_of_a_subject_token_is_seen_from_the_token() {
        for (what, header, claims, kind) in SEEN {
            let read = |text| serde_json::from_str::<Value>(text).unwrap();
            let mut claims = read(claims);
            claims["iss"] = json!("https://idp.example");
            let seen = TokenType::of_subject(&token(&read(header), &claims), HOME);
            assert_eq!(seen, kind, "{what}");
        }
    }

    #[test]
    fn what_is_of_locum_is_told_in_both_places() {
        let ours = token(
            &json!({"typ": "at+jwt"}),
            &json!({"iss": "https://broker.example"}),
        );
        for (token, subject, actor) in [
            (&ours, TokenType::AccessToken, TokenType::AccessToken),
            (
                &Secret::new("grt_01k\n"),
                TokenType::Grant,
                TokenType::Grant,
            ),
            (&Secret::new("opaque"), TokenType::IdToken, TokenType::Jwt),
        ] {
            assert_eq!(TokenType::of_subject(token, HOME), subject);
            assert_eq!(TokenType::of_actor(token, HOME), actor);
        }
        let pod = token(
            &json!({"alg": "RS256"}),
            &json!({"iss": "https://kubernetes.example"}),
        );
        assert_eq!(TokenType::of_actor(&pod, HOME), TokenType::Jwt);
    }
}
