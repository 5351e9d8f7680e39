//! `contract §6` in code, tests and docs means a section of the contract that is
//! there, and a heading named behind it is one of that section's.

use crate::tree::{FILES, none, read};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = "docs/contract.md";
/// Citations that there are at least: fewer, and they are not found any more.
const CITATIONS_MIN: usize = 200;

/// A section of the contract.
#[derive(Default)]
struct Section {
    headings: BTreeSet<String>,
    text: String,
}

/// What is cited.
#[derive(Debug, PartialEq, Eq)]
enum Cited {
    /// `§6`.
    Section(u32),
    /// `§6, "Basis"`: a heading of the section.
    Heading(u32, String),
    /// ``§11, `private_key_jwt` ``: a word that stands in it.
    Word(u32, String),
}

#[test]
fn every_section_of_the_contract_that_is_cited_is_there() {
    let sections = sections(&read(PAGE));
    let mut findings = Vec::new();
    let mut citations = 0;
    for file in FILES.iter().filter(|file| file.path != PAGE) {
        for cited in cited(&file.prose()) {
            citations += 1;
            if !stands(&sections, &cited) {
                findings.push(format!("{}: {cited:?}", file.path));
            }
        }
    }
    assert!(citations >= CITATIONS_MIN, "{citations} citations found");
    none("citations of what the contract does not have", &findings);
}

#[test]
fn the_sections_of_the_contract_are_numbered_from_1() {
    let found: Vec<u32> = sections(&read(PAGE)).into_keys().collect();
    let most = u32::try_from(found.len()).unwrap();
    assert_eq!(found, (1..=most).collect::<Vec<_>>());
}

#[test]
fn a_wrong_citation_is_a_finding() {
    let page = "# C\n## §1 One\ntext `word`\n### `Part` of it\n## §2 Two\n";
    let sections = sections(page);
    let wrong = |prose: &str| {
        let cited = cited(prose).into_iter();
        cited.filter(|cited| !stands(&sections, cited)).count()
    };
    for right in [
        "(contract §1, §2; RFC 6749 §5)",
        "Contract §1, \"Part of it\", and §2.",
        "contract §1, `word`",
        "RFC 9 §7, a contract without a number",
    ] {
        assert_eq!(wrong(right), 0, "{right}");
    }
    for flawed in [
        "(contract §3)",
        "contract §1, §4",
        "contract §1 and §4",
        "contract §2, \"Part of it\"",
        "contract §1, \"Nothing\"",
        "contract §2, `word`",
    ] {
        assert_eq!(wrong(flawed), 1, "{flawed}");
    }
    let all = cited("contract §1, §2 and \"Part\"");
    let part = Cited::Heading(2, "Part".into());
    assert_eq!(all, [Cited::Section(1), Cited::Section(2), part]);
}

/// The sections by number.
fn sections(page: &str) -> BTreeMap<u32, Section> {
    let mut found: BTreeMap<u32, Section> = BTreeMap::new();
    let mut current = None;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let number = heading.strip_prefix('§').and_then(number);
            current = number.map(|(number, _)| number);
        }
        let Some(section) = current.map(|number| found.entry(number).or_default()) else {
            continue;
        };
        if let Some(heading) = line.strip_prefix("### ") {
            section.headings.insert(heading.replace('`', ""));
        }
        section.text.push_str(line);
        section.text.push('\n');
    }
    found
}

fn stands(sections: &BTreeMap<u32, Section>, cited: &Cited) -> bool {
    match cited {
        Cited::Section(number) => sections.contains_key(number),
        Cited::Heading(number, heading) => sections
            .get(number)
            .is_some_and(|section| section.headings.contains(&heading.replace('`', ""))),
        Cited::Word(number, word) => sections
            .get(number)
            .is_some_and(|section| section.text.contains(word)),
    }
}

/// What a text cites: behind `contract §`, as long as sections, headings in
/// quotes or words in backticks follow each other.
fn cited(prose: &str) -> Vec<Cited> {
    let mut found = Vec::new();
    for (at, _) in prose.match_indices("ontract §") {
        let mut rest = &prose[at + "ontract ".len()..];
        let mut section = None;
        while let Some((next, behind)) = one(rest, section) {
            section = match &next {
                Cited::Section(number) => Some(*number),
                Cited::Heading(..) | Cited::Word(..) => section,
            };
            found.push(next);
            let joints = [", and ", ", ", " and "];
            let Some(on) = joints.iter().find_map(|joint| behind.strip_prefix(joint)) else {
                break;
            };
            rest = on;
        }
    }
    found
}

/// The citation at the start of a text, and what is behind it.
fn one(text: &str, section: Option<u32>) -> Option<(Cited, &str)> {
    if let Some(rest) = text.strip_prefix('§') {
        let (number, behind) = number(rest)?;
        return Some((Cited::Section(number), behind));
    }
    let section = section?;
    let quoted = |mark: char| text.strip_prefix(mark)?.split_once(mark);
    if let Some((heading, behind)) = quoted('"') {
        return Some((Cited::Heading(section, heading.to_owned()), behind));
    }
    let (word, behind) = quoted('`')?;
    Some((Cited::Word(section, word.to_owned()), behind))
}

fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, behind) = text.split_at(end.unwrap_or(text.len()));
    Some((digits.parse().ok()?, behind))
}
