#![allow(unused, reason = "tests")]
