//! A build without the feature `otlp`: no traces are sent.

use super::Telemetry;
use super::{TraceId, TraceParent};
use crate::Randomness;
use http::{Method, Response};
use locum_core::ids::RequestId;

/// Sends nothing.
pub struct Traces;

/// There is none.
pub enum Span {}

impl Traces {
    /// # Errors
    /// None: a configuration that wants traces was refused before.
    pub fn open(_: &Telemetry, _: &Randomness) -> Result<Self, String> {
        Ok(Self)
    }

    /// No span.
    pub fn begin(
        &self,
        _: Option<&TraceParent>,
        _: (&Method, Option<&str>),
        _: RequestId,
    ) -> Option<Span> {
        None
    }

    /// Nothing to do.
    pub fn close(&self) {}
}

impl Span {
    /// Its trace.
    pub fn trace(&self) -> TraceId {
        match *self {}
    }

    /// Ends it.
    pub fn end<B>(self, _: &Response<B>) {
        match self {}
    }
}
