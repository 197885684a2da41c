//! Two revisions of one name.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/id_twice");
}
