//! An isolation of one's own, in use: `cargo run -p provider`.

mod regional;

use std::path::Path;

use sea_orm::{ActiveValue::Set, EntityTrait};
use tenancy::{NewTenant, Tenancy};

use crate::regional::Regional;

mod note {
    //! What tenants write down.
    #![allow(unreachable_pub)]
    use sea_orm::entity::prelude::*;

    /// A line of text.
    #[tenancy::tenant_scoped]
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Two tenants in two regions. Returns what each of them reads, and the files there are.
async fn run(root: &Path) -> tenancy::Result<Vec<String>> {
    let tenancy = Tenancy::builder()
        .database("sqlite::memory:")
        .isolation(Regional::new(root, &["eu", "us"]))
        .connect()
        .await?;
    let mut lines = Vec::new();
    for (slug, region) in [("acme", "us"), ("globex", "eu")] {
        let new = NewTenant::new(slug)?.id(slug)?.metadata("region", region);
        tenancy.create_tenant(new).await?;
        let db = tenancy.db(slug).await?;
        let text = Set(format!("written by {slug}"));
        note::Entity::insert(note::ActiveModel { text, ..Default::default() }).exec(&db).await?;
    }
    for (slug, file) in [("acme", "us/t_acme.db"), ("globex", "eu/t_globex.db")] {
        let notes = note::Entity::find().all(&tenancy.db(slug).await?).await?;
        let texts: Vec<String> = notes.into_iter().map(|note| note.text).collect();
        lines.push(format!("{slug} reads {texts:?}; {file} exists: {}", root.join(file).exists()));
    }
    let nowhere = NewTenant::new("initech")?.metadata("region", "mars");
    lines.extend(tenancy.create_tenant(nowhere).await.err().map(|error| error.to_string()));
    tenancy.close().await?;
    Ok(lines)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::temp_dir().join(format!("tenancy-provider-{}", std::process::id()));
    let lines = run(&root).await;
    // Nothing of a demonstration stays behind.
    let _ = std::fs::remove_dir_all(&root);
    for line in lines? {
        println!("{line}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn each_region_keeps_its_own() {
        let name = format!("tenancy-provider-test-{}", std::process::id());
        let root = std::env::temp_dir().join(name);
        let lines = super::run(&root).await;
        let _ = std::fs::remove_dir_all(&root);
        let lines = lines.expect("both tenants are served");
        assert_eq!(lines[0], r#"acme reads ["written by acme"]; us/t_acme.db exists: true"#);
        assert_eq!(lines[1], r#"globex reads ["written by globex"]; eu/t_globex.db exists: true"#);
        assert!(lines[2].contains("`region` in its metadata"), "{}", lines[2]);
    }
}
