//! What is taken from the machine, each in one place: the time, randomness, and
//! how long something took.

mod clock;
mod randomness;
mod stopwatch;

pub(crate) use clock::Clock;
pub(crate) use randomness::Randomness;
pub(crate) use stopwatch::Stopwatch;
