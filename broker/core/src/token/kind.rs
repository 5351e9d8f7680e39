//! Rules of one kind of token that keep it from passing for another
//! (contract §5, RFC 8725 §3.11-3.12).

use super::claims::Claims;
use super::expectation::TokenKind;
use super::expectation::media_type;
use super::flaw::TokenFlaw;
use serde_json::Value;

/// Claims by which a token shows that it is an access token.
const ACCESS_MARKS: [&str; 4] = ["scope", "scp", "client_id", "cid"];
/// Claims that only an ID token has (OpenID Connect Core §2, §3.3.2.11).
const ID_MARKS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

/// Whether a token is of that kind, as its claims show. Asked before whom the
/// token is for: the audience of one kind says nothing about another.
pub(super) fn is_of(claims: &Claims, kind: TokenKind, typ: Option<&str>) -> Result<(), TokenFlaw> {
    match kind {
        TokenKind::IdToken => {
            let kind = "an ID token";
            // `events` makes it a logout token or another event (RFC 8417 §2.2).
            without(claims, kind, &["scope", "scp", "events"])?;
            typ_claim(claims, kind, &["ID"])?;
            person(claims)
        }
        TokenKind::ForeignAccess => foreign_access(claims, typ),
        TokenKind::Workload => {
            let kind = "a workload token";
            without(claims, kind, &["act", "nonce", "events"])?;
            // Keycloak says so of every access token, a machine's too.
            typ_claim(claims, kind, &["Bearer"])
        }
        // The audience and what else is ours to know is looked at by whoever
        // accepts it; no other issuer signs with our keys.
        TokenKind::Own => typ_claim(claims, "an access token of ours", &[]),
        TokenKind::ClientAssertion => {
            let kind = "a client assertion";
            without(claims, kind, &["events"])?;
            typ_claim(claims, kind, &[])
        }
    }
}

/// What else a token of that kind has to say.
pub(super) fn check(claims: &Claims, kind: TokenKind) -> Result<(), TokenFlaw> {
    match kind {
        TokenKind::IdToken => id_token(claims),
        TokenKind::ForeignAccess | TokenKind::Workload => unbound(claims),
        TokenKind::Own => Ok(()),
        TokenKind::ClientAssertion => client_assertion(claims),
    }
}

fn id_token(claims: &Claims) -> Result<(), TokenFlaw> {
    unbound(claims)?;
    for (claim, party) in [("client_id", &claims.client_id), ("azp", &claims.azp)] {
        let meant = |party: &String| claims.aud.contains(party);
        if !party.as_ref().is_none_or(meant) {
            return Err(TokenFlaw::NotInAudience { claim });
        }
    }
    Ok(())
}

fn foreign_access(claims: &Claims, typ: Option<&str>) -> Result<(), TokenFlaw> {
    let kind = "an access token";
    without(claims, kind, &["events"])?;
    typ_claim(claims, kind, &["Bearer", "at+jwt"])?;
    person(claims)?;
    if typ.map(media_type).as_deref() != Some("at+jwt") {
        // Untyped: it must look like one and not like an ID token.
        without(claims, kind, &ID_MARKS)?;
        if ACCESS_MARKS.iter().all(|name| claims.get(name).is_none()) {
            return Err(TokenFlaw::NoAccessMark);
        }
    }
    Ok(())
}

/// A client's token for itself speaks for no person (RFC 9068 §5). The second half
/// is how Auth0, Entra and Keycloak mark such tokens.
fn person(claims: &Claims) -> Result<(), TokenFlaw> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    // Some providers send one text as a list.
    let says = |claim: &str, mark: &str| match claims.get(claim) {
        Some(Value::Array(all)) => all.iter().any(|each| each == mark),
        said => said.is_some_and(|said| said == mark),
    };
    let itself = |claim: &&str| text(claim) == Some(claims.sub.as_str());
    let itself = ["client_id", "azp", "cid"].into_iter().find(itself);
    let marks = [
        ("sub", claims.sub.ends_with("@clients")),
        ("gty", says("gty", "client-credentials")),
        ("idtyp", says("idtyp", "app")),
        (
            "preferred_username",
            text("preferred_username").is_some_and(|name| name.starts_with("service-account-")),
        ),
        // Keycloak writes it for a service account alone, also where the client's
        // scopes leave the name out.
        ("clientAddress", claims.get("clientAddress").is_some()),
    ];
    let marked = marks.iter().find(|(_, of_machine)| *of_machine);
    match itself.or(marked.map(|(claim, _)| *claim)) {
        Some(claim) => Err(TokenFlaw::Machine { claim }),
        None => Ok(()),
    }
}

/// RFC 7523 §3: the issuer of a client assertion is its subject, the client.
fn client_assertion(claims: &Claims) -> Result<(), TokenFlaw> {
    if claims.iss == claims.sub {
        Ok(())
    } else {
        Err(TokenFlaw::SubjectIsNotIssuer)
    }
}

/// A token that is bound to a key (RFC 7800) is nothing without proof of that
/// key, for which Locum does not ask.
const fn unbound(claims: &Claims) -> Result<(), TokenFlaw> {
    if claims.has_cnf {
        return Err(TokenFlaw::Bound);
    }
    Ok(())
}

fn without(claims: &Claims, kind: &'static str, names: &[&'static str]) -> Result<(), TokenFlaw> {
    match names.iter().find(|name| claims.get(name).is_some()) {
        Some(claim) => Err(TokenFlaw::NotOfKind { kind, claim }),
        None => Ok(()),
    }
}

/// Some providers say in a claim `typ` what the token is (`ID`, `Bearer`,
/// `Refresh`, `Logout`).
fn typ_claim(claims: &Claims, kind: &'static str, accepted: &[&str]) -> Result<(), TokenFlaw> {
    match claims.typ_claim.as_deref() {
        Some(typ) if !accepted.contains(&typ) => Err(TokenFlaw::NotOfKind { kind, claim: "typ" }),
        Some(_) | None => Ok(()),
    }
}
