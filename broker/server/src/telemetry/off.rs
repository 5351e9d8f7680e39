//! A build without the feature `otlp`: no traces are sent.

use super::Telemetry;
use crate::ambient::Randomness;
use crate::http::{Caller, TraceId};
use axum::response::Response;
use http::Method;
use locum_core::ids::RequestId;

/// Sends nothing.
pub(crate) struct Traces;

/// There is none.
pub(crate) enum Span {}

impl Traces {
    /// # Errors
    /// None: a configuration that wants traces was refused before.
    pub(crate) fn open(_: &Telemetry, _: &Randomness) -> Result<Self, String> {
        Ok(Self)
    }

    /// No span.
    pub(crate) fn begin(
        &self,
        _: Option<&Caller>,
        _: (&Method, Option<&str>),
        _: RequestId,
    ) -> Option<Span> {
        None
    }

    /// Nothing to do.
    pub(crate) fn close(&self) {}
}

impl Span {
    /// Its trace.
    pub(crate) fn trace(&self) -> TraceId {
        match *self {}
    }

    /// Ends it.
    pub(crate) fn end(self, _: &Response) {
        match self {}
    }
}
