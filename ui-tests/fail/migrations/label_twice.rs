//! A label on two branches, and one that is the name of a revision.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/label_twice");
}
