//! The log: events with a stable name, to standard error. Never a token or a
//! secret, and never a panic's text, which may hold anything.

mod json;

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How the log is written where `LOCUM_LOG_FORMAT` does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// JSON lines where standard error is no terminal, else text.
    JsonUnlessTerminal,
}

/// Starts the log. `LOCUM_LOG` sets the level, `LOCUM_LOG_FORMAT` (`json`,
/// `text`) the format. Once a process.
pub fn start(wanted: LogFormat) {
    let filter = EnvFilter::try_from_env("LOCUM_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    #[expect(
        clippy::disallowed_methods,
        reason = "beside LOCUM_LOG, before any configuration is read"
    )]
    let named = std::env::var("LOCUM_LOG_FORMAT").ok();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if is_json(wanted, named.as_deref(), std::io::stderr().is_terminal()) {
        log.fmt_fields(tracing_subscriber::fmt::format::JsonFields::new())
            .event_format(json::Lines)
            .init();
    } else {
        log.init();
    }
    silence_panics();
}

fn is_json(wanted: LogFormat, named: Option<&str>, terminal: bool) -> bool {
    match named {
        Some("json") => true,
        Some("text") => false,
        _ => wanted == LogFormat::JsonUnlessTerminal && !terminal,
    }
}

/// A panic says where it was and nothing else.
fn silence_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location();
        let file = place.map_or("", std::panic::Location::file);
        let line = place.map_or(0, std::panic::Location::line);
        tracing::error!(file, line, "panic");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_decides_and_else_who_reads() {
        for (wanted, named, terminal, json) in [
            (LogFormat::Text, None, false, false),
            (LogFormat::Text, Some("json"), true, true),
            (LogFormat::JsonUnlessTerminal, None, false, true),
            (LogFormat::JsonUnlessTerminal, None, true, false),
            (LogFormat::JsonUnlessTerminal, Some("text"), false, false),
        ] {
            assert_eq!(
                is_json(wanted, named, terminal),
                json,
                "{wanted:?} {named:?}"
            );
        }
    }
}
