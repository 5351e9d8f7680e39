//! The sockets of a dev world, and the addresses that follow from them.

use crate::flaw::Flaw;
use crate::serve::serving::Sockets;
use locum_demo::certificates::DevTls;
use locum_demo::emulators::PerEmulator;
use locum_demo::places::{self, Places};
use locum_demo::{Addresses, DevAuthority, serve};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use tokio::net::TcpListener;

/// Binds what is wanted, and remembers it.
///
/// # Errors
/// Whatever is in the way, in words.
pub(super) async fn open(
    listen: SocketAddr,
    data: &Path,
    tls: bool,
) -> Result<(Sockets, serve::Listeners, Places), Flaw> {
    let wanted = places::wanted(listen, data, tls)?;
    let (sockets, listeners) = bound_to(&wanted).await?;
    let bound = bound(&sockets, &listeners, tls)?;
    places::remember(&bound, data)?;
    Ok((sockets, listeners, bound))
}

/// What was wanted, bound. Emulators that have no place yet take another port
/// where their usual one is somebody else's.
async fn bound_to(wanted: &Places) -> Result<(Sockets, serve::Listeners), Flaw> {
    let sockets = Sockets {
        public: bind(wanted.public).await?,
        operations: bind(wanted.operations).await?,
        admin: None,
    };
    let demo = bind(wanted.demo).await?;
    let emulators = match wanted.emulators {
        Some(known) => PerEmulator {
            sap_btp: bind(known.sap_btp).await?,
            workday_hr: bind(known.workday_hr).await?,
            panorama: bind(known.panorama).await?,
        },
        None => {
            let usual = places::of_emulators(wanted.public);
            PerEmulator {
                sap_btp: bind_near(usual.sap_btp).await?,
                workday_hr: bind_near(usual.workday_hr).await?,
                panorama: bind_near(usual.panorama).await?,
            }
        }
    };
    let listeners = serve::Listeners {
        demo,
        emulators,
        certificates: None,
    };
    Ok((sockets, listeners))
}

fn bound(sockets: &Sockets, demo: &serve::Listeners, tls: bool) -> Result<Places, Flaw> {
    let emulators = &demo.emulators;
    Ok(Places {
        public: sockets.public.local_addr()?,
        demo: demo.demo.local_addr()?,
        operations: sockets.operations.local_addr()?,
        emulators: Some(PerEmulator {
            sap_btp: emulators.sap_btp.local_addr()?,
            workday_hr: emulators.workday_hr.local_addr()?,
            panorama: emulators.panorama.local_addr()?,
        }),
        tls,
    })
}

/// Where everything answers.
pub(super) fn addresses(bound: &Places, tls: Option<&DevTls>) -> Addresses {
    let (scheme, usual) = if bound.tls {
        ("https", 443)
    } else {
        ("http", 80)
    };
    // RFC 3986 §6.2.3: the usual port is left out.
    let url = |at: SocketAddr| match at.ip() {
        IpAddr::V4(ip) if at.port() == usual => format!("{scheme}://{ip}"),
        IpAddr::V6(ip) if at.port() == usual => format!("{scheme}://[{ip}]"),
        IpAddr::V4(_) | IpAddr::V6(_) => format!("{scheme}://{at}"),
    };
    let emulators = bound
        .emulators
        .unwrap_or_else(|| places::of_emulators(bound.public));
    Addresses {
        issuer: url(bound.public),
        demo: url(bound.demo),
        operations: url(bound.operations),
        emulators: emulators.map(url),
        ca: tls.map(|tls| DevAuthority {
            file: tls.ca_file.clone(),
            pem: tls.ca_pem.clone(),
        }),
    }
}

async fn bind(at: SocketAddr) -> Result<TcpListener, Flaw> {
    TcpListener::bind(at).await.map_err(|e| {
        format!("cannot listen on `{at}`: {e}; name another with --listen, or 127.0.0.1:0 for any")
            .into()
    })
}

async fn bind_near(at: SocketAddr) -> Result<TcpListener, Flaw> {
    match TcpListener::bind(at).await {
        Ok(socket) => Ok(socket),
        Err(_) => bind(SocketAddr::new(at.ip(), 0)).await,
    }
}
