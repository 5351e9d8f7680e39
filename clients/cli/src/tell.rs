//! Answers of the executable's own commands, which ask no broker, printed as
//! those of the others are.

use std::error::Error;
use std::io::Write;

use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Report};
use crate::{Options, text};

/// What such a command found.
#[derive(Debug, Default)]
pub struct Told {
    /// `data` of the envelope.
    pub data: Value,
    /// The same for people.
    pub text: String,
    /// What the reader must know beside it.
    pub warnings: Vec<String>,
}

/// Prints what `command` found, or why it found nothing, and returns the exit
/// code: text unless JSON is asked for, since scripts read the text.
pub fn tell(
    command: &str,
    told: Result<Told, Box<dyn Error + Send + Sync>>,
    options: Options,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> i32 {
    let format = output::choose(options.output, true, true);
    let (printed, code) = match told {
        Ok(told) => {
            let mut report = Report::new(told.data, told.text.trim_end_matches('\n'));
            report.warnings = told.warnings;
            (output::report(&report, command, format, out, err), 0)
        }
        Err(flaw) => {
            let code = format!("CLI-{}", command.to_uppercase());
            let failure = Failure::local(Exit::General, &code, flaw.to_string());
            let printed = output::refused(&failure, command, format, out)
                .and_then(|()| writeln!(err, "locum: {}", text::clean(&failure.message)));
            (printed, failure.exit.code())
        }
    };
    match printed {
        Ok(()) => code,
        Err(_) => Exit::General.code(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::Format;
    use serde_json::json;

    fn told(result: Result<Told, &str>, output: Option<Format>) -> (i32, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let result = result.map_err(Into::into);
        let code = tell("config", result, Options { output }, &mut out, &mut err);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (code, text(out), text(err))
    }

    fn found() -> Told {
        Told {
            data: json!({"a": 1}),
            text: "a = 1\n".to_owned(),
            ..Told::default()
        }
    }

    #[test]
    fn a_warning_changes_neither_answer_nor_exit_code() {
        let warned = || {
            let warnings = vec!["expected c".to_owned()];
            Ok(Told {
                warnings,
                ..found()
            })
        };
        let (code, out, err) = told(warned(), None);
        assert_eq!((code, out.as_str()), (0, "a = 1\n"));
        assert_eq!(err, "warning: expected c\n");
        let (code, out, _) = told(warned(), Some(Format::Json));
        let envelope: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(code, 0);
        assert_eq!(envelope.get("warnings"), Some(&json!(["expected c"])));
    }

    #[test]
    fn text_is_printed_unless_json_is_asked_for() {
        let plain = (0, "a = 1\n".to_owned(), String::new());
        assert_eq!(told(Ok(found()), None), plain);
        let (code, out, err) = told(Ok(found()), Some(Format::Json));
        let envelope: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(envelope.get("data"), Some(&json!({"a": 1})));
        assert_eq!(envelope.pointer("/meta/command"), Some(&json!("config")));
    }

    #[test]
    fn a_flaw_is_a_sentence_and_as_json_an_envelope_too() {
        let sentence = "locum: expected b\n".to_owned();
        let plain = (1, String::new(), sentence.clone());
        assert_eq!(told(Err("expected b"), None), plain);
        let (code, out, err) = told(Err("expected b"), Some(Format::Json));
        let envelope: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((code, err), (1, sentence));
        assert_eq!(
            envelope.get("error"),
            Some(
                &json!({"code":"CLI-CONFIG","message":"expected b","retryable":false,"exit_code":1})
            )
        );
    }
}
