//! The one place where the world is asked: the time, randomness, how long
//! something took; and where Locum tells of itself: metrics, traces, the log.

mod clock;
pub mod files;
pub mod logs;
pub mod metrics;
mod randomness;
mod stopwatch;
pub mod telemetry;

pub use clock::Clock;
pub use randomness::Randomness;
pub use stopwatch::Stopwatch;
