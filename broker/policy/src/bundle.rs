//! A bundle: all policies in force, checked whole at load.

use crate::annotations::Annotations;
use crate::flaw::PolicyFlaw;
use crate::mentions::Mentions;
use crate::parse;
use crate::request::CedarFacts;
use crate::slices::Slices;
use crate::vocabulary::Vocabulary;
use locum_core::generations::Generations;
use locum_core::ids::{AgentId, TargetId};
use locum_core::jcs;
use locum_core::policy::{Action, PolicyAnswer};
use std::collections::BTreeMap;
use std::fmt;
use std::thread;

/// Most policies in a bundle.
pub const POLICIES_MAX: usize = 5_000;
/// Most text in a bundle, names of files included, in bytes.
pub const TEXT_MAX: usize = 1 << 20;
/// Answers remembered in each of two generations.
const REMEMBERED: usize = 1_024;
/// Stack of the thread that loads a bundle, in bytes. Cedar's parser needs
/// kilobytes for each level of nesting and never looks how much is left.
const LOADER_STACK: usize = 64 << 20;

/// Policies that were parsed, validated strictly and sorted by action and
/// target. Answers through [`locum_core::policy::PolicyCheck`].
pub struct Bundle {
    pub(crate) words: &'static Vocabulary,
    pub(crate) slices: Slices,
    pub(crate) marks: BTreeMap<String, Annotations>,
    pub(crate) mentions: Mentions,
    /// An answer depends on the facts and on nothing else, so it need not be
    /// worked out twice. They go with the bundle.
    pub(crate) remembered: Generations<CedarFacts, PolicyAnswer>,
    files: BTreeMap<String, String>,
    address: String,
    /// Why it can be asked nothing.
    flaw: Option<String>,
}

impl Bundle {
    /// Loads the whole bundle: texts by file name, `[a-z0-9][a-z0-9-]{0,62}.cedar`.
    /// No file at all is a bundle that permits nothing.
    ///
    /// # Errors
    /// Everything found wrong, at most [`FLAWS_MAX`](crate::FLAWS_MAX), by file and place; never
    /// an empty list.
    pub fn load(files: &BTreeMap<String, String>) -> Result<Self, Vec<PolicyFlaw>> {
        let failed = |detail: String| vec![PolicyFlaw::of_bundle(detail)];
        thread::scope(|scope| {
            let loader = thread::Builder::new().stack_size(LOADER_STACK);
            let running = loader
                .spawn_scoped(scope, || Self::load_here(files))
                .map_err(|e| failed(e.to_string()))?;
            let lost = |_| Err(failed("the policies could not be checked".to_owned()));
            running.join().unwrap_or_else(lost)
        })
    }

    fn load_here(files: &BTreeMap<String, String>) -> Result<Self, Vec<PolicyFlaw>> {
        let words = Vocabulary::get().map_err(|e| vec![PolicyFlaw::of_bundle(e)])?;
        let loaded = parse::all(files)?;
        parse::validate(&loaded, &words.validator)?;
        let mut slices = Slices::default();
        let mut marks = BTreeMap::new();
        let mut mentions = Mentions::default();
        for (id, one) in loaded {
            let failed = |detail: String| vec![one.statement.flaw(0, detail)];
            let tree = one.policy.to_json();
            let tree = tree.map_err(|error| failed(error.to_string()))?;
            slices.add(&one.policy, &tree, words).map_err(failed)?;
            mentions.add(&one.policy, &tree, words);
            marks.insert(id, one.marks);
        }
        let address =
            jcs::address(files).map_err(|e| vec![PolicyFlaw::of_bundle(e.to_string())])?;
        Ok(Self {
            words,
            slices,
            marks,
            mentions,
            remembered: Generations::new(REMEMBERED),
            files: files.clone(),
            address,
            flaw: None,
        })
    }

    /// A bundle that was accepted once, by another version perhaps, whose schema
    /// and limits were others: one that does not load any more errs whatever it
    /// is asked, so that everything is refused until there is another (contract
    /// §12, §13).
    ///
    /// # Errors
    /// When the published schema itself is broken, or the files have no address.
    pub fn accepted(files: &BTreeMap<String, String>) -> Result<Self, String> {
        let flaws = match Self::load(files) {
            Ok(bundle) => return Ok(bundle),
            Err(flaws) => flaws,
        };
        let each = flaws.iter().map(|flaw| format!("{}: {flaw}", flaw.file));
        let flaw = each.collect::<Vec<_>>().join("; ");
        Ok(Self {
            words: Vocabulary::get()?,
            slices: Slices::default(),
            marks: BTreeMap::new(),
            mentions: Mentions::default(),
            remembered: Generations::new(REMEMBERED),
            files: files.clone(),
            address: jcs::address(files).map_err(|error| error.to_string())?,
            flaw: Some(flaw),
        })
    }

    /// Why it can be asked nothing; `None` where it can.
    #[must_use]
    pub fn flaw(&self) -> Option<&str> {
        self.flaw.as_deref()
    }

    /// The content address, `sha256:<hex>` over the canonical JSON of
    /// [`Self::files`]; an `ETag` and an input of every decision.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How many policies there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.marks.len()
    }

    /// How many policies a decision about this agent at this target meets: what
    /// it costs at most.
    #[must_use]
    pub fn concerning(&self, agent: &AgentId, target: &TargetId) -> usize {
        let met = |action| self.slices.count(action, agent.as_str(), target.as_str());
        met(Action::Exchange).max(met(Action::PreAuthorise))
    }

    /// The texts as loaded, by file name.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle")
            .field("address", &self.address)
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
