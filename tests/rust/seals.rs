//! Seals: what must not compile does not (architecture, "Types that make
//! mistakes impossible"). What a seal does not cover stands in
//! docs/ARCHITECTURE.md.
//!
//! `TRYBUILD=overwrite cargo test -p locum-tests --test seals` writes the
//! expected messages anew; read them before keeping them.

#[test]
fn what_must_not_compile_does_not_compile() {
    trybuild::TestCases::new().compile_fail("rust/seals/*.rs");
}
