//! A naive second opinion: an object means the set of concrete acts it permits.
//!
//! Each value's acts are written down by hand, nothing is parsed or compared as the
//! code under test does it: within is inclusion of enumerated sets.

use super::super::Catalogue;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A field: its name, rule, and per value the points of its little universe it permits.
pub(super) struct Field {
    pub(super) name: &'static str,
    rule: (&'static str, &'static str),
    pub(super) values: Vec<(Json, Vec<u8>)>,
    points: u8,
}

/// The types of the little world and their fields.
pub(super) fn world() -> &'static [(&'static str, Vec<Field>)] {
    static WORLD: LazyLock<[(&str, Vec<Field>); 3]> = LazyLock::new(|| {
        [
            ("a", vec![company(), path(), marks(), count()]),
            ("b", vec![floor(), when(), net()]),
            ("c", vec![exact(), most(), least(), same()]),
        ]
    });
    WORLD.as_slice()
}

pub(super) fn catalogue() -> Catalogue {
    let rule = |field: &Field| json!({"type": field.rule.0, "narrow": field.rule.1});
    let fields = |fields: &[Field]| -> Json {
        fields
            .iter()
            .map(|f| (f.name.to_owned(), rule(f)))
            .collect()
    };
    let types = world();
    let json: Json = types
        .iter()
        .map(|(kind, of)| ((*kind).to_owned(), fields(of)))
        .collect();
    serde_json::from_value(json).unwrap()
}

fn field(
    name: &'static str,
    rule: (&'static str, &'static str),
    points: u8,
    values: &[(Json, &[u8])],
) -> Field {
    let values = values
        .iter()
        .map(|(json, acts)| (json.clone(), acts.to_vec()));
    Field {
        name,
        rule,
        values: values.collect(),
        points,
    }
}

fn company() -> Field {
    field(
        "company",
        ("string", "equal"),
        2,
        &[(json!("x"), &[0]), (json!("X"), &[1])],
    )
}

/// Points: `/`, `/a`, `/a/`, `/a/b`, `/ab`, `/a/b/c`.
fn path() -> Field {
    field(
        "path",
        ("string", "prefix"),
        6,
        &[
            (json!("/"), &[0, 1, 2, 3, 4, 5]),
            (json!("/a"), &[1, 2, 3, 5]),
            (json!("/a/"), &[2, 3, 5]),
            (json!("/a/b"), &[3, 5]),
            (json!("/ab"), &[4]),
        ],
    )
}

fn marks() -> Field {
    field(
        "marks",
        ("strings", "subset"),
        3,
        &[
            (json!(["p"]), &[0]),
            (json!(["q"]), &[1]),
            (json!(["q", "p"]), &[0, 1]),
            (json!(["q", "r"]), &[1, 2]),
            (json!(["p", "q", "r"]), &[0, 1, 2]),
        ],
    )
}

fn count() -> Field {
    field(
        "count",
        ("integer", "at_most"),
        3,
        &[
            (json!(0), &[0]),
            (json!(1), &[0, 1]),
            (json!(2), &[0, 1, 2]),
        ],
    )
}

/// Points: 0, 0.5, 9, 10.
fn floor() -> Field {
    field(
        "floor",
        ("decimal", "at_least"),
        4,
        &[
            (json!("0"), &[0, 1, 2, 3]),
            (json!("0.00"), &[0, 1, 2, 3]),
            (json!("0.50"), &[1, 2, 3]),
            (json!("9"), &[2, 3]),
            (json!("10.0"), &[3]),
        ],
    )
}

/// Points: midnight UTC and the three hours after it.
fn when() -> Field {
    let span = |from: &str, to: &str| json!({"not_before": from, "not_after": to});
    field(
        "when",
        ("time_span", "within"),
        4,
        &[
            (
                span("2026-01-01T00:00:00Z", "2026-01-01T03:00:00Z"),
                &[0, 1, 2, 3],
            ),
            (
                span("2026-01-01T01:00:00+01:00", "2026-01-01T01:00:00.0Z"),
                &[0, 1],
            ),
            (
                span("2025-12-31T20:00:00-05:00", "2025-12-31T20:30:00-05:30"),
                &[1, 2],
            ),
            (span("2026-01-01T02:00:00Z", "2026-01-01T02:00:00Z"), &[2]),
        ],
    )
}

/// Points: `10.0.0.0` to `10.0.0.3`, `::a00:0`, `::a00:1`.
fn net() -> Field {
    field(
        "net",
        ("cidr", "within"),
        6,
        &[
            (json!("10.0.0.0/30"), &[0, 1, 2, 3]),
            (json!("10.0.0.0/31"), &[0, 1]),
            (json!("10.0.0.2/31"), &[2, 3]),
            (json!("10.0.0.1/32"), &[1]),
            (json!("::a00:0/127"), &[4, 5]),
            (json!("::a00:1/128"), &[5]),
        ],
    )
}

/// Points: 1, 1.5.
fn exact() -> Field {
    field(
        "exact",
        ("decimal", "equal"),
        2,
        &[
            (json!("1"), &[0]),
            (json!("1.00"), &[0]),
            (json!("1.50"), &[1]),
        ],
    )
}

/// Points: 0, 4200, 4200.01.
fn most() -> Field {
    field(
        "most",
        ("decimal", "at_most"),
        3,
        &[
            (json!("0.0"), &[0]),
            (json!("4200.00"), &[0, 1]),
            (json!("4200"), &[0, 1]),
            (json!("4200.01"), &[0, 1, 2]),
        ],
    )
}

fn least() -> Field {
    field(
        "least",
        ("integer", "at_least"),
        3,
        &[
            (json!(0), &[0, 1, 2]),
            (json!(1), &[1, 2]),
            (json!(2), &[2]),
        ],
    )
}

fn same() -> Field {
    field(
        "same",
        ("integer", "equal"),
        2,
        &[(json!(0), &[0]), (json!(1), &[1])],
    )
}

/// The acts an object permits: one point per field, all combinations; a field it
/// lacks permits all points.
fn acts(object: &Json) -> BTreeSet<Vec<u8>> {
    let types = world();
    let (_, fields) = types
        .iter()
        .find(|(kind, _)| object["type"] == *kind)
        .unwrap();
    let mut all = BTreeSet::from([Vec::new()]);
    for field in fields {
        let points = match object.get(field.name) {
            Some(json) => {
                let known = field.values.iter().find(|(value, _)| value == json);
                known.unwrap().1.clone()
            }
            None => (0..field.points).collect(),
        };
        let longer = |act: &Vec<u8>| -> Vec<Vec<u8>> {
            points
                .iter()
                .map(|point| [act.as_slice(), &[*point]].concat())
                .collect()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}

/// Whether `child` is of the limit's type and permits no act that `limit` does not.
pub(super) fn within(child: &Json, limit: &Json) -> bool {
    child["type"] == limit["type"] && acts(child).is_subset(&acts(limit))
}

fn complete(object: &Json) -> bool {
    let types = world();
    let (_, fields) = types
        .iter()
        .find(|(kind, _)| object["type"] == *kind)
        .unwrap();
    fields.iter().all(|field| object.get(field.name).is_some())
}

fn filled(object: &Json, seed: &Json) -> Json {
    let mut members: Map<String, Json> = seed.as_object().unwrap().clone();
    members.extend(object.as_object().unwrap().clone());
    Json::Object(members)
}

/// What contract §6 grants of `requested`, `None` for a refusal.
pub(super) fn narrow(
    requested: Option<&[Json]>,
    parent: Option<&[Json]>,
    grant: &[Json],
    ceiling: &[Json],
) -> Option<Vec<Json>> {
    let source = parent.or(Some(grant).filter(|grant| !grant.is_empty()));
    let asked = requested
        .filter(|list| !list.is_empty())
        .or(source)
        .unwrap_or_default();
    let inside = |child: &Json, list: &[Json]| {
        list.is_empty() || list.iter().any(|limit| within(child, limit))
    };
    let allowed = |child: &Json| complete(child) && inside(child, grant) && inside(child, ceiling);
    let place = |object: &Json| match source {
        None => allowed(object).then(|| object.clone()),
        Some(seeds) => {
            let mut fitting = seeds.iter().filter(|seed| {
                let whole = parent.is_none() || complete(seed);
                let child = filled(object, seed);
                whole && object["type"] == seed["type"] && within(&child, seed) && allowed(&child)
            });
            fitting.next().map(|seed| filled(object, seed))
        }
    };
    asked.iter().map(place).collect()
}
