//! A form as it is sent: members in the order of their names.

use locum_core::secret::Secret;
use url::form_urlencoded::byte_serialize;

/// Members of a form; every value is overwritten when dropped.
#[derive(Default)]
pub(crate) struct Form(Vec<(String, Secret<String>)>);

impl Form {
    pub(crate) fn put(&mut self, name: &'static str, value: &str) {
        self.put_named(name, value);
    }

    /// A member whose name comes from a parameter.
    pub(crate) fn put_named(&mut self, name: &str, value: &str) {
        self.0
            .push((name.to_owned(), Secret::new(value.to_owned())));
    }

    pub(crate) fn put_some(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    pub(crate) fn put_secret(&mut self, name: &'static str, value: Secret<String>) {
        self.0.push((name.to_owned(), value));
    }

    /// The bytes; members of one name stay in their order.
    pub(crate) fn encode(mut self) -> Secret<Vec<u8>> {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        let most =
            |(name, value): &(String, Secret<String>)| 3 * (name.len() + value.expose().len()) + 2;
        // No growing, which would leave copies behind.
        let mut out = String::with_capacity(self.0.iter().map(most).sum());
        for (name, value) in &self.0 {
            if !out.is_empty() {
                out.push('&');
            }
            byte_serialize(name.as_bytes()).for_each(|part| out.push_str(part));
            out.push('=');
            byte_serialize(value.expose().as_bytes()).for_each(|part| out.push_str(part));
        }
        Secret::new(out.into_bytes())
    }
}

/// One text, form-encoded.
pub(crate) fn encoded(text: &str) -> Secret<String> {
    let mut out = String::with_capacity(3 * text.len());
    byte_serialize(text.as_bytes()).for_each(|part| out.push_str(part));
    Secret::new(out)
}
