//! Which ports the dev world had, so that a restart on the same data finds its
//! issuers where they are registered: an issuer's address never changes
//! (contract §12).

use super::emulators::PerEmulator;
use locum_ambient::files::write_private;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

const FILE: &str = "dev-places.json";
/// Default distance of the demo listener from the public one (contract §3).
const DEMO_OFFSET: u16 = 1;
/// Default distance of the operations listener from the public one.
const OPERATIONS_OFFSET: u16 = 3;
/// Default distances of the emulators' listeners from the public one.
const EMULATOR_OFFSETS: PerEmulator<u16> = PerEmulator {
    sap_btp: 4,
    workday_hr: 5,
    panorama: 6,
};

/// The listeners; port 0 means any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// The broker's.
    pub public: SocketAddr,
    /// The demo issuers' and targets'.
    pub demo: SocketAddr,
    /// The operations'.
    pub operations: SocketAddr,
    /// The emulators'; `None` in a folder that is older than they are.
    #[serde(default)]
    pub emulators: Option<PerEmulator<SocketAddr>>,
    /// Whether all of it is served over https.
    #[serde(default)]
    pub tls: bool,
}

/// What to bind: the remembered ports, else the usual distances from `listen`.
///
/// With port 0 a data folder that has been used before gets its old ports
/// back, since tokens, issuers and targets name them.
///
/// # Errors
/// When the remembered places cannot be read, or were of the other scheme: an
/// issuer's address never changes.
pub fn wanted(listen: SocketAddr, data: &Path, tls: bool) -> io::Result<Places> {
    let known = recall(data)?;
    if known.is_some_and(|known| known.tls != tls) {
        let [with, without] = ["with", "without"];
        let (expected, found) = if tls {
            (without, with)
        } else {
            (with, without)
        };
        return Err(io::Error::other(format!(
            "expected a start {expected} --tls, as the first on this data folder was, found one {found}"
        )));
    }
    let known = known.filter(|p| {
        p.public.ip() == listen.ip() && (listen.port() == 0 || p.public.port() == listen.port())
    });
    Ok(known.unwrap_or_else(|| Places {
        public: listen,
        demo: beside(listen, DEMO_OFFSET),
        operations: beside(listen, OPERATIONS_OFFSET),
        emulators: None,
        tls,
    }))
}

/// Where the emulators usually are.
#[must_use]
pub fn of_emulators(public: SocketAddr) -> PerEmulator<SocketAddr> {
    EMULATOR_OFFSETS.map(|offset| beside(public, offset))
}

/// Remembers what was bound.
///
/// # Errors
/// Whatever the file system says.
pub fn remember(bound: &Places, data: &Path) -> io::Result<()> {
    write_private(&data.join(FILE), &serde_json::to_vec(bound)?)
}

fn recall(data: &Path) -> io::Result<Option<Places>> {
    match std::fs::read(data.join(FILE)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(flaw) if flaw.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(flaw) => Err(flaw),
    }
}

fn beside(listen: SocketAddr, offset: u16) -> SocketAddr {
    let port = match listen.port() {
        0 => 0,
        port => port.checked_add(offset).unwrap_or(0),
    };
    SocketAddr::new(listen.ip(), port)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_usual_ports_lie_beside_the_public_one() {
        let data = tempfile::tempdir().unwrap();
        let places = wanted(at(8420), data.path(), false).unwrap();
        assert_eq!((places.demo, places.operations), (at(8421), at(8423)));
        assert_eq!(wanted(at(0), data.path(), false).unwrap().demo, at(0));
        let last = wanted(at(65_534), data.path(), false).unwrap();
        assert_eq!(last.operations, at(0));
        assert_eq!(of_emulators(at(8420)).panorama, at(8426));
    }

    #[test]
    fn a_restart_finds_its_ports_again() {
        let data = tempfile::tempdir().unwrap();
        let bound = Places {
            public: at(40_001),
            demo: at(40_777),
            operations: at(40_778),
            emulators: Some(of_emulators(at(40_001))),
            tls: false,
        };
        remember(&bound, data.path()).unwrap();
        let wanted = |port| wanted(at(port), data.path(), false).unwrap();
        assert_eq!(wanted(40_001), bound);
        assert_eq!(wanted(0), bound);
        assert_eq!(wanted(8420).demo, at(8421));
    }

    #[test]
    fn a_folder_keeps_its_scheme_and_an_older_one_is_read() {
        let data = tempfile::tempdir().unwrap();
        let older = r#"{"public":"127.0.0.1:1","demo":"127.0.0.1:2","operations":"127.0.0.1:3"}"#;
        std::fs::write(data.path().join(FILE), older).unwrap();
        assert_eq!(wanted(at(0), data.path(), false).unwrap().emulators, None);
        let flaw = wanted(at(0), data.path(), true).unwrap_err().to_string();
        assert!(flaw.contains("without --tls"), "{flaw}");
    }
}
