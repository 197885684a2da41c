//! Runs revisions over tenants, for tests that kill it:
//! `runner <row|schema|database> <prefix> <url> <folder> [<revision to go back to>]`.

use std::error::Error;

use tenancy::{
    Database, Schema, Tenancy,
    migrate::{Migrations, RunEvent},
};
use tenancy_tests::Fill;

/// What it says when the run begins. Then come the tenants that were moved, a line for each.
const BEGUN: &str = "the run begins";

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let [_, strategy, prefix, url, folder, back @ ..] = words.as_slice() else {
        return Err("it is given a strategy, a prefix, an address and a folder".into());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let migrations = Fill::within(Migrations::from_dir(folder)?);
        let builder = Tenancy::builder().database(url).migrations(migrations);
        let builder = match strategy.as_str() {
            "database" => builder.isolation(Database::new().prefix(prefix)),
            _ => builder.isolation(Schema::new().prefix(prefix)),
        };
        let tenancy = builder.connect().await?;
        println!("{BEGUN}");
        let run = tenancy.migrate().concurrency(2).on_event(|event| {
            if let RunEvent::Done { slug, .. } = event {
                println!("{slug}");
            }
        });
        let report = match back {
            [] => run.upgrade("heads").await?,
            [to, ..] => run.downgrade(to).await?,
        };
        let _ = report.into_result()?;
        tenancy.close().await?;
        Ok(())
    })
}
