//! From a run that shows a difference to the fewest steps that show it.

use super::steps::Step;
use std::fmt;

/// Most runs that shrinking takes.
const TRIES: usize = 400;

/// A difference, and what was done until then.
pub(super) struct Difference {
    pub(super) found: String,
    pub(super) log: Vec<String>,
}

/// The fewest steps that were found.
pub(super) struct Fewest {
    steps: usize,
    difference: Difference,
}

impl fmt::Display for Fewest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.difference.found)?;
        writeln!(f, "shown by {} steps:", self.steps)?;
        self.difference
            .log
            .iter()
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// Leaves out what need not be there: halves first, single steps last.
pub(super) fn shrink(
    steps: &[Step],
    difference: Difference,
    run: impl Fn(&[Step]) -> Option<Difference>,
) -> Fewest {
    let mut steps = steps.to_vec();
    let mut difference = difference;
    let mut size = steps.len() / 2;
    let mut tries = 0;
    while size > 0 {
        let mut smaller = false;
        let mut at = 0;
        while at < steps.len() && tries < TRIES {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            tries += 1;
            match run(&fewer) {
                Some(found) => (steps, difference, smaller) = (fewer, found, true),
                None => at += size,
            }
        }
        if !smaller || size > 1 {
            size /= 2;
        }
        if tries >= TRIES {
            break;
        }
    }
    Fewest {
        steps: steps.len(),
        difference,
    }
}
