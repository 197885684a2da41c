//! No way down, and nothing that says why.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/downgrade_missing");
}
