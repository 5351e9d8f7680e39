//! What `locum dev` prints: what there is and what to type next. No secret.

use super::Addresses;
use super::cast::{AGENTS, PEOPLE, TARGETS};
use std::path::Path;
use std::time::Duration;

/// Width of the middle column.
const WIDE: usize = 45;

/// The first lines, once everything is bound. `data` is `None` for a temporary
/// folder.
pub fn banner(version: &str, data: Option<&Path>, at: &Addresses) -> String {
    let kept = match data {
        Some(path) => format!("data in {}", path.display()),
        None => "data in a temporary folder, thrown away on exit".to_owned(),
    };
    let agents: Vec<_> = AGENTS.iter().map(|a| a.id).collect();
    let targets: Vec<_> = TARGETS.iter().map(|t| t.id).collect();
    let host = at
        .demo
        .split_once("://")
        .map_or(at.demo.as_str(), |(_, host)| host);
    [
        format!("Locum {version} · dev · {kept} · never for production"),
        format!("  issuer     {}", at.issuer),
        row("people", &people(), "passwords: locum dev env"),
        row(
            "agents",
            &agents.join("  "),
            "certified, owners set, demo keys",
        ),
        row(
            "targets",
            &targets.join("  "),
            &format!("answering on {host}"),
        ),
        row(
            "vendors",
            &vendors(),
            "emulated, with credentials of their own",
        ),
        format!("  next       {}", next()),
        String::new(),
    ]
    .join("\n")
}

/// The last line of the start.
pub fn ready_line(took: Duration) -> String {
    format!("ready in {:.1} s\n", took.as_secs_f64())
}

fn next() -> &'static str {
    "eval \"$(locum dev env)\" && locum token --as ada --agent invoice-agent --for sap --scope invoice.read"
}

fn row(name: &str, what: &str, note: &str) -> String {
    format!("  {name:<10} {what:<WIDE$}  {note}")
}

/// Targets of the agents that are none of the demo's own: the emulators.
fn vendors() -> String {
    let all = AGENTS.iter().flat_map(|agent| agent.ceiling);
    let mut names: Vec<_> = all.map(|entry| entry.target).collect();
    names.retain(|name| TARGETS.iter().all(|target| target.id != *name));
    names.dedup();
    names.join("  ")
}

/// `ada, bob (staff), eve (not staff)`.
fn people() -> String {
    let of = |staff: bool| {
        let names: Vec<_> = PEOPLE
            .iter()
            .filter(|p| p.groups.contains(&"staff") == staff)
            .map(|p| p.name)
            .collect();
        names.join(", ")
    };
    format!("{} (staff), {} (not staff)", of(true), of(false))
}

#[cfg(test)]
mod tests {
    use super::super::test_world;
    use super::*;

    #[test]
    fn the_banner_says_what_there_is_and_what_to_type() {
        let text = banner("0.1.0", None, &test_world::addresses());
        let expected = "\
Locum 0.1.0 · dev · data in a temporary folder, thrown away on exit · never for production
  issuer     http://127.0.0.1:8420
  people     ada, bob (staff), eve (not staff)              passwords: locum dev env
  agents     invoice-agent  hr-agent  soc-agent             certified, owners set, demo keys
  targets    sap  workday  firewall                         answering on 127.0.0.1:8421
  vendors    sap-btp  workday-hr  panorama                  emulated, with credentials of their own
  next       eval \"$(locum dev env)\" && locum token --as ada --agent invoice-agent --for sap --scope invoice.read
";
        assert_eq!(text, expected);
        assert_eq!(ready_line(Duration::from_millis(412)), "ready in 0.4 s\n");
    }

    #[test]
    fn a_kept_folder_is_named() {
        let text = banner(
            "0.1.0",
            Some(Path::new("/srv/locum")),
            &test_world::addresses(),
        );
        assert!(text.contains("data in /srv/locum · never"), "{text}");
    }
}
