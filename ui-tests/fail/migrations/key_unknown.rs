//! A key nobody knows.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/key_unknown");
}
