//! Two revisions of a target that have none after them.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/heads_several");
}
