//! Secrets: from a file that the configuration names, or from the environment,
//! and from nowhere else (contract §14).

use super::Config;
use super::flaw::ConfigFlaw;
use super::strength::{BITS_MIN, is_strong};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use locum_ambient::files::private;
use locum_core::secret::Secret;
use std::path::Path;

/// The master key, 32 bytes in base64.
pub(crate) const MASTER_KEY: &str = "LOCUM_MASTER_KEY";
/// The first administrator's bearer token.
pub(crate) const BOOTSTRAP_TOKEN: &str = "LOCUM_BOOTSTRAP_TOKEN";
/// Begins the name of a client's secret; its id in capitals follows, `-` as `_`.
pub(crate) const CLIENT_SECRET: &str = "LOCUM_CLIENT_SECRET_";

/// Makes a secret that every client can present.
pub(super) const MAKE: &str = "head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d =";

/// Longest secret, in bytes.
const SECRET_MAX: usize = 4096;
/// Bytes of the master key.
const MASTER_BYTES: usize = 32;

/// The environment, as the reader of secrets sees it.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of the process.
pub(crate) fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where `serve` reads secrets from the environment"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The name of a client's secret in the environment. Ids have no `_`, so two
/// never share a name.
pub(crate) fn client_secret_name(id: &str) -> String {
    format!(
        "{CLIENT_SECRET}{}",
        id.to_ascii_uppercase().replace('-', "_")
    )
}

/// A secret: one line of a file, or of the environment; `None` when neither
/// has it.
///
/// # Errors
/// Both, an empty one, or a file that cannot be read.
pub(crate) fn read(
    config: &Path,
    key: &str,
    file: Option<&Path>,
    from: (&str, Environment<'_>),
) -> Result<Option<Secret<String>>, ConfigFlaw> {
    let text = text(config, key, file, from)?;
    text.map(|text| line(config, key, &text)).transpose()
}

/// What the file holds, or the environment.
fn text(
    config: &Path,
    key: &str,
    file: Option<&Path>,
    (name, environment): (&str, Environment<'_>),
) -> Result<Option<Secret<String>>, ConfigFlaw> {
    let flaw = |detail: String| ConfigFlaw::new(config, detail);
    let text = match (file, environment(name)) {
        (Some(_), Some(_)) => {
            return Err(flaw(format!("expected `{key}` or `{name}`, found both")));
        }
        (None, None) => return Ok(None),
        (None, Some(value)) => value,
        (Some(file), None) => private(file, SECRET_MAX + 2)
            .map_err(|found| flaw(format!("`{key}`: `{}`: {found}", file.display())))?,
    };
    Ok(Some(Secret::new(text)))
}

/// The one line that a text is.
fn line(config: &Path, key: &str, text: &Secret<String>) -> Result<Secret<String>, ConfigFlaw> {
    let secret = text.expose().trim();
    let fits = !secret.is_empty()
        && secret.len() <= SECRET_MAX
        && secret.bytes().all(|b| (0x21..=0x7e).contains(&b));
    if !fits {
        let detail = format!("`{key}`: expected one line of printable ASCII, found something else");
        return Err(ConfigFlaw::new(config, detail));
    }
    Ok(Secret::new(secret.to_owned()))
}

/// A secret that is presented to Locum: one that cannot be guessed.
///
/// # Errors
/// Those of [`read`], and one that is too weak to keep anybody out.
pub(crate) fn presented(
    config: &Path,
    key: &str,
    file: Option<&Path>,
    from: (&str, Environment<'_>),
) -> Result<Option<Secret<String>>, ConfigFlaw> {
    let found = read(config, key, file, from)?;
    found.map(|secret| strong(config, key, secret)).transpose()
}

fn strong(config: &Path, key: &str, secret: Secret<String>) -> Result<Secret<String>, ConfigFlaw> {
    if is_strong(secret.expose()) {
        return Ok(secret);
    }
    let detail = format!(
        "`{key}`: expected a secret of at least {BITS_MIN} bits, found a weaker one; make one with `{MAKE}`"
    );
    Err(ConfigFlaw::new(config, detail))
}

/// The master key of a configuration.
///
/// # Errors
/// None, or not 32 bytes.
pub(crate) fn master(
    config: &Config,
    environment: Environment<'_>,
) -> Result<[u8; MASTER_BYTES], ConfigFlaw> {
    let key = "keys.master_key_file";
    let file = config.settings.keys.master_key_file.as_deref();
    let flaw = |detail: &str| ConfigFlaw::new(&config.file, format!("`{key}`: {detail}"));
    let found = read(&config.file, key, file, (MASTER_KEY, environment))?;
    let text =
        found.ok_or_else(|| flaw(&format!("expected a file, or `{MASTER_KEY}`, found none")))?;
    master_key(&text).map_err(|detail| flaw(&detail))
}

/// The first administrator's token, if there is one: an empty file is none, so
/// that emptying it takes the token away.
///
/// # Errors
/// One that cannot be read, or is too weak to keep anybody out.
pub(crate) fn bootstrap(
    config: &Path,
    file: Option<&Path>,
    environment: Environment<'_>,
) -> Result<Option<Secret<String>>, ConfigFlaw> {
    let key = "admin.bootstrap_token_file";
    let found = text(config, key, file, (BOOTSTRAP_TOKEN, environment))?;
    let found = found.filter(|text| !text.expose().trim().is_empty());
    let secret = found.map(|text| line(config, key, &text)).transpose()?;
    secret.map(|secret| strong(config, key, secret)).transpose()
}

/// The 32 bytes of a master key from its base64, with or without padding, of
/// either alphabet.
///
/// # Errors
/// What was expected; nothing of what was found but its length.
pub(crate) fn master_key(text: &Secret<String>) -> Result<[u8; 32], String> {
    let lax = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text = text.expose().replace('-', "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, lax)
        .decode(text)
        .map_err(|_| format!("expected {MASTER_BYTES} bytes in base64, found no base64"))?;
    let found = bytes.len();
    bytes
        .try_into()
        .map_err(|_| format!("expected {MASTER_BYTES} bytes in base64, found {found}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn key(text: &str) -> Result<[u8; 32], String> {
        master_key(&Secret::new(text.to_owned()))
    }

    #[test]
    fn a_master_key_is_32_bytes_in_either_base64() {
        let plain = "-_".repeat(21) + "8";
        assert_eq!(
            key(&plain).unwrap(),
            key(&plain.replace('-', "+").replace('_', "/")).unwrap()
        );
        assert_eq!(key(&"A".repeat(43)).unwrap(), [0; 32]);
        assert_eq!(key(&("A".repeat(43) + "=")).unwrap(), [0; 32]);
        assert!(key("AAAA").unwrap_err().contains("found 3"));
        assert!(key("not base64!").is_err());
    }

    #[test]
    fn a_secret_stands_in_one_place_and_no_error_repeats_it() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("secret");
        let config = Path::new("locum.toml");
        let with = |value: Option<&str>, file: Option<&Path>| {
            let value = value.map(str::to_owned);
            read(config, "k_file", file, ("K", &move |_| value.clone()))
        };
        std::fs::write(&file, "s3cret\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(with(None, Some(&file)).unwrap().unwrap().expose(), "s3cret");
        assert_eq!(
            with(Some("other"), None).unwrap().unwrap().expose(),
            "other"
        );
        assert!(with(None, None).unwrap().is_none());
        let both = with(Some("other"), Some(&file)).err().unwrap().to_string();
        assert!(
            both.contains("found both") && !both.contains("s3cret"),
            "{both}"
        );
        std::fs::write(&file, "two\nlines").unwrap();
        let lines = with(None, Some(&file)).err().unwrap().to_string();
        assert!(!lines.contains("two"), "{lines}");
        assert_eq!(client_secret_name("sap-rs"), "LOCUM_CLIENT_SECRET_SAP_RS");
    }

    #[test]
    fn a_secret_that_is_presented_has_128_bits_and_an_empty_bootstrap_token_is_none() {
        let config = Path::new("locum.toml");
        let with = |value: &str| {
            let value = Some(value.to_owned()).filter(|value| !value.is_empty());
            presented(config, "k_file", None, ("K", &move |_| value.clone()))
        };
        assert!(with("").unwrap().is_none());
        assert!(with("9f86d081884c7d659a2feaa0c55ad015").unwrap().is_some());
        let weak = with("9f86d081884c7d65").err().unwrap().to_string();
        assert!(
            weak.contains("at least 128 bits") && !weak.contains("9f86"),
            "{weak}"
        );
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("token");
        let token = |text: &str| {
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            bootstrap(config, Some(&file), &|_| None)
        };
        assert!(token("\n").unwrap().is_none());
        assert!(
            token("9f86d081884c7d659a2feaa0c55ad015\n")
                .unwrap()
                .is_some()
        );
        assert!(token("at-least-16-char").is_err());
        std::fs::remove_file(&file).unwrap();
        assert!(bootstrap(config, Some(&file), &|_| None).is_err());
    }
}
