//! Traces for others (`[telemetry]`): one span a request, sent by OTLP. Only
//! in a build with the feature `otlp`; what is in `off` stands in else.

#[cfg(not(feature = "otlp"))]
mod off;
#[cfg(feature = "otlp")]
mod otlp;
mod settings;
mod trace;

#[cfg(not(feature = "otlp"))]
pub use off::{Span, Traces};
#[cfg(feature = "otlp")]
pub use otlp::{QUEUE_MAX, Span, Traces};

pub use settings::Telemetry;
pub use trace::{TraceId, TraceParent};
