//! What files declare, brought into force: recorded as changes by `locum`
//! where it differs from what is known, so that a restart records nothing.

mod remembered;

use crate::app::App;
use crate::config::policy_files::{load, one, read};
use crate::config::secret_files;
use locum_admin::Objects;
use locum_core::jcs;
use locum_core::registry::FieldProblem;
use locum_engine::declared::{self, Declared};
use locum_engine::moment::Moment;
use locum_engine::records::Changing;
use locum_engine::upstream_secrets::FileSecrets;
use locum_stores::state::{Author, Change, Policies};
use remembered::Remembered;
use serde_json::json;
use std::path::PathBuf;

/// Bytes of changes after which another record begins: far below the most that
/// one holds.
const RECORD_BYTES: usize = 32_768;

/// Brings the objects into force and makes them read-only in the API.
///
/// # Errors
/// What is wrong with them, or the ledger; then those of before stay.
pub(super) async fn objects(
    app: &App,
    declared: &Declared,
    policies: bool,
) -> Result<(), Vec<FieldProblem>> {
    let changing = changing(app).await?;
    let changes = {
        let state = app.broker.records.state.read();
        declared::changes(&Moment::new(&app.broker, &state), declared)?
    };
    let mut remembered = Remembered::of(app);
    let changes = match &remembered {
        Some(remembered) => remembered.ours(app, declared, changes),
        None => changes,
    };
    for changes in records(changes) {
        record(app, &changing, &changes).await?;
    }
    if let Some(remembered) = &mut remembered {
        remembered.objects(app, declared);
    }
    let names = declared.names();
    for (array, id) in app.api.managed.now().objects.difference(&names) {
        tracing::warn!(
            array,
            id,
            "taken out of the files: it stays as it was, and is the API's now"
        );
    }
    let managed = Objects {
        objects: names,
        policies,
    };
    app.broker.records.nodes.declares(managed.names());
    app.api.managed.put(managed);
    drop(changing);
    let keys = app.broker.ensure_declared_keys();
    if let Err(error) = keys.await {
        tracing::warn!(%error, "no signing key for a target's algorithm yet");
    }
    Ok(())
}

/// Brings the upstream secrets of a folder into force; without a folder there are
/// none. One that does not read stays as it was.
///
/// # Errors
/// What is wrong with them.
pub(super) async fn secrets(app: &App, dir: Option<PathBuf>) -> Result<(), Vec<FieldProblem>> {
    let upstream = &app.broker.upstream;
    let Some(dir) = dir else {
        upstream.put_files(FileSecrets::new());
        return Ok(());
    };
    let found = tokio::task::spawn_blocking(move || secret_files::read(&dir)).await;
    let mut found = found.map_err(|error| one("/downstream/secrets_dir", error.to_string()))??;
    for name in &found.passed_over {
        tracing::warn!("{}", secret_files::no_name(name));
    }
    let before = upstream.files();
    let mut flaws = Vec::new();
    for (name, flaw) in found.flaws {
        if let Some(known) = before.get(&name) {
            found.read.insert(name, known.clone());
        }
        flaws.push(flaw);
    }
    upstream.put_files(found.read);
    if flaws.is_empty() { Ok(()) } else { Err(flaws) }
}

/// Brings the policies of a folder into force.
///
/// # Errors
/// What is wrong with them, or the ledger; then those of before stay.
pub(super) async fn policies(app: &App, dir: PathBuf) -> Result<(), Vec<FieldProblem>> {
    let recorded = app.broker.bundle().address().to_owned();
    let mut remembered = Remembered::of(app);
    let checked = tokio::task::spawn_blocking(move || {
        let files = read(&dir)?;
        // What is in force was accepted once: it is taken as it is.
        let same = jcs::address(&files).is_ok_and(|address| address == recorded);
        (!same).then(|| load(&files)).transpose()
    });
    let checked = checked.await;
    let checked = checked.map_err(|error| one("/policies", error.to_string()))?;
    let Some(bundle) = checked? else {
        if let Some(remembered) = &mut remembered {
            remembered.policies(app.broker.bundle().address());
        }
        return Ok(());
    };
    if let Some(remembered) = &mut remembered {
        if !remembered.policies_are_ours(app, bundle.address()) {
            tracing::warn!(
                "the policy files of this node have not changed since another node changed the policies: they stay"
            );
            return Ok(());
        }
        remembered.policies(bundle.address());
    }
    let changing = changing(app).await?;
    if bundle.address() == app.broker.bundle().address() {
        return Ok(());
    }
    let policies = Policies {
        bundle: bundle.address().to_owned(),
        count: bundle.count(),
        files: bundle.files().clone(),
    };
    app.broker.policies.checked(bundle);
    record(app, &changing, &[Change::Policies { policies }]).await
}

/// Changes in records that are each far from too large.
fn records(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut out: Vec<Vec<Change>> = Vec::new();
    let mut room = 0;
    for change in changes {
        let bytes = json!(change).to_string().len();
        match out.last_mut() {
            Some(last) if bytes <= room => {
                room -= bytes;
                last.push(change);
            }
            Some(_) | None => {
                room = RECORD_BYTES.saturating_sub(bytes);
                out.push(vec![change]);
            }
        }
    }
    out
}

async fn changing(app: &App) -> Result<Changing, Vec<FieldProblem>> {
    let changing = app.broker.records.changing().await;
    changing.map_err(|error| one("", error.to_string()))
}

async fn record(
    app: &App,
    changing: &Changing,
    changes: &[Change],
) -> Result<(), Vec<FieldProblem>> {
    let flaw = |error: &dyn std::fmt::Display| one("", error.to_string());
    let author = Author::itself("declared in files");
    let draft = app
        .broker
        .records
        .draft(changes, &author)
        .map_err(|error| flaw(&error))?;
    let recorded = app.broker.records.change(changing, draft).await;
    recorded.map(|_| ()).map_err(|error| flaw(&error))
}

#[cfg(test)]
mod tests;
