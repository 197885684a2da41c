//! An argument that is not there.

fn main() {
    let _ = tenancy::migrations!("migrations", head = many);
}
