//! The files: the main one, those it includes, and every value with the file
//! that gave it.

use super::flaw::ConfigFlaw;
use super::reference::{self, ConfigKey, Holds, INCLUDE, OBJECTS};
use super::whole::{FileStamp, whole};
use locum_ambient::files::bounded;
use locum_core::refusal::quoted;
use locum_engine::read::nearest;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Most bytes of a file.
const FILE_MAX: usize = 1 << 22;

/// A value and the file it came from.
#[derive(Debug, Clone)]
pub(super) struct Sourced {
    pub(super) value: Value,
    pub(super) file: PathBuf,
}

/// An entry of an array of objects, as written.
#[derive(Debug, Clone)]
pub(super) struct DeclaredEntry {
    /// The array's name.
    pub(super) array: &'static str,
    /// Its `id`.
    pub(super) id: String,
    pub(super) table: Table,
    pub(super) file: PathBuf,
}

/// Everything that the files say.
#[derive(Debug, Clone, Default)]
pub(super) struct Merged {
    pub(super) values: BTreeMap<&'static str, Sourced>,
    pub(super) entries: Vec<DeclaredEntry>,
}

/// Reads the main file and what it includes, as they stood at one moment.
///
/// # Errors
/// The first flaw, or files that move all the while.
pub(super) fn read(main: &Path) -> Result<Merged, ConfigFlaw> {
    let moving = || {
        let detail = format!(
            "expected files that stand still while they are read, found this one or what its `{INCLUDE}` names changing; put all in place, then read again"
        );
        ConfigFlaw::new(main, detail)
    };
    // One file is read in one go.
    if parse(main, &text(main)?).is_ok_and(|table| !table.contains_key(INCLUDE)) {
        return read_once(main);
    }
    whole(|| look(main), || read_once(main), moving)
}

/// Which files there are, and which each is.
fn look(main: &Path) -> Result<Vec<(PathBuf, Option<FileStamp>)>, ConfigFlaw> {
    // What is no TOML, or includes what cannot be, is said by who reads it.
    let table = parse(main, &text(main)?).unwrap_or_default();
    let mut files = vec![main.to_owned()];
    files.extend(included(main, &table).unwrap_or_default());
    let stamped = files.into_iter().map(|file| {
        let stamp = FileStamp::at(&file);
        let stamp = stamp.map_err(|flaw| ConfigFlaw::new(&file, format!("cannot be read: {flaw}")));
        Ok((file, stamp?))
    });
    stamped.collect()
}

fn read_once(main: &Path) -> Result<Merged, ConfigFlaw> {
    let mut out = Merged::default();
    let table = parse(main, &text(main)?)?;
    let more = included(main, &table)?;
    out.take(main, table)?;
    for file in more {
        let table = parse(&file, &text(&file)?)?;
        if table.contains_key(INCLUDE) {
            let detail = format!("expected `{INCLUDE}` in the main file only, found it here");
            return Err(ConfigFlaw::new(&file, detail));
        }
        out.take(&file, table)?;
    }
    Ok(out)
}

/// A file's text; no more of it is read than it may hold.
fn text(file: &Path) -> Result<String, ConfigFlaw> {
    bounded(file, FILE_MAX).map_err(|flaw| ConfigFlaw::new(file, flaw))
}

/// One file's values, as written.
pub(super) fn parse(file: &Path, text: &str) -> Result<Table, ConfigFlaw> {
    text.parse::<Table>().map_err(|flaw| {
        // Only the message: the parser's display repeats the line.
        let at = flaw.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        let message = flaw.message().lines().collect::<Vec<_>>().join("; ");
        ConfigFlaw::new(
            file,
            format!("expected TOML, found in line {line}: {message}"),
        )
    })
}

/// The files that a main file includes: `dir/*.toml` in the order of their
/// names, or one file by its name.
fn included(main: &Path, table: &Table) -> Result<Vec<PathBuf>, ConfigFlaw> {
    let Some(list) = table.get(INCLUDE) else {
        return Ok(Vec::new());
    };
    let flaw = || ConfigFlaw::new(main, format!("`{INCLUDE}`: expected a list of paths"));
    let mut out = Vec::new();
    for pattern in list.as_array().ok_or_else(flaw)? {
        let pattern = beside(main, pattern.as_str().ok_or_else(flaw)?);
        let name = pattern
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let (Some(folder), Some(name)) = (pattern.parent(), name) else {
            return Err(flaw());
        };
        if folder.to_string_lossy().contains('*') {
            let detail = format!("`{INCLUDE}`: expected `*` in the last part of a path only");
            return Err(ConfigFlaw::new(main, detail));
        }
        match name.split_once('*') {
            None => out.push(pattern),
            Some((before, after)) => out.extend(matching(main, folder, before, after)?),
        }
    }
    Ok(out)
}

fn matching(
    main: &Path,
    folder: &Path,
    before: &str,
    after: &str,
) -> Result<Vec<PathBuf>, ConfigFlaw> {
    let flaw = |flaw: std::io::Error| {
        let folder = folder.display();
        ConfigFlaw::new(
            main,
            format!("`{INCLUDE}`: `{folder}` cannot be read: {flaw}"),
        )
    };
    let mut out = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // A pattern that matches nothing is no flaw.
        Err(none) if none.kind() == std::io::ErrorKind::NotFound => return Ok(out),
        Err(other) => return Err(flaw(other)),
    };
    for entry in entries {
        let path = entry.map_err(flaw)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let fits = name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
            && !name.starts_with('.');
        if fits && path.is_file() {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// A path that a file names: a relative one counts from that file.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    let home = file.parent().filter(|home| !home.as_os_str().is_empty());
    home.unwrap_or_else(|| Path::new(".")).join(path)
}

impl Merged {
    /// Adds what one file says.
    ///
    /// # Errors
    /// The first flaw.
    pub(super) fn take(&mut self, file: &Path, table: Table) -> Result<(), ConfigFlaw> {
        for (name, value) in table {
            match value {
                _ if name == INCLUDE => {}
                // A name in quotes may hold points; no key of ours does.
                _ if name.contains('.') => return Err(unknown(file, &name)),
                Value::Table(inside) if reference::is_table(&name) => {
                    for (inner, value) in inside {
                        self.set(file, &format!("{name}.{inner}"), value)?;
                    }
                }
                value => match OBJECTS.iter().find(|(array, ..)| *array == name) {
                    Some((array, ..)) => self.objects(file, array, value)?,
                    None => self.set(file, &name, value)?,
                },
            }
        }
        Ok(())
    }

    fn set(&mut self, file: &Path, name: &str, value: Value) -> Result<(), ConfigFlaw> {
        let Some(key) = reference::find(name) else {
            return Err(unknown(file, name));
        };
        let value = checked(file, key, value)?;
        let found = Sourced {
            value,
            file: file.to_owned(),
        };
        match self.values.insert(key.name, found) {
            None => Ok(()),
            Some(before) => {
                let before = before.file.display();
                let detail = format!("expected `{name}` once, found it in `{before}` too");
                Err(ConfigFlaw::new(file, detail))
            }
        }
    }

    fn objects(
        &mut self,
        file: &Path,
        array: &'static str,
        value: Value,
    ) -> Result<(), ConfigFlaw> {
        let flaw = |detail: String| ConfigFlaw::new(file, detail);
        let Value::Array(items) = value else {
            return Err(flaw(format!(
                "expected `[[{array}]]`, found something else"
            )));
        };
        for item in items {
            let Value::Table(table) = item else {
                return Err(flaw(format!(
                    "expected `[[{array}]]`, found something else"
                )));
            };
            let id = table.get("id").and_then(Value::as_str).map(str::to_owned);
            let id = id.ok_or_else(|| flaw(format!("expected an `id` in each `[[{array}]]`")))?;
            let same = |entry: &&DeclaredEntry| entry.array == array && entry.id == id;
            if let Some(before) = self.entries.iter().find(same) {
                let (id, before) = (quoted(&id), before.file.display());
                let detail = format!("expected {id} once in `{array}`, found it in `{before}` too");
                return Err(flaw(detail));
            }
            self.entries.push(DeclaredEntry {
                array,
                id,
                table,
                file: file.to_owned(),
            });
        }
        Ok(())
    }
}

/// Whether a text is a host's name or an address block.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        (1..=63).contains(&label.len()) && label.bytes().all(fits)
    };
    let is_name = || matches!(url::Host::parse(text), Ok(url::Host::Domain(_)));
    text.parse::<locum_outgoing::Cidr>().is_ok()
        || (text.len() <= 253 && text.split('.').all(is_label) && is_name())
}

/// A key that is not known, with the nearest one that is.
fn unknown(file: &Path, name: &str) -> ConfigFlaw {
    if reference::is_table(name) {
        return ConfigFlaw::new(file, format!("expected a table `[{name}]`, found a value"));
    }
    ConfigFlaw::new(file, unknown_key(name, reference::names()))
}

/// The sentence about a key that is not known.
pub(super) fn unknown_key<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let near = nearest(name, known).map(|near| format!("; the nearest known one is `{near}`"));
    format!("unknown key {}{}", quoted(name), near.unwrap_or_default())
}

/// The value, if it is what the key holds; a path as it counts.
fn checked(file: &Path, key: &ConfigKey, value: Value) -> Result<Value, ConfigFlaw> {
    let flaw = |expected: &str| {
        let found = match &value {
            Value::String(_) => "another text",
            Value::Integer(_) => "another number",
            other => other.type_str(),
        };
        let name = key.name;
        ConfigFlaw::new(
            file,
            format!("`{name}`: expected {expected}, found {found}"),
        )
    };
    match (key.holds, &value) {
        (Holds::Text, Value::String(text)) if !text.is_empty() => Ok(value),
        (Holds::Text, _) => Err(flaw("a text")),
        (Holds::Path, Value::String(text)) if !text.is_empty() => {
            let path = beside(file, text);
            Ok(Value::String(path.to_string_lossy().into_owned()))
        }
        (Holds::Path, _) => Err(flaw("a path")),
        (Holds::Address, Value::String(text)) if text.parse::<SocketAddr>().is_ok() => Ok(value),
        (Holds::Address, _) => Err(flaw("`address:port` such as `127.0.0.1:8420`")),
        (Holds::Blocks, Value::Array(items)) => {
            let fits = |item: &Value| {
                item.as_str()
                    .is_some_and(|t| t.parse::<locum_outgoing::Cidr>().is_ok())
            };
            if items.iter().all(fits) {
                Ok(value)
            } else {
                Err(flaw(
                    "address blocks such as `10.0.0.0/8` without host bits",
                ))
            }
        }
        (Holds::Blocks, _) => Err(flaw("a list of address blocks")),
        (Holds::Hosts, Value::Array(items)) => {
            let fits = |item: &Value| item.as_str().is_some_and(is_host);
            if items.iter().all(fits) {
                Ok(value)
            } else {
                Err(flaw(
                    "host names such as `api.example` and address blocks such as `10.0.0.0/8`",
                ))
            }
        }
        (Holds::Hosts, _) => Err(flaw("a list of host names and address blocks")),
        (Holds::Whole(least, most), Value::Integer(found)) if (least..=most).contains(found) => {
            Ok(value)
        }
        (Holds::Whole(least, most), _) => {
            Err(flaw(&format!("a whole number from {least} to {most}")))
        }
        (Holds::Flag, Value::Boolean(_)) => Ok(value),
        (Holds::Flag, _) => Err(flaw("`true` or `false`")),
    }
}
