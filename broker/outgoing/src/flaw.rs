//! Why a document cannot be had, told apart as far as an operator can mend it.

use crate::address::Barred;
use crate::resolve::NameFlaw;
use locum_core::json;
use reqwest::StatusCode;
use rustls::CertificateError;
use std::error::Error;
use std::io;
use std::net::IpAddr;

/// Why a document cannot be had. For logs and operators: it names no URL, since
/// one may carry a secret, and nothing of what was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchFlaw {
    /// The URL is none that is fetched.
    #[error("expected a URL {0}")]
    Url(&'static str),
    /// The URL's host is an address that may not be reached.
    #[error("expected an address that outgoing fetches may reach, found `{0}`")]
    Address(IpAddr),
    /// None of the addresses of the URL's host may be reached.
    #[error(
        "expected an address that outgoing fetches may reach, found none among those of the host"
    )]
    Addresses,
    /// The address may be reached, but not without TLS.
    #[error("expected a URL of scheme `https`, found `http`")]
    NeedsTls,
    /// The URL's host has no address.
    #[error("expected a host name with an address, found one that does not resolve")]
    Unresolved,
    /// Nobody listens there, or no way leads there.
    #[error("expected a server that takes connections, found none")]
    Unreachable,
    /// It took too long.
    #[error("expected an answer in time, found none")]
    Timeout,
    /// The server's certificate is by an authority that is not trusted.
    #[error("expected a certificate by a trusted authority, found another")]
    Authority,
    /// The server's certificate is not good for another reason.
    #[error("expected a certificate that is good for the host now, found another: {0}")]
    Certificate(String),
    /// A redirect.
    #[error("expected status 200, found redirect {}, which is not followed", .0.as_u16())]
    Redirect(StatusCode),
    /// Another status than 200.
    #[error("expected status 200, found {}", .0.as_u16())]
    Status(StatusCode),
    /// Over the limit.
    #[error("expected a document of at most {max} bytes, found a longer one")]
    TooLarge {
        /// The limit, in bytes.
        max: usize,
    },
    /// Packed in a way that is not unpacked.
    #[error("expected a document as it is or packed with gzip, found another encoding")]
    Encoding,
    /// Not what gzip packs, or not to its end.
    #[error("expected a document packed with gzip, found one that cannot be unpacked")]
    Gzip,
    /// Connecting, TLS or HTTP.
    #[error("{0}")]
    Http(String),
    /// No JSON as we read it.
    #[error(transparent)]
    Json(#[from] json::JsonFlaw),
}

/// What answers is no TLS.
const NO_TLS: &str =
    "expected a server that speaks TLS at the port of the URL, found one that does not";

impl From<reqwest::Error> for FetchFlaw {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        told_apart(&error).unwrap_or_else(|| {
            if error.is_timeout() {
                return Self::Timeout;
            }
            let mut text = error.to_string();
            for cause in causes(&error).skip(1).map(ToString::to_string) {
                // Some causes only repeat what they wrap.
                if !text.ends_with(&cause) {
                    text.push_str(": ");
                    text.push_str(&cause);
                }
            }
            Self::Http(text)
        })
    }
}

/// What one of the causes tells.
fn told_apart(error: &reqwest::Error) -> Option<FetchFlaw> {
    causes(error).find_map(|cause| {
        if let Some(flaw) = cause.downcast_ref::<NameFlaw>() {
            return Some(name(*flaw));
        }
        if let Some(rustls::Error::InvalidCertificate(flaw)) = cause.downcast_ref() {
            return Some(certificate(flaw));
        }
        if let Some(rustls::Error::InvalidMessage(_)) = cause.downcast_ref() {
            return Some(FetchFlaw::Http(NO_TLS.to_owned()));
        }
        let kind = cause.downcast_ref::<io::Error>()?.kind();
        io_kind(kind)
    })
}

const fn name(flaw: NameFlaw) -> FetchFlaw {
    match flaw {
        NameFlaw::Unresolved => FetchFlaw::Unresolved,
        NameFlaw::Barred(Barred::NotAllowed) => FetchFlaw::Addresses,
        NameFlaw::Barred(Barred::NeedsTls) => FetchFlaw::NeedsTls,
    }
}

fn certificate(flaw: &CertificateError) -> FetchFlaw {
    match flaw {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => FetchFlaw::Authority,
        other => FetchFlaw::Certificate(other.to_string()),
    }
}

const fn io_kind(kind: io::ErrorKind) -> Option<FetchFlaw> {
    match kind {
        io::ErrorKind::TimedOut => Some(FetchFlaw::Timeout),
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => Some(FetchFlaw::Unreachable),
        _ => None,
    }
}

type Cause<'a> = &'a (dyn Error + 'static);

/// The error and what caused it, also what stands within an error of the system.
fn causes<'a>(error: Cause<'a>) -> impl Iterator<Item = Cause<'a>> {
    fn next<'a>(error: &Cause<'a>) -> Option<Cause<'a>> {
        let error: Cause<'a> = *error;
        let system = error.downcast_ref::<io::Error>();
        match system.and_then(io::Error::get_ref) {
            Some(inside) => Some(inside),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), next)
}
