//! Claims with their JSON types (RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693 §4).

use super::expectation::TokenKind;
use super::flaw::TokenFlaw;
use crate::generations::{text_weight, value_weight};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

/// Latest date a claim may carry: the last second of the year 9999.
pub const DATE_MAX: u64 = 253_402_300_799;

/// Longest name in a claim (`iss`, `sub`, `aud`, `jti`, …), in bytes: room for an
/// issuer id before the longest `sub` there is (Kubernetes: 340).
pub const NAME_MAX: usize = 512;

/// Claims without a field here that mean something to us: `null` is not
/// absence for them either (contract §5).
const OTHERS: [&str; 8] = [
    "cnf",
    "events",
    "nonce",
    "at_hash",
    "c_hash",
    "del",
    "authorization_details",
    "groups",
];

/// What a token says, each claim of its JSON type. Only from
/// [`super::verify`], inside [`super::Verified`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// Subject.
    pub sub: String,
    /// Audience: at least one, each once, however often it was named.
    pub aud: Vec<String>,
    /// Expiry, Unix seconds.
    pub exp: u64,
    /// Issued at, Unix seconds.
    pub iat: Option<u64>,
    /// Not before, Unix seconds.
    pub nbf: Option<u64>,
    /// The token's id.
    pub jti: Option<String>,
    /// When the person signed in, Unix seconds (RFC 9068 §2.2.1). This, `acr`,
    /// `amr`, `azp` and `sid` are only passed on: where a provider sends
    /// something else under their names, they count as absent (contract §5).
    pub auth_time: Option<u64>,
    /// How strongly.
    pub acr: Option<String>,
    /// By which methods (RFC 8176).
    pub amr: Vec<String>,
    /// Authorized party (OpenID Connect Core §2): any text that is not empty, since
    /// an ID token for another party is refused by it.
    pub azp: Option<String>,
    /// The client it was issued to (RFC 9068 §2.2).
    pub client_id: Option<String>,
    /// Names of scopes, of the claim `scope` or `scp`; may be empty. Always
    /// `None` in a workload's token, where they mean nothing.
    pub scope: Option<Vec<String>>,
    /// Whether it is bound to a key (RFC 7800).
    pub has_cnf: bool,
    /// The claim (not the header) `typ`.
    pub typ_claim: Option<String>,
    /// The session at the provider.
    pub sid: Option<String>,
    /// Who may act for the subject (RFC 8693 §4.4): an object.
    pub may_act: Option<Value>,
    /// Who acts (RFC 8693 §4.1): an object.
    pub act: Option<Value>,
    all: Map<String, Value>,
}

impl Claims {
    /// Reads the claims of a token of that kind; `iss` is the issuer it belongs to
    /// where that does not hang on the claim of that name.
    pub(super) fn read(
        all: Map<String, Value>,
        kind: TokenKind,
        iss: Option<&str>,
    ) -> Result<Self, TokenFlaw> {
        // `groups` here is the default name; another is looked at by `groups`.
        for claim in OTHERS {
            if all.get(claim).is_some_and(Value::is_null) {
                return Err(TokenFlaw::ClaimType {
                    claim,
                    expected: "a value or no such claim, not null",
                });
            }
        }
        let workload = kind == TokenKind::Workload;
        Ok(Self {
            iss: match (iss, name(&all, "iss")?) {
                (Some(iss), _) => iss.to_owned(),
                (None, said) => required(said, "iss")?,
            },
            sub: required(name(&all, "sub")?, "sub")?,
            aud: audience(&all)?,
            exp: required(date(&all, "exp")?, "exp")?,
            iat: date(&all, "iat")?,
            nbf: date(&all, "nbf")?,
            jti: name(&all, "jti")?,
            auth_time: date(&all, "auth_time").ok().flatten(),
            acr: name(&all, "acr").ok().flatten(),
            amr: all.get("amr").and_then(strings).unwrap_or_default(),
            azp: text(&all, "azp"),
            client_id: if workload {
                None
            } else {
                name(&all, "client_id")?
            },
            scope: if workload { None } else { scope(&all)? },
            has_cnf: all.contains_key("cnf"),
            typ_claim: name(&all, "typ")?,
            sid: name(&all, "sid").ok().flatten(),
            may_act: object(&all, "may_act")?,
            act: object(&all, "act")?,
            all,
        })
    }

    /// Unix milliseconds from which what descends from the token counts: its
    /// `iat`, or when it was first seen where that was earlier (contract §12).
    #[must_use]
    pub fn counts_from_ms(&self, seen_ms: u64) -> u64 {
        self.iat
            .map_or(seen_ms, |iat| iat.saturating_mul(1_000).min(seen_ms))
    }

    /// Bytes it takes in memory, about: the claims as they came, and what was made of
    /// them. A text of names is a list here, which may be many times as large.
    #[must_use]
    pub fn weight(&self) -> usize {
        let came = |(name, value): (&String, &Value)| text_weight(name) + value_weight(value);
        let texts = [&self.jti, &self.acr, &self.azp, &self.client_id];
        let more = [&self.typ_claim, &self.sid];
        let texts = texts.into_iter().chain(more).flatten();
        let lists = [&self.aud, &self.amr].into_iter().chain(&self.scope);
        let all = [&self.iss, &self.sub].into_iter().chain(texts);
        let all = all.chain(lists.flatten()).map(|text| text_weight(text));
        let objects = [&self.may_act, &self.act].into_iter().flatten();
        size_of::<Self>()
            + self.all.iter().map(came).sum::<usize>()
            + all.sum::<usize>()
            + objects.map(value_weight).sum::<usize>()
    }

    /// Any claim, by name.
    #[must_use]
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.all.get(claim)
    }

    /// A claim by name or, where that begins with `/`, by JSON Pointer (RFC 6901).
    #[must_use]
    pub fn at(&self, place: &str) -> Option<&Value> {
        let (claim, rest) = Self::claim_of(place);
        self.all.get(&*claim)?.pointer(rest)
    }

    /// The claim that a place is in, and the JSON Pointer within it.
    #[must_use]
    pub fn claim_of(place: &str) -> (Cow<'_, str>, &str) {
        let Some(pointer) = place.strip_prefix('/') else {
            return (place.into(), "");
        };
        let end = pointer.find('/').unwrap_or(pointer.len());
        let (first, rest) = pointer.split_at_checked(end).unwrap_or((pointer, ""));
        (first.replace("~1", "/").replace("~0", "~").into(), rest)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

fn required<T>(value: Option<T>, claim: &'static str) -> Result<T, TokenFlaw> {
    value.ok_or(TokenFlaw::Missing { claim })
}

fn strings(value: &Value) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// A string that names something: never empty, endless or with controls.
fn name(all: &Map<String, Value>, claim: &'static str) -> Result<Option<String>, TokenFlaw> {
    match all.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if is_name(text) => Ok(Some(text.clone())),
        Some(_) => Err(TokenFlaw::ClaimType {
            claim,
            expected: "a string of 1 to 512 bytes without control characters",
        }),
    }
}

/// A text that is compared and not kept: of any length, unless it is empty.
fn text(all: &Map<String, Value>, claim: &str) -> Option<String> {
    let text = all.get(claim)?.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned)
}

/// An integer: `1.0`, `"1"` and numbers beyond the year 9999 are none.
fn date(all: &Map<String, Value>, claim: &'static str) -> Result<Option<u64>, TokenFlaw> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) => match value.as_u64() {
            Some(seconds) if seconds <= DATE_MAX => Ok(Some(seconds)),
            Some(_) | None => Err(TokenFlaw::ClaimType {
                claim,
                expected: "an integer from 0 to 253402300799",
            }),
        },
    }
}

/// The names in `scope` or `scp`, each a text with spaces between (RFC 6749 §3.3)
/// or a list of texts; where both are there, they name the same.
fn scope(all: &Map<String, Value>) -> Result<Option<Vec<String>>, TokenFlaw> {
    let names = |claim: &'static str| match all.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.split(' ').map(str::to_owned).collect())),
        Some(value) => strings(value).map(Some).ok_or(TokenFlaw::ClaimType {
            claim,
            expected: "a text or a list of texts",
        }),
    };
    let clean = |names: Option<Vec<String>>| {
        names.map(|names| names.into_iter().filter(|name| !name.is_empty()).collect())
    };
    let (scope, scp): (Option<Vec<String>>, Option<Vec<String>>) =
        (clean(names("scope")?), clean(names("scp")?));
    if let (Some(one), Some(other)) = (&scope, &scp) {
        let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        if set(one) != set(other) {
            return Err(TokenFlaw::TwoScopes);
        }
    }
    Ok(scope.or(scp))
}

fn object(all: &Map<String, Value>, claim: &'static str) -> Result<Option<Value>, TokenFlaw> {
    match all.get(claim) {
        None => Ok(None),
        Some(value) if value.is_object() => Ok(Some(value.clone())),
        Some(_) => Err(TokenFlaw::ClaimType {
            claim,
            expected: "an object",
        }),
    }
}

/// RFC 7519 §4.1.3: a string or an array of them. Some providers name a value
/// twice: it is one.
fn audience(all: &Map<String, Value>) -> Result<Vec<String>, TokenFlaw> {
    let flaw = TokenFlaw::ClaimType {
        claim: "aud",
        expected: "a string or an array of strings, each of 1 to 512 bytes",
    };
    let mut aud = match all.get("aud") {
        None => return Err(TokenFlaw::Missing { claim: "aud" }),
        Some(Value::String(one)) => vec![one.clone()],
        Some(value) => match strings(value) {
            Some(several) => several,
            None => return Err(flaw),
        },
    };
    if aud.is_empty() || !aud.iter().all(|a| is_name(a)) {
        return Err(flaw);
    }
    let mut known = BTreeSet::new();
    aud.retain(|value| known.insert(value.clone()));
    Ok(aud)
}
