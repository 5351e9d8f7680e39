//! Links lead somewhere: to a file that is there, and to a heading in it.

use crate::tree::{FILES, File, exists, none, read, sample};
use std::collections::BTreeSet;

#[test]
fn every_link_in_the_docs_leads_somewhere() {
    let pages = FILES.iter().filter(|file| file.path.ends_with(".md"));
    let findings: Vec<_> = pages.flat_map(astray).collect();
    none("links that lead nowhere", &findings);
}

#[test]
fn every_heading_that_is_named_by_its_anchor_is_there() {
    let findings: Vec<_> = FILES.iter().flat_map(unanchored).collect();
    none("anchors that lead nowhere", &findings);
}

#[test]
fn a_link_that_leads_nowhere_is_a_finding() {
    let page = |text| sample("docs/concepts.md", &format!("## Chain\n{text}"));
    for (text, flaws) in [
        (
            "[a](GLOSSARY.md), [b](#chain), [c](https://x.example/#y)",
            0,
        ),
        ("[a](NOSUCH.md)", 1),
        (
            "[a](reference/limits.md#tokens) [b](reference/limits.md#no-such)",
            1,
        ),
        ("[a](#no-such)", 1),
    ] {
        assert_eq!(astray(&page(text)).len(), flaws, "{text}");
    }
    let code = |text| sample("broker/core/src/x.rs", text);
    for (text, flaws) in [
        ("// see limits.md#tokens and https://x.example/y.md#z", 0),
        ("// see docs/reference/limits.md#no-such", 1),
        ("// see nosuch.md#tokens", 1),
        ("let text = \"limits.md#no-such\";", 0),
    ] {
        assert_eq!(unanchored(&code(text)).len(), flaws, "{text}");
    }
}

/// Links of a page to files or headings that are not there.
fn astray(page: &File) -> Vec<String> {
    let mut findings = Vec::new();
    for (at, mark) in page.text.match_indices("](") {
        let link = page.text[at + mark.len()..].split([')', ' ']).next();
        let link = link.unwrap_or_default();
        if link.contains("://") || link.starts_with("mailto:") {
            continue;
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let text = match path {
            "" => Some(page.text.clone()),
            path => Some(resolve(home(page), path))
                .filter(|path| exists(path))
                .map(|path| {
                    if anchor.is_empty() {
                        String::new()
                    } else {
                        read(&path)
                    }
                }),
        };
        match text {
            None => findings.push(format!("{}: {link}", page.path)),
            Some(text) if !anchor.is_empty() && !anchors(&text).contains(anchor) => {
                findings.push(format!("{}: {link}: no such heading", page.path));
            }
            Some(_) => {}
        }
    }
    findings
}

/// A page and an anchor that a file names, in a link or not, where no page of
/// that name has such a heading.
fn unanchored(file: &File) -> Vec<String> {
    let prose = file.prose();
    let mut findings = Vec::new();
    for (at, mark) in prose.match_indices(".md#") {
        let inside = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
        let head = &prose[..at];
        let start = head.rfind(|c| !inside(c)).map_or(0, |before| {
            before + head[before..].chars().next().map_or(1, char::len_utf8)
        });
        let name = format!("{}.md", &head[start..]);
        let tail = &prose[at + mark.len()..];
        let anchor: String = tail
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
            .collect();
        if name.contains("://") || anchor.is_empty() {
            continue;
        }
        if !named(home(file), &name).any(|page| anchors(&page.text).contains(&anchor)) {
            findings.push(format!("{}: {name}#{anchor}", file.path));
        }
    }
    findings
}

/// The pages that a name may mean in a file of that folder: the path as it is,
/// the path from there, or any page whose path ends so.
pub(crate) fn named<'a>(
    home: &str,
    name: &'a str,
) -> impl Iterator<Item = &'static File> + use<'a> {
    let from_here = resolve(home, name);
    let end = format!(
        "/{}",
        name.trim_start_matches("../").trim_start_matches("./")
    );
    FILES.iter().filter(move |page| {
        page.path == name || page.path == from_here || page.path.ends_with(&end)
    })
}

fn home(file: &File) -> &str {
    file.path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn resolve(home: &str, path: &str) -> String {
    let mut parts: Vec<&str> = home.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let heading = |line: &str| {
        line.starts_with('#').then(|| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
    };
    text.lines().filter_map(heading).collect()
}
