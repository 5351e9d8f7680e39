//! Joins the nodes of an issuer: founds their log, or takes everything from it.

use super::beat;
use super::cluster::{Cluster, Parts};
use super::decisions::RedisDecisions;
use super::feed;
use super::flaw::CannotJoin;
use super::founding::{Founding, LogOf};
use super::link::{ANSWERED_WITHIN, Link, NoLink, RedisInfo, said};
use super::mirrors::{self, Mirrors};
use super::nodes::RedisNodes;
use super::order::Ordering;
use super::rows::{GONE, LIVES, Row};
use super::shipping::{self, ShippingEnd, shipping};
use super::tickets::RedisTickets;
use super::{
    RedisSettings, RedisStore, StoreSurroundings, changes::RedisChanges, claims::RedisClaims, keys,
};
use super::{files, heirs, reading, recovering, seeding};
use crate::ledger::{self, Ledger, LedgerOptions, seed_of};
use crate::state::Shared;
use crate::state::many::OwnDecisions;
use crate::tickets::TicketBounds;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue, cmd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// How often it is told why a node waits.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// What a node joins with.
pub struct Joining {
    /// How the Redis is reached.
    pub settings: RedisSettings,
    /// What is asked of the world.
    pub world: StoreSurroundings,
    /// A state that knows nothing yet.
    pub state: Shared,
    /// How many tickets are kept.
    pub tickets: TicketBounds,
    /// Names of the trees that this node begins: of its decisions, and of changes.
    pub seeds: [[u8; 10]; 2],
}

/// What the log is, as a node finds it.
struct FoundLog {
    tree: String,
    /// Whether this node fills it from its own record.
    seeds: bool,
}

struct Door {
    settings: RedisSettings,
    world: StoreSurroundings,
    link: Arc<Link>,
    own_tree: String,
    /// The tree of changes that the folder has.
    journal: Option<String>,
    /// Whether the folder has a record of its own.
    has_record: bool,
    seed: [u8; 10],
}

/// Joins, however long that takes; `told` hears why it waits. When this returns the
/// state here is of now.
///
/// # Errors
/// [`CannotJoin`]: an operator has to see to something first.
pub async fn join(joining: Joining, told: impl Fn(String)) -> Result<RedisStore, CannotJoin> {
    let Joining {
        settings,
        world,
        state,
        tickets,
        seeds,
    } = joining;
    let [own_seed, seed] = seeds;
    let own = settings.data.join("ledger");
    let known = ledger::tree_of(&own).map_err(opening)?;
    let door = Door {
        link: Arc::new(Link::new(&settings)?),
        own_tree: known.unwrap_or_else(|| ledger::name_of(own_seed)),
        journal: ledger::tree_of(&settings.data.join("changes")).map_err(opening)?,
        has_record: ledger::holds_records(&own).map_err(|e| CannotJoin(e.to_string()))?,
        settings,
        world,
        seed,
    };
    let found = door.found(&told).await?;
    if found.seeds {
        told("this node fills the Redis with its record".into());
        door.seed(&found.tree).await?;
    }
    let (cluster, ledger, end) = door.open(found.tree, (state, own_seed)).await?;
    recovering::recover(&cluster, &ledger)
        .await
        .map_err(CannotJoin)?;
    let opened = cluster.clone();
    let mirrors = spawn_blocking(move || Mirrors::open(opened)).await;
    let mirrors = mirrors.map_err(|e| CannotJoin(e.to_string()))?;
    let mirrors = Arc::new(mirrors.map_err(|e| CannotJoin(e.to_string()))?);
    begin((&cluster, &mirrors), (&ledger, end), &told).await?;
    Ok(store(cluster, mirrors, (ledger, tickets)))
}

/// Begins what runs for as long as the node does, and waits until the state is of now.
async fn begin(
    (cluster, mirrors): (&Arc<Cluster>, &Arc<Mirrors>),
    (ledger, end): (&Ledger, ShippingEnd),
    told: &impl Fn(String),
) -> Result<(), CannotJoin> {
    tokio::spawn(feed::run(cluster.clone()));
    tokio::spawn(beat::run(cluster.clone()));
    tokio::spawn(shipping::run(cluster.clone(), ledger.reader(), end));
    arrived(cluster, told).await?;
    let others = cluster.rows.others(&cluster.settings.node, GONE);
    if let Err(reason) = files::exchange(cluster, &others).await {
        tracing::warn!(reason, "what files declare at other nodes is not known yet");
    }
    tokio::spawn(mirrors::run(mirrors.clone()));
    tokio::spawn(heirs::run(cluster.clone(), mirrors.clone()));
    Ok(())
}

fn store(
    cluster: Arc<Cluster>,
    mirrors: Arc<Mirrors>,
    (ledger, tickets): (Ledger, TicketBounds),
) -> RedisStore {
    RedisStore {
        state: cluster.state.clone(),
        changes: Arc::new(RedisChanges(cluster.clone())),
        claims: Arc::new(RedisClaims {
            cluster: cluster.clone(),
            mirrors: mirrors.clone(),
        }),
        decisions: Arc::new(RedisDecisions {
            own: ledger.clone(),
            mirrors: mirrors.clone(),
        }),
        tickets: Arc::new(RedisTickets {
            cluster: cluster.clone(),
            bounds: tickets,
        }),
        journal: cluster.journal.clone(),
        nodes: Arc::new(RedisNodes {
            cluster,
            mirrors,
            own: ledger.reader(),
        }),
        ledger,
    }
}

/// Whether a folder is that of a broker which stands alone.
///
/// # Errors
/// [`CannotJoin`] for one of a broker among others: its changes lie in a journal that a
/// broker alone does not read.
pub fn is_alone(data: &Path) -> Result<(), CannotJoin> {
    match ledger::tree_of(&data.join("changes")).map_err(opening)? {
        None => Ok(()),
        Some(tree) => Err(CannotJoin(format!(
            "expected the folder of a broker that stands alone, found one of a broker that shares the record `{tree}`; set `store.redis` to the Redis that they share"
        ))),
    }
}

/// Waits until the state here is of now.
async fn arrived(cluster: &Cluster, told: &impl Fn(String)) -> Result<(), CannotJoin> {
    loop {
        let flaws = cluster.flaws().clone();
        let ends = flaws.fork.or(flaws.history);
        let ends = ends.or(flaws.entry.filter(|_| flaws.too_new));
        if let Some(flaw) = ends {
            return Err(CannotJoin(flaw));
        }
        let Some(flaw) = cluster.flaw() else {
            break;
        };
        told(flaw);
        let mut folded = cluster.folded.subscribe();
        let _ = timeout(TOLD_EVERY, folded.changed()).await;
        if cluster.is_fresh() {
            break;
        }
    }
    Ok(())
}

fn opening(flaw: ledger::OpenError) -> CannotJoin {
    CannotJoin(flaw.to_string())
}

impl Door {
    fn changes(&self) -> PathBuf {
        self.settings.data.join("changes")
    }

    /// A connection, however long that takes.
    async fn connect(
        &self,
        told: &impl Fn(String),
    ) -> Result<(MultiplexedConnection, RedisInfo), CannotJoin> {
        loop {
            match self.link.connect(ANSWERED_WITHIN).await {
                Ok(made) => return Ok(made),
                Err(NoLink::Wrong(flaw)) => return Err(CannotJoin(flaw)),
                Err(NoLink::Unreachable(flaw)) => told(flaw),
            }
            reading::pause().await;
        }
    }

    /// The log of this node, found or founded.
    async fn found(&self, told: &impl Fn(String)) -> Result<FoundLog, CannotJoin> {
        loop {
            let (mut connection, info) = self.connect(told).await?;
            match self.look(&mut connection, &info).await {
                Ok(Ok(found)) => {
                    self.name_is_free(&mut connection).await?;
                    return Ok(found);
                }
                Ok(Err(waits)) => told(waits),
                Err(Trouble::Cannot(flaw)) => return Err(flaw),
                Err(Trouble::Broken(flaw)) => told(flaw),
            }
            reading::pause().await;
        }
    }

    /// One look: the log, or why it has to be looked at again.
    async fn look(
        &self,
        connection: &mut MultiplexedConnection,
        info: &RedisInfo,
    ) -> Result<Result<FoundLog, String>, Trouble> {
        let mut command = cmd("HMGET");
        command
            .arg(keys::head())
            .arg("tree")
            .arg("of")
            .arg("by")
            .arg("whole");
        type Head = (
            Option<String>,
            Option<Vec<u8>>,
            Option<String>,
            Option<String>,
        );
        let (tree, of, by, whole): Head = ask(connection, command).await?;
        let Some(tree) = tree else {
            return self.founded(connection, &info.run).await;
        };
        let of = LogOf::open(&of.unwrap_or_default(), &*self.world.sealing);
        let Some(of) = of.filter(|of| of.tree == tree) else {
            return Err(cannot(
                "expected a Redis whose values were sealed under this node's master key, found one of another: the nodes of one issuer share it",
            ));
        };
        let admitted = of.admits(&self.settings.issuer, self.settings.formats.reads);
        admitted.map_err(Trouble::Cannot)?;
        match &self.journal {
            Some(journal) if *journal == tree => {
                return Ok(Ok(FoundLog { tree, seeds: false }));
            }
            Some(journal) => return Err(cannot(another(journal, &tree))),
            None => {}
        }
        let being_founded = whole.as_deref() == Some("2");
        if being_founded && by.as_deref() == Some(&self.own_tree) {
            return Ok(Ok(FoundLog { tree, seeds: true }));
        }
        if self.has_record {
            return Err(cannot(another(&self.own_tree, &tree)));
        }
        if being_founded {
            return Ok(Err("another node fills the Redis with its record".into()));
        }
        Ok(Ok(FoundLog { tree, seeds: false }))
    }

    async fn founded(
        &self,
        connection: &mut MultiplexedConnection,
        run: &str,
    ) -> Result<Result<FoundLog, String>, Trouble> {
        let lost = self.journal.is_some();
        let tree = self.journal.clone();
        let tree = tree.unwrap_or_else(|| ledger::name_of(self.seed));
        let founding = Founding {
            tree: &tree,
            own_tree: &self.own_tree,
            issuer: &self.settings.issuer,
            sealing: &*self.world.sealing,
        };
        let command = founding.command(run, lost).map_err(Trouble::Broken)?;
        let founded: i64 = ask(connection, command).await?;
        if founded == 0 {
            return Ok(Err("another node has just founded the log".into()));
        }
        tracing::info!(tree, "this node founds the change log in Redis");
        Ok(Ok(FoundLog { tree, seeds: !lost }))
    }

    /// Nobody else has this node's name, or its folder.
    async fn name_is_free(&self, connection: &mut MultiplexedConnection) -> Result<(), CannotJoin> {
        let mut command = cmd("HGETALL");
        command.arg(keys::nodes());
        let rows: Result<Vec<(String, Vec<u8>)>, _> = command.query_async(connection).await;
        let rows = rows.map_err(|flaw| CannotJoin(said(&flaw)))?;
        let now_ms = (self.world.clock)();
        let lives = u64::try_from(LIVES.as_millis()).unwrap_or(u64::MAX);
        for (node, sealed) in rows {
            let Some(row) = Row::open(&node, &sealed, &*self.world.sealing) else {
                continue;
            };
            if now_ms.saturating_sub(row.at_ms) > lives {
                continue;
            }
            let ours = node == self.settings.node;
            if ours && row.tree != self.own_tree {
                let (theirs, own) = (&row.tree, &self.own_tree);
                return Err(CannotJoin(format!(
                    "expected the name `{node}` for this node of tree `{own}`, found a live node of tree `{theirs}` that has it; set another `store.node`"
                )));
            }
            if !ours && row.tree == self.own_tree {
                return Err(CannotJoin(format!(
                    "expected a folder of this node alone, found the live node `{node}` with a copy of it; give this one an empty folder"
                )));
            }
        }
        Ok(())
    }

    /// The journal, from this node's own record.
    async fn seed(&self, tree: &str) -> Result<(), CannotJoin> {
        let seed = seed_of(tree).ok_or_else(|| CannotJoin("the log has no tree's name".into()))?;
        let (from, to) = (self.settings.data.join("ledger"), self.changes());
        let segment_bytes = self.settings.segment_bytes;
        let clock = self.world.clock.clone();
        let seeded =
            spawn_blocking(move || seeding::seed(&from, &to, (seed, segment_bytes), clock)).await;
        let seeded = seeded.map_err(|e| CannotJoin(e.to_string()))?;
        seeded.map_err(CannotJoin)
    }

    /// Opens both ledgers of this node.
    async fn open(
        self,
        tree: String,
        (state, own_seed): (Shared, [u8; 10]),
    ) -> Result<(Arc<Cluster>, Ledger, ShippingEnd), CannotJoin> {
        let seed = seed_of(&tree).ok_or_else(|| CannotJoin("the log has no tree's name".into()))?;
        let order = Ordering::new(state.clone());
        let options = |name: &str, seed| {
            let mut options = LedgerOptions::new(self.settings.data.join(name), seed);
            options.segment_bytes = self.settings.segment_bytes;
            options
        };
        let (changes, own) = (options("changes", seed), options("ledger", own_seed));
        let (writer, end) = shipping();
        let (clock, follower) = (self.world.clock.clone(), order.clone());
        let of = state.clone();
        let opened = spawn_blocking(move || {
            // The journal first: what decisions take is of what changes declare.
            let (journal, _) = Ledger::open(changes, clock.clone(), Box::new(follower))?;
            let follower = Box::new(OwnDecisions(of));
            let (ledger, opened) = Ledger::open_shipping(own, clock, follower, Box::new(writer))?;
            if opened.repaired_bytes > 0 {
                tracing::warn!(
                    bytes = opened.repaired_bytes,
                    "a torn last write was cut off the ledger"
                );
            }
            Ok((journal, ledger))
        });
        let opened = opened.await.map_err(|e| CannotJoin(e.to_string()))?;
        let (journal, ledger) = opened.map_err(opening)?;
        let cluster = Cluster::new(Parts {
            settings: self.settings,
            world: self.world,
            link: self.link,
            tree,
            own_tree: self.own_tree,
            journal,
            order,
            state,
        });
        Ok((Arc::new(cluster), ledger, end))
    }
}

enum Trouble {
    /// An operator has to see to it.
    Cannot(CannotJoin),
    /// The connection.
    Broken(String),
}

fn cannot(text: impl Into<String>) -> Trouble {
    Trouble::Cannot(CannotJoin(text.into()))
}

fn another(own: &str, tree: &str) -> String {
    format!(
        "expected a folder of the record `{tree}` that is in Redis, found one of the record `{own}`: a node joins with an empty folder, or with one of this record"
    )
}

async fn ask<T: FromRedisValue>(
    connection: &mut MultiplexedConnection,
    command: Cmd,
) -> Result<T, Trouble> {
    let answer = command.query_async(connection).await;
    answer.map_err(|flaw| Trouble::Broken(said(&flaw)))
}
