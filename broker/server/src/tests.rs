//! What several areas do together, in process.

mod admin;
