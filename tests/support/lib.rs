//! Support for the seal and tidy tests.
