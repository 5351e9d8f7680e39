//! Numbers that mean the same to every reader: whole ones below 2^53 (contract
//! §2). Others are kept and shown again differently from how they came, and
//! where they stand in a record its hash would depend on how they are written.

use locum_core::registry::FieldProblem as Flaw;
use serde_json::{Map, Number, Value};

use super::place::Misfit;

/// A whole number's amount, below.
const BELOW: u64 = 1 << 53;

/// The places of all other numbers.
pub(super) fn flaws(members: &Map<String, Value>) -> Vec<Flaw> {
    let mut out = Vec::new();
    object(members, "", &mut out);
    out
}

fn object(members: &Map<String, Value>, at: &str, out: &mut Vec<Flaw>) {
    for (name, member) in members {
        look(
            member,
            &format!("{at}{}", Misfit::pointer_to(Some(name))),
            out,
        );
    }
}

fn look(value: &Value, at: &str, out: &mut Vec<Flaw>) {
    match value {
        Value::Object(members) => object(members, at, out),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                look(item, &format!("{at}/{place}"), out);
            }
        }
        Value::Number(number) if !is_plain(number) => out.push(Flaw {
            pointer: at.to_owned(),
            detail: "expected a whole number below 2^53, found another; write decimals as strings"
                .into(),
        }),
        Value::Number(_) | Value::String(_) | Value::Bool(_) | Value::Null => {}
    }
}

fn is_plain(number: &Number) -> bool {
    let amount = number.as_i64().map(i64::unsigned_abs);
    amount.is_some_and(|amount| amount < BELOW)
}
