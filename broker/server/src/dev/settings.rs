//! The `locum.toml` of a dev world: settings alone. Its objects are recorded as
//! an administrator's, so that nothing is managed by file (contract §12).

use locum_ambient::files::write_private;
use locum_demo::Addresses;
use locum_demo::places::Places;
use std::io;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Its name in the data folder.
const FILE: &str = "locum.toml";
/// Days that a demo key signs: as long as there may be, so that a world which
/// was left alone for a while is found as it was.
const ROTATE_DAYS: i64 = 3_650;
/// Networks of loopback: there alone the demo world is.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

/// Where the downstream systems of the demo world are.
const DOWNSTREAM: &str = "127.0.0.1/32";

/// Writes the settings anew; where they are, and their text. `rate`: requests that a client may
/// make in a second, without a limit where it is `None`.
///
/// # Errors
/// Whatever the file system says.
pub(super) fn write(
    data: &Path,
    (at, bound): (&Addresses, &Places),
    rate: Option<u32>,
) -> io::Result<(PathBuf, String)> {
    let file = data.join(FILE);
    let text = format!(
        "# Written by `locum dev` at every start.\n{}",
        settings(data, (at, bound), rate)
    );
    write_private(&file, text.as_bytes())?;
    Ok((file, text))
}

fn settings(data: &Path, (at, bound): (&Addresses, &Places), rate: Option<u32>) -> Table {
    let table = |members: Vec<(&str, Value)>| -> Value {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Value::Table(members.collect())
    };
    let listen = vec![
        ("public", bound.public.to_string().into()),
        ("operations", bound.operations.to_string().into()),
    ];
    let limits = vec![(
        "requests_per_client_per_s",
        i64::from(rate.unwrap_or(0)).into(),
    )];
    let loopback = LOOPBACK.map(Value::from).to_vec();
    let mut out = Table::new();
    out.insert("issuer".into(), at.issuer.as_str().into());
    let mut downstream = vec![("allow", vec![Value::from(DOWNSTREAM)].into())];
    if let Some(ca) = &at.ca {
        let file = ca.file.display().to_string();
        downstream.push(("ca_file", file.clone().into()));
        out.insert("trust".into(), table(vec![("ca_file", file.into())]));
    }
    let keys = vec![("rotate_days", ROTATE_DAYS.into())];
    out.insert("keys".into(), table(keys));
    out.insert("data_dir".into(), data.display().to_string().into());
    out.insert("listen".into(), table(listen));
    out.insert("limits".into(), table(limits));
    out.insert(
        "network".into(),
        table(vec![("allow_private", loopback.into())]),
    );
    out.insert("downstream".into(), table(downstream));
    out.insert(
        "grants".into(),
        table(vec![("allow_administrator", true.into())]),
    );
    out
}
