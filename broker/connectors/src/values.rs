//! Values of parameters, by name.

use serde_json::Value;
use std::collections::BTreeMap;

/// Values by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Values that were checked elsewhere.
    pub(crate) fn of(values: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self(values.into_iter().collect())
    }

    /// Sets a value.
    pub(crate) fn set(&mut self, name: &'static str, value: Value) {
        self.0.insert(name, value);
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
