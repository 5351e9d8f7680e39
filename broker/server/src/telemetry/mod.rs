//! Traces for others (`[telemetry]`): one span a request, sent by OTLP. Only
//! in a build with the feature `otlp`; what is in [`off`] stands in else.

#[cfg(not(feature = "otlp"))]
mod off;
#[cfg(feature = "otlp")]
mod otlp;
mod settings;

#[cfg(not(feature = "otlp"))]
pub(crate) use off::{Span, Traces};
#[cfg(feature = "otlp")]
pub(crate) use otlp::{Span, Traces};

pub(crate) use settings::Telemetry;
