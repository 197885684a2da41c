//! A way up that does nothing.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/upgrade_empty");
}
