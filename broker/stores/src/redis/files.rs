//! What files declare at each node: what is managed anywhere is managed everywhere.

use super::cluster::Cluster;
use super::keys;
use super::rows::Row;
use locum_core::jcs::hex;
use redis::cmd;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What files declare: of each object its collection and id, with a slash between.
pub(super) type Declared = BTreeSet<String>;

/// What is known of it.
#[derive(Default)]
pub(super) struct Files(Mutex<Known>);

#[derive(Default)]
struct Known {
    own: Declared,
    own_hash: String,
    /// Of each other node, with the hash by which it is known.
    others: BTreeMap<String, (String, Arc<Declared>)>,
    /// Whether what is our own is in Redis.
    told: bool,
}

fn place(node: &str) -> String {
    format!("{}:{node}", keys::files())
}

fn hash(declared: &Declared) -> String {
    let mut hash = Sha256::new();
    for name in declared {
        hash.update(name);
        hash.update([0]);
    }
    hex(&hash.finalize())
}

impl Files {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The hash over our own.
    pub(super) fn own_hash(&self) -> String {
        let known = self.known();
        if known.told {
            known.own_hash.clone()
        } else {
            String::new()
        }
    }

    /// Takes over what our own files declare now.
    pub(super) fn put(&self, declared: Declared) {
        let mut known = self.known();
        let now = hash(&declared);
        if known.own_hash != now {
            known.told = false;
        }
        known.own_hash = now;
        known.own = declared;
    }

    /// Whether another node's files declare that.
    pub(super) fn elsewhere(&self, name: &str) -> bool {
        let known = self.known();
        known
            .others
            .values()
            .any(|(_, declared)| declared.contains(name))
    }
}

/// Tells what our own files declare, and learns what those of these nodes do, where that
/// is not known yet.
///
/// # Errors
/// When Redis does not answer.
pub(super) async fn exchange(cluster: &Cluster, others: &[Row]) -> Result<(), String> {
    let tell = {
        let known = cluster.files.known();
        (!known.told && !known.own_hash.is_empty()).then(|| known.own.clone())
    };
    if let Some(own) = tell {
        let plain = serde_json::to_vec(&own).map_err(|e| e.to_string())?;
        let node = &cluster.settings.node;
        let sealed = cluster.world.sealing.seal(&plain, &place(node))?;
        let mut command = cmd("HSET");
        command.arg(keys::files()).arg(node).arg(sealed);
        let told: Result<i64, _> = cluster.commands.run(command).await;
        told.map_err(|flaw| flaw.to_string())?;
        let mut known = cluster.files.known();
        known.told = known.own == own;
        drop(known);
        cluster.tell.notify_one();
    }
    for row in others {
        let same = |known: &Known| {
            known
                .others
                .get(&row.node)
                .is_some_and(|(hash, _)| *hash == row.files)
        };
        if row.files.is_empty() || same(&cluster.files.known()) {
            continue;
        }
        let mut command = cmd("HGET");
        command.arg(keys::files()).arg(&row.node);
        let sealed: Result<Option<Vec<u8>>, _> = cluster.commands.run(command).await;
        let sealed = sealed.map_err(|flaw| flaw.to_string())?.unwrap_or_default();
        let plain = cluster.world.sealing.open(&sealed, &place(&row.node));
        let declared: Option<Declared> =
            plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        let fits = declared.filter(|declared| hash(declared) == row.files);
        if let Some(declared) = fits {
            let mut known = cluster.files.known();
            known
                .others
                .insert(row.node.clone(), (row.files.clone(), Arc::new(declared)));
        }
    }
    Ok(())
}
