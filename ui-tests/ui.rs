//! Programs that must not compile, each with one mistake and the message it gets; and programs
//! that must.
//!
//! `cargo xtask bless` takes what the compiler says now for what is expected. Those that must not
//! compile stand apart, since then one build checks them all.

#[test]
fn programs_with_a_mistake_do_not_compile() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}

#[test]
fn programs_without_one_compile_and_run() {
    trybuild::TestCases::new().pass("pass/*.rs");
}
