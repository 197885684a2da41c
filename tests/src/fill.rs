//! A revision in Rust, for programs that tests start as well.

use std::sync::Arc;

use sea_orm::ConnectionTrait as _;
use tenancy::migrate::{Migrations, RustRevision, Surroundings};

/// Puts a row with the tenant's name into its table of tasks, and takes it out. Run twice, it comes to
/// the same.
#[derive(Debug)]
pub struct Fill;

impl Fill {
    /// Revisions, some of which may be this one.
    #[must_use]
    pub fn within(migrations: Migrations) -> Migrations {
        let fill: Arc<dyn RustRevision> = Arc::new(Self);
        migrations.with_code([("Fill", fill)])
    }
}

#[async_trait::async_trait]
impl RustRevision for Fill {
    async fn up(&self, around: &Surroundings<'_>) -> tenancy::Result<()> {
        self.down(around).await?;
        let slug = around.tenant().map(|tenant| tenant.slug.to_string()).unwrap_or_default();
        let insert = format!("INSERT INTO tasks (id, title) VALUES (7, 'code of {slug}')");
        around.execute_unprepared(&insert).await?;
        Ok(())
    }

    async fn down(&self, around: &Surroundings<'_>) -> tenancy::Result<()> {
        around.execute_unprepared("DELETE FROM tasks WHERE id = 7").await?;
        Ok(())
    }
}
