//! A declaration with its content address.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

/// What has a content address.
pub trait Addressed {
    /// `sha256:<hex>` over the canonical JSON of what may be recorded of it;
    /// `None` when it has no JSON form.
    fn address(&self) -> Option<String>;
}

/// A declaration whose content address is worked out once, and not for every
/// decision made on it.
#[derive(Debug, Clone)]
pub struct Snapshot<T> {
    value: T,
    address: OnceLock<Option<String>>,
}

impl<T: Addressed> Snapshot<T> {
    /// The content address ([`Addressed::address`]).
    pub fn address(&self) -> Option<&str> {
        self.address.get_or_init(|| self.value.address()).as_deref()
    }
}

impl<T> From<T> for Snapshot<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            address: OnceLock::new(),
        }
    }
}

impl<T> Deref for Snapshot<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Who may change it makes its address unknown again.
impl<T> DerefMut for Snapshot<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.address = OnceLock::new();
        &mut self.value
    }
}

impl<T: PartialEq> PartialEq for Snapshot<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Snapshot<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Snapshot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Addressed for u32 {
        fn address(&self) -> Option<String> {
            Some(self.to_string())
        }
    }

    #[test]
    fn the_address_is_always_of_what_is_declared_now() {
        let mut snapshot = Snapshot::from(1);
        assert_eq!(snapshot.address(), Some("1"));
        *snapshot = 2;
        assert_eq!(snapshot.address(), Some("2"));
        let mut other = snapshot.clone();
        *other += 1;
        assert_eq!(
            (snapshot.address(), other.address()),
            (Some("2"), Some("3"))
        );
    }
}
