//! One JSON object a line: `time`, `level`, `event`, then the request's own
//! fields and the event's.

use serde_json::{Map, Value, json};
use std::fmt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The field an event's words stand in.
const MESSAGE: &str = "message";

/// JSON lines.
pub(super) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Map::new();
        line.insert("time".into(), json!(time));
        line.insert("level".into(), json!(event.metadata().level().as_str()));
        line.insert("event".into(), Value::Null);
        line.insert("target".into(), json!(event.metadata().target()));
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            let extensions = span.extensions();
            if let Some(fields) = extensions.get::<FormattedFields<JsonFields>>()
                && let Ok(Value::Object(fields)) = serde_json::from_str(fields)
            {
                line.extend(fields);
            }
        }
        let mut fields = LogFields(Map::new());
        event.record(&mut fields);
        let message = fields.0.remove(MESSAGE);
        line.extend(fields.0);
        name(&mut line, event.metadata().target(), message);
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The event's name beside its words: our own events' words are constants, so
/// they make a name; what a library says is named `library`.
fn name(line: &mut Map<String, Value>, target: &str, message: Option<Value>) {
    let text = message.as_ref().and_then(Value::as_str).unwrap_or_default();
    let ours = target == "locum" || target.starts_with("locum_") || target.starts_with("locum::");
    let name = if ours {
        event_name(text)
    } else {
        "library".to_owned()
    };
    line.insert("event".into(), json!(name));
    line.insert(MESSAGE.into(), json!(text));
}

fn event_name(words: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    words.to_ascii_lowercase().chars().map(plain).collect()
}

struct LogFields(Map<String, Value>);

impl Visit for LogFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0
            .insert(field.name().into(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), json!(value));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct LogLines(Arc<Mutex<Vec<u8>>>);

    impl Write for LogLines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_object_with_the_events_name_and_the_requests_id() {
        let kept = LogLines::default();
        let writer = kept.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .fmt_fields(JsonFields::new())
            .event_format(Lines)
            .finish();
        tracing::subscriber::with_default(log, || {
            let span = tracing::error_span!("request", request_id = "req_1", trace_id = "abc");
            let _in = span.enter();
            tracing::error!(error = %"a \"quoted\" text", "not answered");
            tracing::warn!(target: "hyper::server", records = 3, "words of a library");
        });
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["event"], "not_answered");
        assert_eq!(lines[0]["message"], "not answered");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["request_id"], "req_1");
        assert_eq!(lines[0]["trace_id"], "abc");
        assert_eq!(lines[0]["error"], "a \"quoted\" text");
        assert_eq!(lines[1]["event"], "library");
        assert_eq!(lines[1]["message"], "words of a library");
        assert_eq!(lines[1]["records"], 3);
    }
}
