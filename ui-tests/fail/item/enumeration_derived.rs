use tenancy::SharedEntity;

#[derive(SharedEntity)]
pub enum Model {
    Order,
}

fn main() {}
