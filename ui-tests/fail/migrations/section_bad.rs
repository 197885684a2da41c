//! A section nobody knows, and one that does not end.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/section_bad");
}
