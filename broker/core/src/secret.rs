//! Values that must not be shown.

/// A value without `Debug`, `Display` or `Serialize`, so that it cannot reach a
/// log, an error or JSON by accident. Strings and byte vectors are overwritten
/// when dropped as far as safe Rust can: their length is set to zero after
/// each byte was cleared.
pub struct Secret<T: Wipe>(T);

/// What a [`Secret`] can overwrite.
pub trait Wipe {
    /// Overwrites the value.
    fn wipe(&mut self);
}

impl Wipe for Vec<u8> {
    fn wipe(&mut self) {
        self.iter_mut().for_each(|b| *b = 0);
        std::hint::black_box(&self);
        self.clear();
    }
}

impl Wipe for String {
    fn wipe(&mut self) {
        let mut bytes = std::mem::take(self).into_bytes();
        bytes.wipe();
    }
}

impl<T: Wipe> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value to the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Wipe> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.wipe();
    }
}
