//! A revision after one that is not there, and one that depends on one that is not.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/parent_missing");
}
