//! Credentials of vendors that were handed out and may still be used, and
//! permits of which nobody knows yet whether there is one (contract §15,
//! "Two records"). They are state, so that revoking and listing them needs no scan.

use super::parties::{EachOnce, Parties};
use locum_core::decide::{CredentialState, VendorRevocation};
use locum_core::ids::{AgentId, ClientId, Jti, TargetId};
use locum_core::lineage::{Key, Lineage};
use locum_core::record::key_text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Most credentials that are remembered at once: beyond it none is obtained
/// (contract §15).
pub const HANDED_MAX: usize = 50_000;
/// Most that are remembered beside them to be listed alone, of those that nobody has
/// and of those of which nobody knows when they end: they cannot be revoked. Beyond it
/// the oldest of its kind is forgotten.
pub(super) const LISTED_MAX: usize = 10_000;
/// Seconds for which the hash of a credential is remembered after its end.
const SPENT_FOR_S: u64 = 86_400;
/// Seconds after the permit's end for which the hash of one is remembered that may
/// never end: ten years.
const UNENDING_S: u64 = 3_650 * 86_400;
/// Most hashes that are remembered of credentials that were revoked or have ended.
/// Beyond it the one that ended first is forgotten.
const SPENT_MAX: usize = 50_000;

/// Seconds after the permit's end for which a credential is listed that there may
/// be, and of which nobody knows when it ends.
const UNKNOWN_LISTED_S: u64 = 86_400;

/// A permit under which a vendor is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Awaiting {
    /// Whose it is, and where.
    pub parties: Arc<Parties>,
    /// What the credential descends from: keys, and Unix milliseconds from which
    /// each counts.
    pub lineage: Vec<(Key, u64)>,
    /// Unix seconds at which the permit ends.
    pub permit_ends_s: u64,
}

/// A credential that was handed out, or that there may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedOutEntry {
    /// Of which permit.
    pub of: Awaiting,
    /// Keyed hash of the credential; `None`: there may be one.
    pub fingerprint: Option<Key>,
    /// Unix seconds at which it ends by itself; `None`: nobody knows.
    pub expires_s: Option<u64>,
    /// Whether what is needed to revoke it stands in its record.
    pub revocable: bool,
    /// How revoking it at the vendor ended, if it was tried and has ended.
    pub revocation: Option<VendorRevocation>,
}

/// All of them, by the id of the permit.
#[derive(Debug, Default)]
pub struct HandedOut {
    open: BTreeMap<Jti, Arc<Awaiting>>,
    live: BTreeMap<Jti, Arc<HandedOutEntry>>,
    /// Those of all of them, each once.
    parties: EachOnce,
    prints: HashMap<Key, Jti>,
    ends: BTreeSet<(u64, Jti)>,
    /// When the permit of each ends that would live on and has to be revoked.
    permits: BTreeSet<(u64, Jti)>,
    /// Those that are listed alone and that nobody has, and those without an end.
    nobodys: BTreeSet<Jti>,
    unending: BTreeSet<Jti>,
    spent: Spent,
}

/// Credentials that were revoked or have ended, for a day more: a vendor that hands one
/// out again did not end it.
#[derive(Debug, Default)]
struct Spent {
    until: HashMap<Key, u64>,
    ends: BTreeSet<(u64, Key)>,
}

impl Spent {
    fn put(&mut self, print: Key, end_s: u64) {
        if let Some(before_s) = self.until.insert(print, end_s) {
            self.ends.remove(&(before_s, print));
        }
        self.ends.insert((end_s, print));
        if self.ends.len() > SPENT_MAX {
            self.drop_first();
        }
    }

    fn sweep(&mut self, now_s: u64) {
        while self.ends.first().is_some_and(|(end_s, _)| *end_s <= now_s) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, print)) = self.ends.pop_first() {
            self.until.remove(&print);
        }
    }
}

/// As a snapshot keeps them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CopiedHandedOut {
    open: Vec<(Jti, Arc<Awaiting>)>,
    live: Vec<(Jti, Arc<HandedOutEntry>)>,
    spent: Vec<(u64, Key)>,
}

impl Awaiting {
    /// The lineage, as standing is judged by it.
    #[must_use]
    pub fn lineage(&self) -> Lineage {
        let mut out = Lineage::default();
        for (key, since_ms) in &self.lineage {
            out.add(*key, *since_ms);
        }
        out
    }

    /// What the record of a permit says, where a vendor is asked under it.
    fn of(body: &Value) -> Result<Option<(Jti, Self)>, String> {
        #[derive(Deserialize)]
        struct Permit {
            jti: Jti,
            target: TargetId,
            actor: AgentId,
            presenter: Option<ClientId>,
            exp: u64,
            lineage: Vec<String>,
            since: Vec<u64>,
            awaits: Awaits,
        }
        #[derive(Deserialize)]
        struct Awaits {
            agents: Vec<AgentId>,
        }
        if body.get("awaits").is_none() {
            return Ok(None);
        }
        let read = Permit::deserialize(body).map_err(|e| e.to_string())?;
        let lineage = Lineage::read(&read.lineage, Some(&read.since), read.jti.ms())
            .map_err(|flaw| flaw.to_string())?;
        let lineage = lineage.iter().map(|entry| (entry.key, entry.since_ms));
        let parties = Parties {
            target: read.target,
            actor: read.actor,
            presenter: read.presenter,
            agents: read.awaits.agents,
        };
        let awaiting = Self {
            parties: Arc::new(parties),
            lineage: lineage.collect(),
            permit_ends_s: read.exp,
        };
        Ok(Some((read.jti, awaiting)))
    }
}

impl HandedOutEntry {
    /// Whether it lives on when its permit ends.
    #[must_use]
    pub fn lives_on(&self) -> bool {
        self.expires_s
            .is_none_or(|end_s| end_s > self.of.permit_ends_s)
    }

    /// Whether it is remembered only so that it is listed.
    fn is_listed_alone(&self) -> bool {
        let unrevocable = !self.revocable || self.revocation.is_some();
        unrevocable && (self.fingerprint.is_none() || self.expires_s.is_none())
    }
}

impl HandedOut {
    /// Whether no more may be handed out: those count that are under way, end or can
    /// be revoked.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let listed = self.nobodys.len() + self.unending.len();
        self.open.len() + self.live.len() >= HANDED_MAX + listed
    }

    /// Permits whose outcome is not on record, oldest first.
    pub fn open(&self) -> impl Iterator<Item = (Jti, &Arc<Awaiting>)> {
        self.open.iter().map(|(jti, of)| (*jti, of))
    }

    /// Whether the outcome of that permit is not on record.
    #[must_use]
    pub fn is_open(&self, jti: Jti) -> bool {
        self.open.contains_key(&jti)
    }

    /// What was handed out and has not ended, oldest first.
    pub fn live(&self) -> impl Iterator<Item = (Jti, &Arc<HandedOutEntry>)> {
        self.live.iter().map(|(jti, entry)| (*jti, entry))
    }

    /// What can be revoked and whose permit is over, oldest end first.
    pub fn permit_over(&self, now_s: u64) -> impl Iterator<Item = (Jti, &Arc<HandedOutEntry>)> {
        let over = self.permits.iter();
        let over = over.take_while(move |(end_s, _)| *end_s <= now_s);
        over.filter_map(|(_, jti)| self.live.get(jti).map(|entry| (*jti, entry)))
    }

    /// The permit of a credential, by its keyed hash.
    #[must_use]
    pub fn by_fingerprint(&self, print: &Key) -> Option<(Jti, &Arc<HandedOutEntry>)> {
        let jti = self.prints.get(print)?;
        self.live.get(jti).map(|entry| (*jti, entry))
    }

    /// Whether it was handed out already.
    #[must_use]
    pub fn knows(&self, print: &Key) -> bool {
        self.prints.contains_key(print) || self.spent.until.contains_key(print)
    }

    /// What was handed out under that permit, if it has not ended.
    #[must_use]
    pub fn get(&self, jti: Jti) -> Option<&Arc<HandedOutEntry>> {
        self.live.get(&jti)
    }

    /// A permit is on record.
    pub(super) fn permitted(&mut self, body: &Value) -> Result<(), String> {
        if let Some((jti, mut awaiting)) = Awaiting::of(body)? {
            awaiting.parties = self.parties.of(awaiting.parties);
            self.open.insert(jti, Arc::new(awaiting));
        }
        Ok(())
    }

    /// An outcome is on record.
    pub(super) fn ended(&mut self, body: &Value, now_ms: u64) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Outcome {
            of: Jti,
            state: CredentialState,
            #[serde(default)]
            expires_at: Option<u64>,
            #[serde(default)]
            fingerprint: Option<String>,
            #[serde(default)]
            revocable: bool,
        }
        let read = Outcome::deserialize(body).map_err(|e| e.to_string())?;
        let Some(of) = self.open.remove(&read.of) else {
            return Ok(());
        };
        match read.state {
            CredentialState::Refused | CredentialState::NotSent => return Ok(()),
            CredentialState::Obtained | CredentialState::Unknown => {}
        }
        let print = read.fingerprint.as_deref().map(key_text::read);
        let end_s = of.permit_ends_s.saturating_add(UNKNOWN_LISTED_S);
        let unknown = read.state == CredentialState::Unknown;
        let entry = HandedOutEntry {
            of: Arc::unwrap_or_clone(of),
            fingerprint: match print {
                Some(None) => return Err("expected a keyed hash, found another text".into()),
                Some(Some(print)) => Some(print),
                None => None,
            },
            expires_s: read.expires_at.or(unknown.then_some(end_s)),
            revocable: read.revocable,
            revocation: None,
        };
        self.keep(read.of, Arc::new(entry));
        self.sweep(now_ms);
        Ok(())
    }

    /// What came of revoking one is on record.
    pub(super) fn revoked(&mut self, body: &Value) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Revoked {
            of: Jti,
            revocation: VendorRevocation,
        }
        let read = Revoked::deserialize(body).map_err(|e| e.to_string())?;
        match read.revocation {
            VendorRevocation::Done => self.forget(read.of),
            VendorRevocation::Failed => {
                if self.has_ended(read.of) {
                    self.forget(read.of);
                } else if let Some(entry) = self.live.get_mut(&read.of) {
                    self.permits.remove(&(entry.of.permit_ends_s, read.of));
                    let entry = Arc::make_mut(entry);
                    entry.revocation = Some(VendorRevocation::Failed);
                    if entry.is_listed_alone() {
                        self.list(read.of);
                    }
                }
            }
        }
        Ok(())
    }

    /// Forgets what has ended by itself. What should have been revoked at the
    /// permit's end stays until it is on record that it was not.
    pub(super) fn sweep(&mut self, now_ms: u64) {
        self.spent.sweep(now_ms / 1_000);
        while let Some((end_s, jti)) = self.ends.first().copied() {
            if end_s.saturating_mul(1_000) > now_ms {
                return;
            }
            self.ends.pop_first();
            let permit_s = self.live.get(&jti).map(|entry| entry.of.permit_ends_s);
            let unsettled = permit_s.is_some_and(|end_s| self.permits.contains(&(end_s, jti)));
            if !unsettled {
                self.forget(jti);
            }
        }
    }

    /// Whether a sweep left it only because nobody had said what became of it.
    fn has_ended(&self, jti: Jti) -> bool {
        let end_s = self.live.get(&jti).and_then(|entry| entry.expires_s);
        end_s.is_some_and(|end_s| !self.ends.contains(&(end_s, jti)))
    }

    fn keep(&mut self, jti: Jti, entry: Arc<HandedOutEntry>) {
        if let Some(end_s) = entry.expires_s {
            self.ends.insert((end_s, jti));
        }
        if let Some(print) = entry.fingerprint {
            self.prints.insert(print, jti);
        }
        if entry.revocable && entry.revocation.is_none() && entry.lives_on() {
            self.permits.insert((entry.of.permit_ends_s, jti));
        }
        let listed = entry.is_listed_alone();
        self.live.insert(jti, entry);
        if listed {
            self.list(jti);
        }
    }

    fn list(&mut self, jti: Jti) {
        // Whatever nobody got pushes nothing out that somebody has.
        let known = self
            .live
            .get(&jti)
            .is_some_and(|entry| entry.fingerprint.is_some());
        let of_kind = if known {
            &mut self.unending
        } else {
            &mut self.nobodys
        };
        of_kind.insert(jti);
        let oldest = of_kind.first().copied();
        if let Some(oldest) = oldest.filter(|_| of_kind.len() > LISTED_MAX) {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, jti: Jti) {
        if let Some(entry) = self.live.remove(&jti) {
            if let Some(end_s) = entry.expires_s {
                self.ends.remove(&(end_s, jti));
            }
            if let Some(print) = entry.fingerprint {
                self.prints.remove(&print);
                let permit_s = entry.of.permit_ends_s;
                let end_s = entry
                    .expires_s
                    .unwrap_or(permit_s.saturating_add(UNENDING_S));
                self.spent.put(print, end_s.saturating_add(SPENT_FOR_S));
            }
            self.permits.remove(&(entry.of.permit_ends_s, jti));
            self.nobodys.remove(&jti);
            self.unending.remove(&jti);
        }
    }

    pub(super) fn copied(&self) -> CopiedHandedOut {
        CopiedHandedOut {
            open: self.open().map(|(jti, of)| (jti, of.clone())).collect(),
            live: self.live().map(|(jti, of)| (jti, of.clone())).collect(),
            spent: self.spent.ends.iter().copied().collect(),
        }
    }

    pub(super) fn of(copied: CopiedHandedOut) -> Self {
        let mut out = Self::default();
        for (jti, mut of) in copied.open {
            Arc::make_mut(&mut of).parties = out.parties.of(of.parties.clone());
            out.open.insert(jti, of);
        }
        for (jti, mut entry) in copied.live {
            Arc::make_mut(&mut entry).of.parties = out.parties.of(entry.of.parties.clone());
            out.keep(jti, entry);
        }
        for (end_s, print) in copied.spent {
            out.spent.put(print, end_s);
        }
        out
    }
}

impl CopiedHandedOut {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.live.is_empty() && self.spent.is_empty()
    }
}
