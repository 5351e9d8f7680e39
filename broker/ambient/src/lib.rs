//! The one place where the world is asked: the time, randomness, how long
//! something took; and where Locum tells of itself: metrics, traces, the log.

mod clock;
pub mod files;
pub mod logs;
pub mod metrics;
mod randomness;
mod stopwatch;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use clock::Clock;
pub use randomness::Randomness;
pub use stopwatch::Stopwatch;
