//! JWT assertions about the person (RFC 7523 §3).

use super::asking::Asking;
use crate::aid::KeyOf;
use crate::manner::{JwtIssuer, JwtManner, NameAt, Otherwise};
use crate::trouble::Trouble;
use locum_core::secret::Secret;
use serde_json::{Map, Value, json};

/// Header `typ` of an assertion.
pub(super) const TYP: &str = "JWT";
/// Seconds that an assertion may be used.
pub(super) const LIFE_S: u64 = 300;

/// The signed assertion.
pub(super) fn assertion(
    asking: &Asking<'_>,
    manner: &JwtManner,
) -> Result<Secret<String>, Trouble> {
    let order = asking.order;
    let client = asking.account.name.as_deref().unwrap_or_default();
    let issuer = match manner.issuer {
        JwtIssuer::Ours => order.issuer,
        JwtIssuer::Client => client,
    };
    let audience = match manner.audience {
        NameAt::Fixed(name) => name,
        NameAt::Parameter(name, otherwise) => {
            let named = asking.prepared.values.text(name);
            named.unwrap_or(match otherwise {
                Otherwise::ClientId => client,
                Otherwise::TokenUrl => &asking.url,
            })
        }
    };
    let exp = order.now_s.saturating_add(LIFE_S);
    let as_text = asking.prepared.values.flag("exp_as_text") == Some(true);
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", json!(issuer));
    put("sub", json!(asking.subject()));
    put("aud", json!(audience));
    put("iat", json!(order.now_s));
    put(
        "exp",
        if as_text {
            json!(exp.to_string())
        } else {
            json!(exp)
        },
    );
    put("jti", json!(order.delegation));
    if let Some(act) = order.act.as_ref().filter(|_| manner.act) {
        put("act", act.clone());
    }
    let key = asking.signing().map_or(KeyOf::Ours, KeyOf::Named);
    asking.aid.sign_jwt(key, TYP, &Value::Object(claims))
}
