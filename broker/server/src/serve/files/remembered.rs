//! What the files of this node declared last. Among other nodes a node writes only what
//! its own files changed (contract §16): nodes with different files would write over each
//! other at every start.

use crate::app::App;
use locum_ambient::files::write_private;
use locum_core::jcs;
use locum_engine::declared::Declared;
use locum_engine::declared::marks::{Marks, changed, marks};
use locum_stores::state::Change;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where it lies, in the data folder.
const FILE: &str = "declared.json";
/// The name of the policy bundle.
const POLICIES: &str = "policies";

/// What the files of this node declared last, and declare now.
pub(super) struct Remembered {
    file: PathBuf,
    before: Marks,
}

impl Remembered {
    /// What is remembered; `None` where this node stands alone, and writes what its files
    /// say.
    pub(super) fn of(app: &App) -> Option<Self> {
        app.broker.records.journal.as_ref()?;
        let file = app.api.data.join(FILE);
        let text = std::fs::read(&file).unwrap_or_default();
        Some(Self {
            before: serde_json::from_slice(&text).unwrap_or_default(),
            file,
        })
    }

    /// Whether the files of this node changed that. What they never declared, and those of
    /// another node do, is that one's.
    fn is_ours(&self, app: &App, name: &str, mark: Option<&String>) -> bool {
        match self.before.get(name) {
            Some(before) => Some(before) != mark,
            None => !app.broker.records.nodes.declared_elsewhere(name),
        }
    }

    /// The changes that the files of this node make.
    pub(super) fn ours(&self, app: &App, declared: &Declared, changes: Vec<Change>) -> Vec<Change> {
        let now = marks(declared, &app.broker.records.vault);
        let mut left = BTreeSet::new();
        let ours = changes.into_iter().filter(|change| {
            let Some(name) = changed(change, declared) else {
                return true;
            };
            let ours = self.is_ours(app, &name, now.get(&name));
            if !ours {
                left.insert(name);
            }
            ours
        });
        let ours = ours.collect();
        for name in left {
            tracing::warn!(
                name,
                "the files of this node have not changed what another changed since: it stays"
            );
        }
        ours
    }

    /// Whether the files of this node changed the policies to those of that address.
    pub(super) fn policies_are_ours(&self, app: &App, address: &str) -> bool {
        self.is_ours(app, POLICIES, Some(&address.to_owned()))
    }

    /// Remembers what is declared.
    pub(super) fn objects(&mut self, app: &App, declared: &Declared) {
        let policies = self.before.remove(POLICIES);
        self.before = marks(declared, &app.broker.records.vault);
        self.before
            .extend(policies.map(|address| (POLICIES.to_owned(), address)));
        self.write();
    }

    /// Remembers the policies of that address.
    pub(super) fn policies(&mut self, address: &str) {
        self.before.insert(POLICIES.into(), address.to_owned());
        self.write();
    }

    fn write(&self) {
        let text = jcs::of(&self.before).unwrap_or_default();
        if let Err(error) = write_private(&self.file, text.as_bytes()) {
            tracing::warn!(%error, "what the files declare is not remembered");
        }
    }
}
