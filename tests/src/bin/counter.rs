//! A process that is killed while it counts: `counter <database> <folder> <flush every, in milliseconds>`.
//!
//! It lists acme's orders again and again, and says so each time it was answered.

use std::{
    error::Error,
    io::{Write as _, stdout},
    time::Duration,
};

use sea_orm::EntityTrait;
use tenancy::Tenancy;
use tenancy_tests::entity::order;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, database, folder, every] = words.as_slice() else {
        return Err("it is given a database, a folder and a time".into());
    };
    let every = Duration::from_millis(every.parse()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let builder = Tenancy::builder().database(database.as_str()).max_connections(2);
        let tenancy = builder.meter(every).usage_journal(folder).connect().await?;
        let db = tenancy.db("acme").await?;
        let mut said = stdout().lock();
        loop {
            let rows = order::Entity::find().all(&db).await?.len();
            writeln!(said, "{rows}")?;
        }
    })
}
