//! What the operations listener says of readiness, and what to look at beside it.

use url::Url;

use super::{CheckOutcome, DoctorCheck};
use crate::environment::{Environment, below};
use crate::failure::Failure;
use crate::http::Http;

const READINESS: &str = "readiness";
const REFERENCES: &str = "references";
const STORE: &str = "store";

/// What begins a line about what to look at: a reference that leads nowhere, an
/// issuer whose keys cannot be had, an upstream secret that ends soon, a node that
/// the others cannot fetch from.
const LOOK: [(&str, &str); 4] = [
    ("[!]references ", REFERENCES),
    ("[!]issuers ", "issuers"),
    ("[!]secrets ", "upstream secrets"),
    ("[!]store ", STORE),
];

/// What begins the line about the store that many nodes share, by how it is.
const STORES: [(&str, CheckOutcome); 2] = [
    ("[+]store ok, ", CheckOutcome::Ok),
    ("[-]store ", CheckOutcome::Fail),
];

/// `/readyz` of the operations listener: readiness, and a warning where objects
/// name what is not there.
pub(super) async fn check(environment: &Environment, named: Option<&str>) -> Vec<DoctorCheck> {
    let failed = |failure| vec![DoctorCheck::failed(READINESS, &failure)];
    match environment.operations(named) {
        Ok(Some(url)) => asked(&url).await.unwrap_or_else(failed),
        Ok(None) => {
            let detail = "name the operations listener with --operations";
            vec![DoctorCheck::new(READINESS, CheckOutcome::Skipped, detail)]
        }
        Err(failure) => failed(failure),
    }
}

async fn asked(operations: &Url) -> Result<Vec<DoctorCheck>, Failure> {
    let http = Http::new(operations)?;
    let url = below(operations, "readyz?verbose=references")?;
    let answer = http.send(http.get(url)).await?;
    Ok(told(answer.is_success(), answer.text()))
}

/// What `/readyz` says: `[+]` of a check that is well, `[-]` of one that is not,
/// `[!]` of what to look at.
fn told(ready: bool, text: &str) -> Vec<DoctorCheck> {
    let look = |line: &str| {
        let mut known = LOOK.iter();
        known.find_map(|(begin, name)| Some((*name, line.strip_prefix(begin)?.to_owned())))
    };
    let lines: Vec<&str> = text.lines().filter(|line| look(line).is_none()).collect();
    let outcome = if ready {
        CheckOutcome::Ok
    } else {
        CheckOutcome::Fail
    };
    let mut checks = vec![DoctorCheck::new(READINESS, outcome, lines.join("; "))];
    checks.extend(lines.into_iter().filter_map(store));
    let warnings = text.lines().filter_map(look);
    checks
        .extend(warnings.map(|(name, detail)| DoctorCheck::new(name, CheckOutcome::Warn, detail)));
    checks
}

/// The line about the store, where there is one: a broker alone has none.
fn store(line: &str) -> Option<DoctorCheck> {
    let mut known = STORES.iter();
    known.find_map(|(begin, outcome)| {
        let detail = line.strip_prefix(begin)?;
        Some(DoctorCheck::new(STORE, *outcome, detail))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_of_an_object_that_leads_nowhere_is_a_warning_of_its_own() {
        let line = "/agents/a/ceiling/0/scopes: expected scopes, found `x`";
        let other = "/agents/b/owner: expected a client";
        let text = format!(
            "[+]ledger ok\n[+]references ok, 2 lead nowhere\n[!]references {line}\n[!]references {other}\nready\n"
        );
        let checks = told(true, &text);
        let shown: Vec<_> = checks
            .iter()
            .map(|check| (check.name, check.outcome, check.detail.as_str()))
            .collect();
        let ready = "[+]ledger ok; [+]references ok, 2 lead nowhere; ready";
        assert_eq!(
            shown,
            [
                (READINESS, CheckOutcome::Ok, ready),
                (REFERENCES, CheckOutcome::Warn, line),
                (REFERENCES, CheckOutcome::Warn, other)
            ]
        );
        let line = "corp: keys: expected status 200, found 404; look";
        let checks = told(
            true,
            &format!("[+]issuers ok, x\n[!]issuers {line}\nready\n"),
        );
        let shown = checks
            .last()
            .map(|c| (c.name, c.outcome, c.detail.as_str()));
        assert_eq!(shown, Some(("issuers", CheckOutcome::Warn, line)));
        assert_eq!(told(true, "[+]references ok\nready\n").len(), 1);
        assert_eq!(told(false, "[-]ledger cannot be written\n").len(), 1);
    }

    #[test]
    fn the_store_of_many_nodes_is_a_check_of_its_own_and_a_node_without_a_peer_is_a_warning() {
        let shown = |ready, text: &str| {
            let checks = told(ready, text).into_iter();
            let each = checks.map(|check| (check.name, check.outcome, check.detail));
            each.skip(1).collect::<Vec<_>>()
        };
        let well = "3 nodes live, the state is 120 ms old";
        let peer = "`store.peer` is not set";
        let text = format!("[+]keys ok\n[+]store ok, {well}\n[!]store {peer}\nready\n");
        assert_eq!(
            shown(true, &text),
            [
                (STORE, CheckOutcome::Ok, well.to_owned()),
                (STORE, CheckOutcome::Warn, peer.to_owned())
            ]
        );
        let old = "the state is 4.2 s old";
        let text = format!("[-]store {old}\nnot ready\n");
        let fails = (STORE, CheckOutcome::Fail, old.to_owned());
        assert_eq!(shown(false, &text), [fails]);
        assert_eq!(shown(true, "[+]keys ok\nready\n"), []);
    }
}
