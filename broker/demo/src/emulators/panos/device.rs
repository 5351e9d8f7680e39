//! What the emulated device knows.

use super::super::super::Ambient;
use super::super::accounts::EmulatorAccounts;
use super::super::busy::Busy;
use super::super::live::LiveTable;
use super::super::oauth::{pair, random};
use super::super::vendor::PANORAMA_LIFETIME;
use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locum_core::secret::Secret;
use std::sync::{Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq;

/// Longest password, in bytes.
const PASSWORD_MAX: usize = 256;

/// The device.
pub(super) struct Device {
    admins: Mutex<Vec<Admin>>,
    /// Keys that live, each with its administrator and what that one may do.
    keys: LiveTable<KeyOwner>,
    /// Whether it is out of order.
    pub(super) busy: Busy,
    ambient: Ambient,
}

struct Admin {
    owner: KeyOwner,
    password: Secret<String>,
}

/// Whom a key stands for.
#[derive(Clone)]
pub(super) struct KeyOwner {
    /// Name of the administrator.
    pub(super) user: String,
    /// What its role allows, in Locum's names.
    pub(super) scopes: Vec<String>,
}

impl Device {
    /// One that has made no key yet.
    pub(super) fn new(accounts: &EmulatorAccounts, ambient: &Ambient, busy: Busy) -> Self {
        let admins = accounts.panorama.iter().map(|account| Admin {
            owner: KeyOwner {
                user: account.user.clone(),
                scopes: account.scopes.clone(),
            },
            password: Secret::new(account.password.expose().to_owned()),
        });
        Self {
            admins: Mutex::new(admins.collect()),
            keys: LiveTable::new(PANORAMA_LIFETIME),
            busy,
            ambient: ambient.clone(),
        }
    }

    /// A key for an administrator who knows the password: another one each time,
    /// since the device has a lifetime for keys.
    pub(super) fn keygen(&self, user: &str, password: &str) -> Option<String> {
        let owner = self.signed_in(user, password)?;
        let noise = format!("{}{}", random(&self.ambient), random(&self.ambient));
        let key = STANDARD.encode(format!("1={noise}"));
        self.keys.add(&key, owner, self.now_s());
        Some(key)
    }

    /// Whom a key stands for, while it lives.
    pub(super) fn owner(&self, key: &str) -> Option<KeyOwner> {
        self.keys.get(key, self.now_s())
    }

    /// Whom a Basic header stands for: it is good for all but keys.
    pub(super) fn named(&self, headers: &HeaderMap) -> Option<KeyOwner> {
        let (user, password) = pair(headers, "basic")?;
        self.signed_in(&user, password.expose())
    }

    /// Changes a password; the keys made with the one before are dead.
    pub(super) fn change(&self, user: &str, old: &str, new: &str) -> bool {
        let fits = !new.is_empty() && new.len() <= PASSWORD_MAX;
        if !fits || self.signed_in(user, old).is_none() {
            return false;
        }
        if let Some(admin) = self.admins().iter_mut().find(|a| a.owner.user == user) {
            admin.password = Secret::new(new.to_owned());
        }
        self.keys.keep(|owner| owner.user != user);
        true
    }

    fn signed_in(&self, user: &str, password: &str) -> Option<KeyOwner> {
        let admins = self.admins();
        let admin = admins.iter().find(|admin| admin.owner.user == user)?;
        let known = admin.password.expose().as_bytes();
        bool::from(known.ct_eq(password.as_bytes())).then(|| admin.owner.clone())
    }

    fn admins(&self) -> MutexGuard<'_, Vec<Admin>> {
        // A password is set whole: what a panicking holder left is whole too.
        self.admins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_s(&self) -> u64 {
        (self.ambient.now)()
    }
}

/// The key in the header that is meant for it.
pub(super) fn key_in_header(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-pan-key")?.to_str().ok()
}
