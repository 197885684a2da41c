//! Programs that must not compile, each with one mistake and the message it gets. Those that must
//! are tests of this package, a program each.
//!
//! `cargo xtask bless` takes what the compiler says now for what is expected. One build checks
//! them all, and nothing of it has to be linked.

#[test]
fn programs_with_a_mistake_do_not_compile() {
    trybuild::TestCases::new().compile_fail("fail/*/*.rs");
}
