//! Spans in protobuf over HTTP. A span holds the attributes written down here
//! and nothing else: no header, path, parameter or body of a request.

mod sender;

use super::Telemetry;
use super::{TraceId, TraceParent};
use crate::Randomness;
use crate::metrics::method_label;
use http::{Method, Response};
use locum_core::ids::RequestId;
use locum_core::refusal::Code;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, Sampler, SdkTracer, SdkTracerProvider,
    Span as SdkSpan,
};
use sender::SpanSender;
use std::fmt;
use std::time::Duration;

/// Most spans that wait to be sent; further ones are dropped.
pub const QUEUE_MAX: usize = 2_048;
/// Most spans of one message.
const BATCH_MAX: usize = 512;
/// How often what waits is sent.
const EVERY: Duration = Duration::from_secs(5);
/// Longest that sending may take, also at the end.
const WITHIN: Duration = Duration::from_secs(5);

/// Where spans go; nowhere, unless an endpoint is configured.
pub struct Traces(Option<(SdkTracerProvider, SdkTracer, Share)>);

/// How many requests are traced. Neither a caller's flag nor its trace id, both
/// of its own choice, has a say: or else anybody could fill the queue.
struct Share {
    percent: u32,
    random: Randomness,
}

impl Share {
    /// Whether the next one is.
    fn draw(&self) -> bool {
        u64::from_be_bytes(self.random.bytes()) % 100 < u64::from(self.percent)
    }
}

/// A request's span.
pub struct Span(SdkSpan);

impl Traces {
    /// Begins to send to the endpoint, if there is one. Within the runtime.
    ///
    /// # Errors
    /// What is in the way.
    pub fn open(settings: &Telemetry, random: &Randomness) -> Result<Self, String> {
        let Some(endpoint) = &settings.otlp_endpoint else {
            return Ok(Self(None));
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(SpanSender::new(WITHIN)?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(WITHIN)
            .build()
            .map_err(|flaw| format!("OTLP: {flaw}"))?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE_MAX)
            .with_max_export_batch_size(BATCH_MAX)
            .with_scheduled_delay(EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor.build())
            // It is drawn before there is a span.
            .with_sampler(Sampler::AlwaysOn)
            .with_id_generator(Ids(random.clone()))
            .with_resource(resource(random))
            .build();
        let tracer = provider.tracer("locum");
        let share = Share {
            percent: settings.sample_percent,
            random: random.clone(),
        };
        Ok(Self(Some((provider, tracer, share))))
    }

    /// The span of a request that has just arrived, if it is to be traced: by
    /// chance. It hangs below the caller's.
    pub fn begin(
        &self,
        caller: Option<&TraceParent>,
        (method, route): (&Method, Option<&str>),
        id: RequestId,
    ) -> Option<Span> {
        let (_, tracer, _) = self.0.as_ref().filter(|(_, _, share)| share.draw())?;
        let method = method_label(method);
        let mut attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("locum.request_id", id.to_string()),
        ];
        let name = match route {
            Some(route) => {
                attributes.push(KeyValue::new("http.route", route.to_owned()));
                format!("{method} {route}")
            }
            None => method.to_owned(),
        };
        let above = caller.map_or_else(Context::new, |caller| {
            Context::new().with_remote_span_context(context(caller))
        });
        let span = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes(attributes)
            .start_with_context(tracer, &above);
        span.is_recording().then_some(Span(span))
    }

    /// Sends what waits, within a bound, and no more. Blocks.
    pub fn close(&self) {
        let Some((provider, ..)) = &self.0 else {
            return;
        };
        if let Err(flaw) = provider.shutdown_with_timeout(WITHIN) {
            tracing::warn!(%flaw, "the last traces were not sent");
        }
    }
}

impl Span {
    /// Its trace: the caller's, or a new one.
    pub fn trace(&self) -> TraceId {
        TraceId::of(self.0.span_context().trace_id().to_bytes())
    }

    /// Ends it with what was answered.
    pub fn end<B>(mut self, response: &Response<B>) {
        let status = response.status();
        let code = i64::from(status.as_u16());
        self.0
            .set_attribute(KeyValue::new("http.response.status_code", code));
        if let Some(code) = response.extensions().get::<Code>() {
            self.0
                .set_attribute(KeyValue::new("locum.code", code.text()));
        }
        if status.is_server_error() {
            self.0.set_status(Status::error(""));
        }
        self.0.end();
    }
}

/// The caller's span as ours has it above itself.
fn context(caller: &TraceParent) -> SpanContext {
    SpanContext::new(
        opentelemetry::TraceId::from_bytes(caller.trace.bytes()),
        SpanId::from_bytes(caller.span),
        TraceFlags::default(),
        true,
        TraceState::default(),
    )
}

/// What is true of every span: `OTEL_SERVICE_NAME` and
/// `OTEL_RESOURCE_ATTRIBUTES` beside what Locum knows of itself.
fn resource(random: &Randomness) -> Resource {
    let named = Resource::builder().build();
    let name = named.get(&"service.name".into());
    let name = name.filter(|name| !name.as_str().starts_with("unknown_service"));
    let instance = opentelemetry::TraceId::from_bytes(random.bytes());
    Resource::builder()
        .with_service_name(name.unwrap_or_else(|| "locum".into()))
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_string()),
        ])
        .build()
}

/// Ids of traces and spans.
struct Ids(Randomness);

impl fmt::Debug for Ids {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Ids")
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> opentelemetry::TraceId {
        opentelemetry::TraceId::from_bytes(self.0.bytes())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(self.0.bytes())
    }
}
