//! Sections with a string, and a comment, that do not end.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/section_open");
}
