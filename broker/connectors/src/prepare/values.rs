//! The parameters' values, with what counts where one was left out.

use super::{escaped, form, one_of};
use crate::profile::{Need, Row};
use locum_core::registry::Problems;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Values by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(BTreeMap<&'static str, Value>);

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
    let mut values = Values::defaults(row);
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
        values.0.insert(parameter.name, value.clone());
    }
    values
}

fn pointer(name: &str) -> String {
    format!("/connector/parameters/{}", escaped(name))
}

impl Values {
    /// What counts where nothing was declared.
    pub(crate) fn defaults(row: &Row) -> Self {
        let default = |need| match need {
            Need::Text(text) => Some(json!(text)),
            Need::Number(number) => Some(json!(number)),
            Need::Flag(flag) => Some(json!(flag)),
            Need::Required | Need::UnlessPrincipals | Need::Optional | Need::Derived(_) => None,
        };
        let values = row
            .parameters
            .iter()
            .filter_map(|parameter| Some((parameter.name, default(parameter.need)?)));
        Self(values.collect())
    }

    /// Values that were checked elsewhere.
    pub(super) fn of(values: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self(values.into_iter().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn seconds(&self, name: &str) -> Option<u32> {
        self.get(name)
            .and_then(Value::as_u64)
            .and_then(|seconds| u32::try_from(seconds).ok())
    }

    /// One text, or each of a list.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The members of an object whose values are texts.
    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.get(name)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, text)| Some((name.as_str(), text.as_str()?)))
    }

    /// The account's name at the vendor.
    pub(crate) fn account_name(&self) -> Option<&str> {
        self.text("client_id").or_else(|| self.text("user"))
    }
}
