//! A broker against a naive model of it: random sequences of what people,
//! agents, operators and restarts may do, each asked of the broker through its
//! router; the model keeps the whole history and works every standing out anew.
//! What an exchange gives, what introspection says and how many a dry run
//! counts must be the same. After each run the folder opens alike from its
//! snapshot and from record zero.
//!
//! `LOCUM_MODEL_RUNS` and `LOCUM_MODEL_STEPS` set how many runs of how many
//! steps there are (in release 200 of 500), `LOCUM_MODEL_SEED` the first seed,
//! `LOCUM_MODEL_WITHOUT` names steps that are left out (`Move,Derive`).
//! A difference is told with its seed and the fewest steps that show it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod acting;
mod exchanges;
mod growth;
mod history;
mod hops;
mod lifecycle;
mod looks;
mod million;
mod operations;
mod reopening;
mod scene;
mod shrinking;
mod steps;

use exchanges::Same;
use scene::Scene;
use shrinking::Difference;
use std::sync::atomic::{AtomicU64, Ordering};
use steps::{Deed, Dice, Step};

/// Small, so that snapshots are taken often.
const SEGMENT_BYTES: u64 = 96 * 1024;
/// Tokens looked at after each step.
const LOOKS: u64 = 2;

impl Scene {
    fn make(&mut self, step: Step) -> Same {
        self.broker.pass(step.wait_ms);
        self.dice = Dice::new(step.dice);
        self.log.push(format!("+{} {:?}", step.wait_ms, step.deed));
        match step.deed {
            Deed::Person => self.foreign_exchange(false)?,
            Deed::Workload => self.foreign_exchange(true)?,
            Deed::Away => {
                if let Some(subject) = self.away() {
                    self.root(&subject)?;
                }
            }
            Deed::Itself => self.itself()?,
            Deed::PassOn => self.pass_on()?,
            Deed::Derive => self.derive()?,
            Deed::GiveBack => self.give_back()?,
            Deed::Revoke => self.revoke()?,
            Deed::TryRevoke => self.try_revoke()?,
            Deed::Lock => self.lock()?,
            Deed::Lift => self.lift()?,
            Deed::Grant => self.grant()?,
            Deed::ReOwn => self.re_own()?,
            Deed::ReVersion => self.re_version()?,
            Deed::Suspend => self.suspend()?,
            Deed::Retire => self.retire()?,
            Deed::ReRegister => self.re_register()?,
            Deed::Move => self.relocate()?,
            Deed::Rotate => self.rotate()?,
            Deed::RetireKey => self.retire_key()?,
            Deed::Restart => self.restart()?,
        }
        self.look_around(LOOKS)
    }
}

/// What came of a run.
#[derive(Debug, Default)]
struct Counts {
    permitted: AtomicU64,
    refused: AtomicU64,
}

/// Runs the steps.
fn run(steps: &[Step], counts: &Counts) -> Result<(), Difference> {
    let mut scene = Scene::new(SEGMENT_BYTES);
    let mut made = steps.iter().try_for_each(|step| scene.make(*step));
    if made.is_ok() {
        made = scene.opens_alike();
    }
    counts
        .permitted
        .fetch_add(scene.permitted, Ordering::Relaxed);
    counts.refused.fetch_add(scene.refused, Ordering::Relaxed);
    made.map_err(|found| Difference {
        found,
        log: scene.log,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to look is the caller's choice"
)]
fn said(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn chosen(name: &str, otherwise: u64) -> u64 {
    said(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// The steps of a seed, without those that are left out.
fn steps_of(seed: u64, count: usize) -> Vec<Step> {
    let without = said("LOCUM_MODEL_WITHOUT").unwrap_or_default();
    let mut steps = steps::steps(seed, count);
    steps.retain(|step| {
        let name = format!("{:?}", step.deed);
        !without.split(',').any(|left_out| left_out == name)
    });
    steps
}

#[test]
fn every_standing_is_what_the_whole_history_says() {
    let runs = chosen(
        "LOCUM_MODEL_RUNS",
        if cfg!(debug_assertions) { 4 } else { 200 },
    );
    let count = chosen("LOCUM_MODEL_STEPS", 500) as usize;
    let first = chosen("LOCUM_MODEL_SEED", 1);
    let next = AtomicU64::new(first);
    let counts = Counts::default();
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    let found = std::thread::scope(|scope| {
        let work = || {
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + runs {
                    return None;
                }
                let steps = steps_of(seed, count);
                if let Err(difference) = run(&steps, &counts) {
                    next.store(u64::MAX / 2, Ordering::Relaxed);
                    return Some((seed, steps, difference));
                }
            }
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut found = all.into_iter().filter_map(|thread| thread.join().unwrap());
        found.next()
    });
    if let Some((seed, steps, difference)) = found {
        let fewest = shrinking::shrink(&steps, difference, |steps| run(steps, &counts).err());
        panic!("seed {seed}: {fewest}");
    }
    // A model that foresees nothing but refusals would show nothing.
    let (permitted, refused) = (counts.permitted.into_inner(), counts.refused.into_inner());
    assert!(
        permitted * 5 > refused,
        "expected a sixth of the exchanges to be permitted, found {permitted} of {}",
        permitted + refused
    );
}
