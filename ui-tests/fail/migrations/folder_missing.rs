//! No such folder.

fn main() {
    let _ = tenancy::migrations!("no/such/folder");
}
