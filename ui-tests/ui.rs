//! Programs that must not compile, each with one mistake and the message it gets; and programs
//! that must.
//!
//! `cargo xtask bless` takes what the compiler says now for what is expected.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("pass/*.rs");
    cases.compile_fail("fail/*/*.rs");
}
