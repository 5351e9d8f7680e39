//! What a command is given to read: files, standard input, durations.

use std::io::{ErrorKind, Read};

use crate::failure::Failure;

/// The most that is read of a file or of standard input, in bytes. Twice the
/// broker's largest body (contract §5), so that its own answer decides.
const MAX_BYTES: u64 = 128 * 1024;

/// Reads a text file, or standard input when the path is `-`.
pub(crate) fn read_text(path: &str) -> Result<String, Failure> {
    read_text_within(path, MAX_BYTES)
}

/// The same with a limit of its own.
pub(crate) fn read_text_within(path: &str, max: u64) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == "-" {
        std::io::stdin().take(max + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(max + 1).read_to_string(&mut text))
    };
    let name = if path == "-" { "standard input" } else { path };
    match read {
        Ok(length) if length as u64 > max => Err(Failure::usage(format!(
            "expected at most {max} bytes in `{name}`, found more"
        ))),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::setup(format!(
            "expected text in the file `{name}`, found no such file"
        ))),
        Err(error) => Err(Failure::setup(format!(
            "expected text in `{name}`, found: {}",
            error.kind()
        ))),
    }
}

/// Parses a duration into whole seconds: `90`, `90s`, `5m`, `8h`, `7d`.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected a duration such as `90s`, `5m`, `8h` or `7d`, found `{text}`");
    let (number, unit) = match text.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        Some((at, _)) => text.split_at(at),
        None => (text, "s"),
    };
    let each: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match number.checked_mul(each) {
        Some(seconds) if (1..=3_153_600_000).contains(&seconds) => Ok(seconds),
        _ => Err(wrong()),
    }
}

/// A point in time so many seconds from now, in RFC 3339.
pub(crate) fn from_now(seconds: u64) -> Result<String, Failure> {
    let now = now();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    now.checked_add(jiff::SignedDuration::from_secs(seconds))
        .map(|then| format!("{then:.0}"))
        .map_err(|_| Failure::usage("expected a nearer end, found one beyond the calendar"))
}

/// Now, Unix seconds.
pub(crate) fn now_s() -> i64 {
    now().as_second()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line is its own clock"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Checks an id before it becomes part of a path, so that it stays one segment.
pub(crate) fn path_id(id: &str) -> Result<&str, Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    let dots = id.chars().all(|c| c == '.');
    if dots || id.len() > 256 || !id.chars().all(allowed) {
        return Err(Failure::usage(format!(
            "expected an id of letters, digits, `-`, `_`, `:` and `.`, found `{id}`"
        )));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn durations_are_read_with_and_without_a_unit() {
        assert_eq!(seconds("90"), Ok(90));
        assert_eq!(seconds("5m"), Ok(300));
        assert_eq!(seconds("7d"), Ok(604_800));
        for wrong in ["", "0", "m", "5 m", "-5", "5w", "99999999999999999999"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_end_is_written_in_rfc_3339_with_whole_seconds() {
        let end = from_now(3_600).unwrap();
        assert_eq!(end.len(), "2026-11-24T10:00:00Z".len(), "{end}");
        assert!(end.ends_with('Z'));
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_the_path() {
        for wrong in ["", ".", "..", "a/b", "a?b", "a%2fb", "a b", "ä"] {
            assert!(path_id(wrong).is_err(), "{wrong}");
        }
        assert_eq!(path_id("dlg_01k").unwrap(), "dlg_01k");
    }

    #[test]
    fn a_missing_file_is_named() {
        let failure = read_text("/nowhere/token").unwrap_err();
        assert!(
            failure.message.contains("`/nowhere/token`"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_and_never_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b'a'; 128 * 1024 + 1]).unwrap();
        assert!(read_text(file.path().to_str().unwrap()).is_err());
    }
}
