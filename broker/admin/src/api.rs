//! What the admin API shares.

use axum::Router;
use locum_core::registry::FieldProblem;
use locum_engine::broker::Broker;
use locum_stores::state::AdminCredential;
use locum_web::Front;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};

/// What the admin API shares.
pub struct Api {
    /// What every request is about.
    pub broker: Arc<Broker>,
    /// What a request meets on every listener.
    pub front: Arc<Front>,
    /// The data folder.
    pub data: PathBuf,
    /// The first administrator, who is on no record.
    pub bootstrap: Bootstrap,
    /// Whether an administrator may make grants for people.
    pub grants_by_administrator: bool,
    /// Where to ask for the files to be read again; `None`: there are none.
    pub reload: Option<mpsc::Sender<Reload>>,
    /// What files declare.
    pub managed: Managed,
}

/// Somebody who wants the files read again.
pub struct Reload {
    /// Whether who asks may still, once it is their turn.
    pub may: Box<dyn Fn() -> bool + Send>,
    /// Who waits for what was wrong; hears nothing where they may not.
    pub flaws: oneshot::Sender<Vec<FieldProblem>>,
}

/// The credential of the bootstrap token, while there is one; replaced by a
/// reload.
#[derive(Default)]
pub struct Bootstrap(RwLock<Option<Arc<AdminCredential>>>);

impl Bootstrap {
    /// The credential, if there is one.
    #[must_use]
    pub fn get(&self) -> Option<Arc<AdminCredential>> {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// Puts another in its place, or none: the one of before counts no more.
    pub fn put(&self, credential: Option<AdminCredential>) {
        let next = credential.map(Arc::new);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

impl Api {
    /// Whether files declare an object, or the policies, at this node or another.
    #[must_use]
    pub fn manages(&self, array: &str, id: Option<&str>) -> bool {
        let now = self.managed.now();
        let here = id.map_or(now.policies, |id| now.object(array, id));
        let nodes = &self.broker.records.nodes;
        here || nodes.declared_elsewhere(&name(array, id))
    }
}

fn name(array: &str, id: Option<&str>) -> String {
    id.map_or_else(|| array.to_owned(), |id| format!("{array}/{id}"))
}

impl Objects {
    /// All of it by name, as other nodes are told.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let objects = self.objects.iter();
        let policies = self.policies.then(|| name("policies", None));
        objects
            .map(|(array, id)| name(array, Some(id)))
            .chain(policies)
            .collect()
    }
}

/// What files declare: read-only in the API (contract §12). Replaced whole.
#[derive(Default)]
pub struct Managed(RwLock<Arc<Objects>>);

/// What files declare at one moment.
#[derive(Debug, Default)]
pub struct Objects {
    /// By collection and id.
    pub objects: BTreeSet<(&'static str, String)>,
    /// Whether the policies are among it.
    pub policies: bool,
}

impl Managed {
    /// What files declare now.
    #[must_use]
    pub fn now(&self) -> Arc<Objects> {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// They declare that from now on.
    pub fn put(&self, objects: Objects) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(objects);
    }
}

impl Objects {
    /// Whether an object comes from a file.
    #[must_use]
    pub fn object(&self, array: &str, id: &str) -> bool {
        let mut objects = self.objects.iter();
        objects.any(|(kind, known)| *kind == array && known == id)
    }
}

/// Routes that only an administrator reaches, and what is answered beside them.
pub fn guarded(api: &Arc<Api>, routes: Router<Arc<Api>>) -> Router {
    use crate::guard;
    routes
        .fallback(guard::nowhere)
        .method_not_allowed_fallback(guard::no_method)
        .layer(axum::middleware::from_fn_with_state(
            api.clone(),
            guard::guard,
        ))
        .with_state(api.clone())
}
