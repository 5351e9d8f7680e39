//! Why a command did not do what it was asked.

use serde_json::{Map, Value, json};

use crate::exit::Exit;

/// A command's failure: ready to be printed for a person and for a program.
/// Holds no secret: messages are the broker's own or name what is missing.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What the process exits with.
    pub(crate) exit: Exit,
    /// Stable code: the broker's `LCM-…`, or `CLI-…` for what failed here.
    pub(crate) code: String,
    /// One sentence with the next step.
    pub(crate) message: String,
    /// Whether the same call may succeed later.
    pub(crate) retryable: bool,
    /// Everything else the broker said: `error`, `request_id`, `would_pass`,
    /// `errors`, `error_uri`, …
    pub(crate) rest: Box<Map<String, Value>>,
}

impl Failure {
    /// A failure on this side of the wire.
    pub(crate) fn local(exit: Exit, code: &str, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: code.to_owned(),
            message: message.into(),
            retryable: false,
            rest: Box::default(),
        }
    }

    /// Wrong arguments beyond what the parser can see.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::local(Exit::Usage, "CLI-USAGE", message)
    }

    /// A variable or file that must be there first.
    pub(crate) fn setup(message: impl Into<String>) -> Self {
        Self::local(Exit::Precondition, "CLI-SETUP", message)
    }

    /// An answer that is not what the contract says.
    pub(crate) fn answer(message: impl Into<String>) -> Self {
        Self::local(Exit::General, "CLI-ANSWER", message)
    }

    /// Marks the failure as one that may pass by itself.
    pub(crate) fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Reads a refusal of the broker: OAuth (RFC 6749 §5.2) or problem details
    /// (RFC 9457); anything else becomes a sentence with the status.
    pub(crate) fn of_answer(status: u16, retry_after_s: Option<u64>, body: &Value) -> Self {
        let mut rest = body.as_object().cloned().unwrap_or_default();
        let code = take_text(&mut rest, "code");
        let message = ["error_description", "detail", "title"]
            .into_iter()
            .find_map(|name| take_text(&mut rest, name));
        // The code stands before the sentence here.
        let mark = code.as_ref().map(|code| format!(" [{code}]"));
        let message = message.map(
            |said| match mark.and_then(|mark| said.strip_suffix(&mark)) {
                Some(sentence) => sentence.to_owned(),
                None => said,
            },
        );
        for noise in ["title", "type", "status"] {
            rest.remove(noise);
        }
        let oauth = rest.get("error").and_then(Value::as_str);
        let exit = code
            .as_deref()
            .and_then(Exit::of_code)
            .or_else(|| oauth.and_then(Exit::of_oauth_error))
            .unwrap_or_else(|| Exit::of_status(status));
        let retryable = match rest.remove("retryable") {
            Some(Value::Bool(said)) => said,
            _ => matches!(status, 429 | 502 | 503 | 504),
        };
        if let Some(seconds) = retry_after_s {
            rest.insert(
                "retry_after_ms".to_owned(),
                json!(seconds.saturating_mul(1000)),
            );
        }
        rest.insert("http_status".to_owned(), json!(status));
        Self {
            exit,
            code: code.unwrap_or_else(|| format!("HTTP-{status}")),
            message: message.unwrap_or_else(|| format!("the broker answered with status {status}")),
            retryable,
            rest: Box::new(rest),
        }
    }

    /// The `error` member of the envelope.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        error.insert("retryable".to_owned(), json!(self.retryable));
        error.insert("exit_code".to_owned(), json!(self.exit.code()));
        for (name, value) in self.rest.iter() {
            error.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(error)
    }
}

fn take_text(from: &mut Map<String, Value>, name: &str) -> Option<String> {
    match from.remove(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_token_endpoint_keeps_its_code_and_what_would_pass() {
        let body = json!({"error":"invalid_scope","code":"LCM-SCOPE-REFUSED","request_id":"req_1",
            "retryable":false,"error_description":"ask for less [LCM-SCOPE-REFUSED]","would_pass":{"scope":"a"}});
        let failure = Failure::of_answer(400, None, &body);
        assert_eq!(failure.exit, Exit::Permission);
        assert_eq!(failure.message, "ask for less");
        let error = failure.to_json();
        assert_eq!(error.get("would_pass"), Some(&json!({"scope":"a"})));
        assert_eq!(error.get("error"), Some(&json!("invalid_scope")));
    }

    #[test]
    fn problem_details_keep_the_pointers_and_the_wait_is_in_milliseconds() {
        let body = json!({"type":"about:blank","title":"Unprocessable","status":422,
            "detail":"expected an id","errors":[{"pointer":"/id","detail":"too long"}]});
        let failure = Failure::of_answer(422, Some(2), &body);
        assert_eq!(
            (failure.exit, failure.code.as_str()),
            (Exit::Usage, "HTTP-422")
        );
        assert_eq!(failure.rest.get("retry_after_ms"), Some(&json!(2000)));
        assert!(failure.rest.contains_key("errors"));
        assert!(!failure.rest.contains_key("title"));
    }

    #[test]
    fn an_answer_of_strangers_is_told_by_its_status() {
        let failure = Failure::of_answer(502, None, &Value::Null);
        assert_eq!(failure.message, "the broker answered with status 502");
        assert!(failure.retryable);
    }
}
