//! Files of a crate that see each other in a circle: few, so that each can be
//! read without the rest of its crate (architecture, "Rooms").

use crate::tree::{RUST, none};
use std::collections::{BTreeMap, BTreeSet};

/// Most files of a circle.
const MOST: usize = 6;

/// A module: its names below the crate's root.
type Module = Vec<String>;

/// The modules of a crate, each with those it names.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_circle_of_files_is_larger_than_six() {
    let mut findings = Vec::new();
    for (room, files) in rooms() {
        let largest = largest(&graph(&files));
        if largest > MOST {
            findings.push(format!("{room}: {largest} files, at most {MOST}"));
        }
    }
    none("circles of files", &findings);
}

#[test]
fn a_circle_is_found_however_its_files_name_each_other() {
    let files = [
        (module("a"), "use crate::b::Thing;"),
        (module("b"), "fn f() { super::c::g() }"),
        (module("c"), "use super::{d, a::{self, Other}};"),
        (module("d"), "use std::fmt;"),
    ];
    let files = files.map(|(module, code)| (module, code.to_owned()));
    assert_eq!(largest(&graph(&files)), 3);
    assert_eq!(largest(&graph(&files[2..])), 1);
}

fn module(name: &str) -> Module {
    vec![name.to_owned()]
}

/// The files of each crate that are no tests, by module.
fn rooms() -> BTreeMap<String, Vec<(Module, String)>> {
    let mut out: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for file in RUST.iter().filter(|file| !file.is_test) {
        let inside = file.path.strip_prefix("broker/");
        let parts = inside.and_then(|path| path.strip_suffix(".rs")?.split_once("/src/"));
        let Some((room, path)) = parts else {
            continue;
        };
        let mut module: Module = path.split('/').map(str::to_owned).collect();
        let last = module.last().map(String::as_str);
        if matches!(last, Some("mod" | "lib" | "main")) {
            module.pop();
        }
        let code = file.code.split("#[cfg(test)]\nmod tests {").next();
        out.entry(room.to_owned())
            .or_default()
            .push((module, code.unwrap_or_default().to_owned()));
    }
    out
}

fn graph(files: &[(Module, String)]) -> Graph {
    let known: BTreeSet<&Module> = files.iter().map(|(module, _)| module).collect();
    let mut out = Graph::new();
    for (module, code) in files {
        let named = paths(code).into_iter().filter_map(|path| {
            let mut full = absolute(module, &path, &known)?;
            while !known.contains(&full) {
                full.pop()?;
            }
            Some(full)
        });
        let others = named.filter(|other| other != module).collect();
        out.insert(module.clone(), others);
    }
    out
}

/// A path from the crate's root; `None` where it leads out of the crate.
fn absolute(module: &Module, path: &str, known: &BTreeSet<&Module>) -> Option<Module> {
    let mut names = path.split("::").map(str::to_owned).peekable();
    let mut base = match names.peek()?.as_str() {
        "crate" => Module::new(),
        "self" | "super" => module.clone(),
        first => {
            let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            known.contains(&child).then(|| module.clone())?
        }
    };
    for name in names {
        match name.as_str() {
            "crate" | "self" => {}
            "super" => {
                base.pop();
            }
            _ => base.push(name),
        }
    }
    Some(base)
}

/// The paths that code names: what it uses, each written out, and what it names
/// on the spot.
fn paths(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = String::new();
    for (number, part) in code.split("use ").enumerate() {
        match part.split_once(';') {
            Some((tree, after)) if number > 0 => {
                let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
                written_out("", &tree, &mut out);
                rest.push_str(after);
            }
            _ => rest.push_str(part),
        }
    }
    for word in rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
        if ["crate::", "super::", "self::"]
            .iter()
            .any(|head| word.starts_with(head))
        {
            out.push(word.trim_end_matches(':').to_owned());
        }
    }
    out
}

/// `a::{b, c::{self, d as e}}` as `a::b`, `a::c::self`, `a::c::d`.
fn written_out(before: &str, tree: &str, out: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let ends = tree.char_indices().chain([(tree.len(), ',')]);
    for (at, c) in ends {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let one = tree[start..at].trim();
                start = at + 1;
                match one.split_once('{') {
                    Some((head, inside)) => {
                        let inside = inside.strip_suffix('}').unwrap_or(inside);
                        written_out(&format!("{before}{head}"), inside, out);
                    }
                    None if !one.is_empty() => {
                        let plain = one.split(" as ").next().unwrap_or(one);
                        out.push(format!("{before}{plain}"));
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }
}

/// Files of the largest set of which each leads to each.
fn largest(graph: &Graph) -> usize {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|from| (from, reached(graph, from)))
        .collect();
    let circle = |from: &Module| {
        let back = |to: &&&Module| reach.get(**to).is_some_and(|set| set.contains(from));
        reach
            .get(from)
            .map_or(0, |to| to.iter().filter(back).count())
    };
    graph.keys().map(circle).max().unwrap_or(0).max(1)
}

fn reached<'a>(graph: &'a Graph, from: &Module) -> BTreeSet<&'a Module> {
    let mut out = BTreeSet::new();
    let mut open: Vec<&Module> = graph.get(from).into_iter().flatten().collect();
    while let Some(next) = open.pop() {
        if out.insert(next) {
            open.extend(graph.get(next).into_iter().flatten());
        }
    }
    out
}
