//! Pages under `docs/reference` that are made from the code: compared by a
//! test, written anew with `LOCUM_BLESS`.

use std::fs;
use std::path::Path;

/// From this line on a page is made; what stands before it is written by hand.
pub const MARK: &str = "<!-- Made from the code from here on:
     LOCUM_BLESS=1 cargo test --workspace reference -->
";

/// Holds `docs/reference/<name>` to what the code says.
///
/// # Panics
/// When the page is stale.
pub fn is_whole(name: &str, fresh: &str) {
    check(name, |_| fresh.to_owned());
}

/// Holds the part of the page behind the mark to what the code says, and gives
/// the part before it.
///
/// # Panics
/// When the page is stale.
pub fn is_behind_the_mark(name: &str, fresh: &str) -> String {
    let before = |kept: &str| kept.split(MARK).next().unwrap_or_default().to_owned();
    let kept = check(name, |kept| format!("{}{MARK}\n{fresh}", before(kept)));
    before(&kept)
}

fn check(name: &str, fresh: impl Fn(&str) -> String) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference")
        .join(name);
    let read = || fs::read_to_string(&path).unwrap_or_default();
    #[expect(clippy::disallowed_methods, reason = "the switch that blesses")]
    let bless = std::env::var_os("LOCUM_BLESS").is_some();
    if bless {
        assert!(fs::write(&path, fresh(&read())).is_ok(), "{name}");
    }
    let kept = read();
    assert!(
        kept == fresh(&kept),
        "docs/reference/{name} is stale: run `LOCUM_BLESS=1 cargo test --workspace reference`"
    );
    kept
}
