//! The command as it is run by hand and in CI.

#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A crate with one entity, in a folder of its own that is removed in the end.
struct Crate(PathBuf);

impl Crate {
    fn new(name: &str, manifest: &str) -> Self {
        let root = std::env::temp_dir().join(format!("tenancy-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("src")).unwrap();
        let made = Self(root);
        made.write("Cargo.toml", &format!("[package]\nname = \"shop\"\n{manifest}"));
        made.write("src/order.rs", ORDER);
        made
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    fn run(&self, action: &str) -> Output {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_tenancy")));
        command.args(["rls", action, "--manifest-path"]).arg(self.0.join("Cargo.toml"));
        command.output().unwrap()
    }

    #[track_caller]
    fn succeeds(&self, action: &str, says: &str) {
        let output = self.run(action);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains(says), "{said}");
    }

    #[track_caller]
    fn fails(&self, action: &str, says: &str) {
        let output = self.run(action);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success());
        assert!(said.contains(says), "{said}");
    }
}

impl Drop for Crate {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const ORDER: &str = "
#[tenant_scoped]
#[sea_orm::model]
#[derive(Clone, DeriveEntityModel)]
#[sea_orm(table_name = \"orders\")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub status: String,
}
";

#[test]
fn a_file_is_written_when_it_changed_and_checked() {
    let shop = Crate::new("write", "");
    shop.fails("check", "there is no `migrations/rls.sql`; run `tenancy rls generate`");
    shop.succeeds("generate", "wrote `migrations/rls.sql`");
    shop.succeeds("generate", "is as it should be");
    shop.succeeds("check", "is as the entities are");
    let text = shop.read("migrations/rls.sql");
    assert!(text.contains("CREATE POLICY tenancy_tenant ON \"orders\""), "{text}");

    let with_rule = "#[tenant_scoped(rls(delete = \"status = 'draft'\"))]";
    shop.write("src/order.rs", &ORDER.replace("#[tenant_scoped]", with_rule));
    shop.fails("check", "is stale. Line ");
    shop.succeeds("generate", "wrote");
    assert!(shop.read("migrations/rls.sql").contains("FOR DELETE TO PUBLIC"));
}

#[test]
fn the_manifest_says_where_and_what() {
    let manifest = "[package.metadata.tenancy]\nrls_file = \"sql/walls.sql\"\nrls_role = \"app\"\n\
                    rls_context = \"signed\"\n";
    let shop = Crate::new("manifest", manifest);
    shop.succeeds("generate", "wrote `sql/walls.sql`");
    let text = shop.read("sql/walls.sql");
    assert!(text.contains("tenancy.tenant()") && text.contains("TO \"app\""), "{text}");
    shop.write("Cargo.toml", "[package.metadata.tenancy]\nrls_role = \"pg_read_all_data\"\n");
    shop.fails("generate", "`rls_role` in Cargo.toml");
    shop.write("Cargo.toml", "[package.metadata.tenancy]\nrls_context = \"signed\"\n");
    shop.fails("generate", "needs `rls_role`");
    shop.write("Cargo.toml", "[package.metadata.tenancy]\nentities = [\"entity\"]\n");
    shop.fails("generate", "there is no folder");
}

#[test]
fn an_entity_that_cannot_be_read_is_never_left_out() {
    let shop = Crate::new("mistake", "");
    let mistaken = ORDER.replace("#[tenant_scoped]", "#[tenant_scoped(colum = \"a\")]");
    shop.write("src/order.rs", &mistaken);
    shop.fails("generate", "the entity of `orders` in `src/order.rs` has mistakes in it");
    shop.write("src/order.rs", &format!("{ORDER} fn half("));
    shop.fails("generate", "`src/order.rs` cannot be read as Rust");
    shop.write("src/order.rs", "");
    shop.fails("generate", "no entity belongs to tenants");
    shop.write("src/order.rs", ORDER);
    let view = ORDER.replace("#[tenant_scoped]\n", "").replace("orders", "views");
    shop.write("src/view.rs", &view);
    shop.succeeds("generate", "wrote");
    let text = shop.read("migrations/rls.sql");
    assert!(text.contains("-- Left out: `views` in `src/view.rs` has none of"), "{text}");
}

#[test]
fn the_expanded_format_is_read() {
    let shop = Crate::new("expanded", "");
    shop.write(
        "src/invoice.rs",
        "pub struct Entity;
        impl EntityName for Entity {
            fn schema_name(&self) -> Option<&str> { Some(\"books\") }
            fn table_name(&self) -> &'static str { \"invoices\" }
        }
        #[derive(Clone, DeriveModel, DeriveActiveModel, TenantEntity)]
        #[tenancy(column = \"org\", key = \"global\")]
        pub struct Model { pub id: i64, pub org: Uuid }
        #[derive(DeriveColumn)]
        pub enum Column { Id, #[sea_orm(column_name = \"organisation_id\")] Org }",
    );
    shop.succeeds("generate", "wrote");
    let text = shop.read("migrations/rls.sql");
    let policy = "CREATE POLICY tenancy_tenant ON \"books\".\"invoices\" AS RESTRICTIVE FOR ALL TO \
                  PUBLIC\n    USING (\"organisation_id\" = (SELECT NULLIF(current_setting(\
                  'tenancy.tenant_id', true), '')::uuid))";
    assert!(text.contains(policy), "{text}");
}
