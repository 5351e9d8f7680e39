//! Rules of one kind of token that keep it from passing for another
//! (contract §5, RFC 8725 §3.11-3.12).

use super::claims::Claims;
use super::expectation::TokenKind;
use super::expectation::media_type;
use super::flaw::TokenFlaw;

/// Claims by which a token shows that it is an access token.
const ACCESS_MARKS: [&str; 3] = ["scope", "scp", "client_id"];
/// Claims that only an ID token has (OpenID Connect Core §2, §3.3.2.11).
const ID_MARKS: [&str; 3] = ["nonce", "at_hash", "c_hash"];

pub(super) fn check(claims: &Claims, kind: TokenKind, typ: Option<&str>) -> Result<(), TokenFlaw> {
    match kind {
        TokenKind::IdToken => id_token(claims),
        TokenKind::ForeignAccess => foreign_access(claims, typ),
        TokenKind::Workload => workload(claims),
        // The audience and what else is ours to know is looked at by whoever
        // accepts it; no other issuer signs with our keys.
        TokenKind::Own => typ_claim(claims, "an access token of ours", &[]),
        TokenKind::ClientAssertion => client_assertion(claims),
    }
}

fn id_token(claims: &Claims) -> Result<(), TokenFlaw> {
    let kind = "an ID token";
    // `events` makes it a logout token or another event (RFC 8417 §2.2).
    without(claims, kind, &ACCESS_MARKS)?;
    without(claims, kind, &["cnf", "events"])?;
    typ_claim(claims, kind, &["ID"])
}

fn foreign_access(claims: &Claims, typ: Option<&str>) -> Result<(), TokenFlaw> {
    let kind = "an access token";
    unbound(claims)?;
    without(claims, kind, &["events"])?;
    typ_claim(claims, kind, &["Bearer", "at+jwt"])?;
    if typ.map(media_type).as_deref() != Some("at+jwt") {
        // Untyped: it must look like one and not like an ID token.
        without(claims, kind, &ID_MARKS)?;
        if ACCESS_MARKS.iter().all(|name| claims.get(name).is_none()) {
            return Err(TokenFlaw::NoAccessMark);
        }
    }
    // A client's token for itself speaks for no person (RFC 9068 §5).
    let itself = Some(claims.sub.as_str());
    if claims.client_id.as_deref() == itself || claims.azp.as_deref() == itself {
        return Err(TokenFlaw::SubjectIsClient);
    }
    Ok(())
}

fn workload(claims: &Claims) -> Result<(), TokenFlaw> {
    let kind = "a workload token";
    unbound(claims)?;
    without(claims, kind, &ACCESS_MARKS)?;
    without(claims, kind, &["nonce", "events"])?;
    typ_claim(claims, kind, &[])
}

/// RFC 7523 §3: the issuer of a client assertion is its subject, the client.
fn client_assertion(claims: &Claims) -> Result<(), TokenFlaw> {
    let kind = "a client assertion";
    without(claims, kind, &["events"])?;
    typ_claim(claims, kind, &[])?;
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
