//! Founds a log: its first node gives it its name, and fills it from its own record.

use super::flaw::CannotJoin;
use super::settings::Sealing;
use super::{keys, scripts};
use redis::Cmd;
use serde::{Deserialize, Serialize};

/// Whose a log is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LogOf {
    /// Locum's issuer.
    pub(super) issuer: String,
    /// The tree of changes.
    pub(super) tree: String,
    /// The format that it was founded in.
    pub(super) format: u32,
}

impl LogOf {
    /// Whose the log is; `None` for other bytes, as under another master key.
    pub(super) fn open(sealed: &[u8], sealing: &dyn Sealing) -> Option<Self> {
        let plain = sealing.open(sealed, &keys::head())?;
        serde_json::from_slice(&plain).ok()
    }

    /// Whether a node of that issuer may join.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn admits(&self, issuer: &str, reads: u32) -> Result<(), CannotJoin> {
        if self.issuer != issuer {
            let found = &self.issuer;
            return Err(CannotJoin(format!(
                "expected a Redis of the issuer `{issuer}`, found one of `{found}`: brokers of one issuer share a Redis"
            )));
        }
        if self.format > reads {
            let found = self.format;
            return Err(CannotJoin(format!(
                "expected a record of format {reads} or older, found {found}: upgrade this node"
            )));
        }
        Ok(())
    }
}

/// What a log is founded with.
pub(super) struct Founding<'a> {
    pub(super) tree: &'a str,
    pub(super) own_tree: &'a str,
    pub(super) issuer: &'a str,
    pub(super) sealing: &'a dyn Sealing,
}

impl Founding<'_> {
    /// The command. `lost`: there was a log before.
    ///
    /// # Errors
    /// When it does not seal.
    pub(super) fn command(&self, run: &str, lost: bool) -> Result<Cmd, String> {
        let of = LogOf {
            issuer: self.issuer.to_owned(),
            tree: self.tree.to_owned(),
            format: 1,
        };
        let plain = serde_json::to_vec(&of).map_err(|e| e.to_string())?;
        let sealed = self.sealing.seal(&plain, &keys::head())?;
        let keys = [keys::head(), keys::log(), keys::back()];
        let mut command = scripts::eval(scripts::FOUND, &keys);
        command.arg(self.tree).arg(sealed).arg(self.own_tree);
        command.arg(run).arg(u8::from(lost));
        Ok(command)
    }
}
