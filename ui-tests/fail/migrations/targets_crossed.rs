//! What tenants share, after a revision of tenants.

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/targets_crossed");
}
