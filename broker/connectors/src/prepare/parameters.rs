//! Every parameter is known, there where it has to be, and of its form.

use super::form;
use super::words::{escaped, one_of};
use crate::profile::{Need, Row};
use crate::values::Values;
use locum_core::registry::Problems;
use serde_json::{Map, Value};

/// Checks every parameter by its row.
pub(super) fn check(row: &Row, declared: &Map<String, Value>, out: &mut Problems) -> Values {
    for name in declared.keys() {
        if row.parameter(name).is_none() {
            let known = one_of(row.parameters.iter().map(|parameter| parameter.name));
            out.add(
                pointer(name),
                format!("expected a parameter of this profile and kind, that is one of {known}"),
            );
        }
    }
    let mut values = row.defaults();
    let principals = declared.contains_key("principals");
    for parameter in row.parameters {
        let Some(value) = declared.get(parameter.name) else {
            if !principals && matches!(parameter.need, Need::UnlessPrincipals) {
                out.add(
                    pointer(parameter.name),
                    format!("expected `{}`, or `principals`", parameter.name),
                );
            }
            if matches!(parameter.need, Need::Required) {
                out.add(
                    pointer(parameter.name),
                    format!("expected `{}`: {}", parameter.name, parameter.what),
                );
            }
            continue;
        };
        form::check(&pointer(parameter.name), parameter.form, value, out);
        values.set(parameter.name, value.clone());
    }
    values
}

fn pointer(name: &str) -> String {
    format!("/connector/parameters/{}", escaped(name))
}
