//! The file that `tenancy rls generate` writes, run by `psql`.

use std::{fs, process::Command};

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tenancy::{build::RlsFile, schema};
use tenancy_tests::Engine;

/// A crate whose only source is the entities of this program.
struct Crate(std::path::PathBuf);

impl Crate {
    fn new() -> Self {
        let root = std::env::temp_dir().join(format!("tenancy-rules-{}", std::process::id()));
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("Cargo.toml"), "[package]\nname = \"posts\"\n").unwrap();
        fs::write(root.join("src/entity.rs"), include_str!("main.rs")).unwrap();
        Self(root)
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn psql_runs_it_and_runs_it_again() {
    let shop = Crate::new();
    let file = RlsFile::of(&shop.0).unwrap();
    assert!(file.write().unwrap() && !file.write().unwrap());
    file.check().unwrap();

    let scratch = Engine::Postgres.scratch().await;
    let owner = Database::connect(&scratch.url).await.unwrap();
    for statement in schema::create_all(DbBackend::Postgres).unwrap() {
        owner.execute_raw(statement).await.unwrap();
    }
    let policies = "SELECT count(*) FROM pg_policy";
    let count = async || {
        let statement = Statement::from_string(DbBackend::Postgres, policies);
        let row = owner.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index::<i64>(0).unwrap()
    };
    for _ in 0..2 {
        let output = Command::new("psql")
            .args([scratch.url.as_str(), "-X", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(shop.0.join(file.name()))
            .output()
            .expect("psql is installed with PostgreSQL, or as postgresql-client");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
        // Two for each of the tables, four more for posts, three for rates.
        assert_eq!(count().await, 2 * 2 + 4 + 3);
    }
    owner.close().await.unwrap();
    scratch.remove().await;
}
