use sea_orm::DatabaseBackend::{MySql, Postgres, Sqlite};

use super::*;

mod customer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customers")]
    pub(super) struct Model {
        pub(super) tenant_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: i64,
        #[sea_orm(unique)]
        pub(super) email: String,
        #[sea_orm(indexed)]
        pub(super) city: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "orders")]
    pub(super) struct Model {
        pub(super) tenant_id: String,
        #[sea_orm(primary_key)]
        pub(super) id: i64,
        #[sea_orm(unique_key = "number_in_year")]
        pub(super) year: i32,
        #[sea_orm(unique_key = "number_in_year")]
        pub(super) number: i32,
        pub(super) customer_id: i64,
        pub(super) currency: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {
        #[sea_orm(
            belongs_to = "super::customer::Entity",
            from = "Column::CustomerId",
            to = "super::customer::Column::Id",
            on_delete = "Cascade"
        )]
        Customer,
        #[sea_orm(
            belongs_to = "super::currency::Entity",
            from = "Column::Currency",
            to = "super::currency::Column::Code",
            on_delete = "SetNull"
        )]
        Currency,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod note {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notes")]
    pub(super) struct Model {
        pub(super) tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) id: Uuid,
        pub(super) parent_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {
        #[sea_orm(
            belongs_to = "Entity",
            from = "Column::ParentId",
            to = "Column::Id",
            on_delete = "SetNull"
        )]
        Parent,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod currency {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "currencies")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) code: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

macro_rules! tenant_entity {
    ($module:ident, $key:ty, $per_tenant:literal) => {
        impl TenantEntity for $module::Entity {
            type Key = $key;
            const KEY_PER_TENANT: bool = $per_tenant;

            fn tenant_column() -> $module::Column {
                $module::Column::TenantId
            }
        }
    };
}

tenant_entity!(customer, String, true);
tenant_entity!(order, String, false);
tenant_entity!(note, uuid::Uuid, true);

impl SharedEntity for currency::Entity {
    const WRITABLE: bool = false;
}

fn known() -> Vec<Entity> {
    vec![
        tenant_definition::<customer::Entity>("tests"),
        tenant_definition::<order::Entity>("tests"),
        tenant_definition::<note::Entity>("tests"),
        shared_definition::<currency::Entity>("tests"),
    ]
}

fn sql(blueprint: Result<Blueprint>) -> Vec<String> {
    blueprint.unwrap().statements.into_iter().map(|statement| statement.sql).collect()
}

/// The whole shop, children given before their parents.
fn shop(backend: DbBackend) -> Vec<Statement> {
    let known = known();
    let blueprints = [
        tenant::<order::Entity>(backend, &known, None),
        tenant::<customer::Entity>(backend, &known, None),
        shared::<currency::Entity>(backend, &known, None),
    ];
    unite(blueprints, backend).unwrap()
}

#[test]
fn keys_counted_per_tenant_contain_the_tenant() {
    assert_eq!(
        sql(tenant::<customer::Entity>(Postgres, &known(), None)),
        [
            r#"CREATE TABLE IF NOT EXISTS "customers" ( "tenant_id" varchar(64) NOT NULL, "id" bigint NOT NULL, "email" varchar NOT NULL, "city" varchar, PRIMARY KEY ("tenant_id", "id"), UNIQUE ("tenant_id", "email") )"#,
            r#"CREATE INDEX IF NOT EXISTS "idx-customers-tenant_id-city" ON "customers" ("tenant_id", "city")"#,
        ]
    );
    assert_eq!(
        sql(tenant::<customer::Entity>(MySql, &known(), None)),
        [
            "CREATE TABLE IF NOT EXISTS `customers` ( `tenant_id` varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, `id` bigint NOT NULL, `email` varchar(255) NOT NULL, `city` varchar(255), PRIMARY KEY (`tenant_id`, `id`), UNIQUE KEY (`tenant_id`, `email`), KEY `idx-customers-tenant_id-city` (`tenant_id`, `city`) )"
        ]
    );
}

#[test]
fn keys_of_the_whole_table_are_made_up_by_the_database() {
    assert_eq!(
        sql(tenant::<order::Entity>(Sqlite, &known(), None)),
        [
            r#"CREATE TABLE IF NOT EXISTS "orders" ( "tenant_id" varchar(64) NOT NULL, "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "year" integer NOT NULL, "number" integer NOT NULL, "customer_id" integer NOT NULL, "currency" varchar, UNIQUE ("tenant_id", "id"), UNIQUE ("tenant_id", "year", "number"), FOREIGN KEY ("tenant_id", "customer_id") REFERENCES "customers" ("tenant_id", "id") ON DELETE CASCADE, FOREIGN KEY ("currency") REFERENCES "currencies" ("code") ON DELETE SET NULL )"#,
            r#"CREATE INDEX IF NOT EXISTS "idx-orders-tenant_id-customer_id" ON "orders" ("tenant_id", "customer_id")"#,
            r#"CREATE INDEX IF NOT EXISTS "idx-orders-tenant_id-currency" ON "orders" ("tenant_id", "currency")"#,
        ]
    );
}

#[test]
fn shared_tables_stay_as_they_are() {
    assert_eq!(
        sql(shared::<currency::Entity>(Sqlite, &known(), None)),
        [r#"CREATE TABLE IF NOT EXISTS "currencies" ( "code" varchar NOT NULL PRIMARY KEY )"#]
    );
}

#[test]
fn parents_come_first() {
    for backend in [Postgres, MySql] {
        let statements = shop(backend);
        let at = |table: &str| {
            let text = format!("EXISTS {0}{table}{0} ", if backend == MySql { '`' } else { '"' });
            statements.iter().position(|statement| statement.sql.contains(&text)).unwrap()
        };
        assert!(at("customers") < at("orders") && at("currencies") < at("orders"));
    }
}

#[test]
fn circles_are_named() {
    let mut tables = Vec::new();
    for (name, parent) in [("a", "b"), ("b", "a")] {
        tables.push(Blueprint {
            shared: false,
            name: (None, name.to_owned()),
            columns: 1,
            parents: BTreeSet::from([(None, parent.to_owned())]),
            references: Vec::new(),
            enumerations: BTreeSet::new(),
            types: Vec::new(),
            statements: Vec::new(),
            last: Vec::new(),
        });
    }
    let error = in_order(tables, Postgres).unwrap_err();
    assert!(error.is_config());
    assert!(error.to_string().contains(r#"["a", "b"]"#), "{error}");
}

#[test]
fn keys_that_cannot_keep_tenants_apart_are_refused() {
    let clears = tenant::<note::Entity>(Postgres, &known(), None).unwrap_err().to_string();
    assert!(
        clears.contains("`SetNull` and `SetDefault` would clear the tenant column"),
        "{clears}"
    );
    let alone = [tenant_definition::<order::Entity>("tests")];
    let unknown = tenant::<order::Entity>(Postgres, &alone, None).unwrap_err().to_string();
    assert!(unknown.contains("no annotated entity describes the table `customers`"), "{unknown}");
}

#[test]
fn names_are_never_cut_off() {
    let columns = |last: &str| vec!["tenant_id".to_owned(), "a".repeat(60), last.to_owned()];
    let (one, other) =
        (table::name("idx", "orders", &columns("x")), table::name("idx", "orders", &columns("y")));
    assert_eq!(one.len(), 63);
    assert_ne!(one, other);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn the_database_refuses_references_across_tenants() {
    use sea_orm::{ConnectOptions, ConnectionTrait, Database};

    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let conn = Database::connect(options).await.unwrap();
    for _ in 0..2 {
        for statement in shop(Sqlite) {
            conn.execute_raw(statement).await.unwrap();
        }
    }
    let run = async |sql: &str| conn.execute_unprepared(sql).await.is_ok();
    assert!(
        run("INSERT INTO customers (tenant_id, id, email) VALUES ('a', 1, 'x'), ('b', 1, 'x')")
            .await
    );
    assert!(!run("INSERT INTO customers (tenant_id, id, email) VALUES ('a', 2, 'x')").await);
    assert!(run("INSERT INTO customers (tenant_id, id, email) VALUES ('a', 7, 'y')").await);
    let order = "INSERT INTO orders (tenant_id, year, number, customer_id) VALUES";
    assert!(run(&format!("{order} ('a', 2026, 1, 7), ('b', 2026, 1, 1)")).await);
    assert!(!run(&format!("{order} ('b', 2026, 2, 7)")).await);
}
