//! Revisions that come after each other.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/cycle");
}
