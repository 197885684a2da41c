//! The file that `tenancy rls generate` writes has the triggers too.

use std::{fs, path::PathBuf, process::Command};

use sea_orm::{ConnectionTrait, Database, DbBackend};
use tenancy::{build::RlsFile, schema};
use tenancy_tests::Engine;

fn source(name: &str, text: &str) -> PathBuf {
    let root = std::env::temp_dir().join(format!("tenancy-changes-{name}-{}", std::process::id()));
    fs::create_dir_all(root.join("src")).unwrap();
    fs::write(root.join("Cargo.toml"), "[package]\nname = \"tickets\"\n").unwrap();
    fs::write(root.join("src/entity.rs"), text).unwrap();
    root
}

#[tokio::test]
async fn psql_runs_it_and_runs_it_again() {
    let root = source("psql", include_str!("main.rs"));
    let file = RlsFile::of(&root).unwrap();
    assert!(file.write().unwrap());
    let scratch = Engine::Postgres.scratch().await;
    let owner = Database::connect(&scratch.url).await.unwrap();
    for statement in schema::create_all(DbBackend::Postgres).unwrap() {
        owner.execute_unprepared(&statement.sql).await.unwrap();
    }
    for table in ["tickets", "seats", "badges"] {
        let sql = format!("DROP TRIGGER tenancy_changes ON {table}");
        owner.execute_unprepared(&sql).await.unwrap();
    }
    for _ in 0..2 {
        let output = Command::new("psql")
            .args([scratch.url.as_str(), "-X", "-v", "ON_ERROR_STOP=1", "-f"])
            .arg(root.join(file.name()))
            .output()
            .expect("psql is installed with PostgreSQL, or as postgresql-client");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
    let sql = "SELECT count(*) FROM pg_trigger WHERE tgname = 'tenancy_changes'";
    let statement = sea_orm::Statement::from_string(DbBackend::Postgres, sql);
    let row = owner.query_one_raw(statement).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 3);
    assert!(file.text().contains("ALTER TABLE \"tenancy_changes\" FORCE ROW LEVEL SECURITY;"));
    owner.close().await.unwrap();
    scratch.remove().await;
    fs::remove_dir_all(root).unwrap();
}

const EXPANDED: &str = r#"
pub struct Entity;
impl EntityName for Entity { fn table_name(&self) -> &'static str { "tickets" } }
#[derive(DeriveModel, DeriveActiveModel, TenantEntity)]
#[tenancy(key = "global", audit)]
pub struct Model { pub id: i64, pub tenant_id: String }
"#;

#[test]
fn a_key_that_is_not_to_be_seen_is_an_error() {
    let root = source("hidden", EXPANDED);
    let error = RlsFile::of(&root).unwrap_err().to_string();
    assert!(error.contains("its primary key is not beside it"), "{error}");
    let beside = format!("{EXPANDED} pub enum PrimaryKey {{ Id }}");
    fs::write(root.join("src/entity.rs"), beside).unwrap();
    let file = RlsFile::of(&root).unwrap();
    assert!(file.text().contains("OLD.\"id\"::pg_catalog.text"), "{}", file.text());
    fs::remove_dir_all(root).unwrap();
}
