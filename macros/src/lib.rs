//! The procedural macros of the `tenancy` crate, which re-exports them.

mod expand;
mod fallback;
mod migrations;
mod sql;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Puts an entity's rows under tenants.
///
/// Write it as the first line above an entity in either of SeaORM's compact formats, that is above
/// `#[sea_orm::model]` or above a plain `#[derive(DeriveEntityModel)]`. If the struct has no tenant
/// column, the field `pub tenant_id: String` is added behind the primary key. Connections of a
/// tenant fill the column in; a program that writes it itself gets an error if it names another
/// tenant.
///
/// # Arguments
///
/// All are optional.
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `column = "org_id"` | the field that names the tenant | `tenant_id` |
/// | `type = Uuid` | type of the field that is added: `String`, `Uuid` or `i64` | `String` |
/// | `key = "per_tenant"` | two tenants may use the same primary key | unless the database counts the key up, or a `Uuid` is in it |
/// | `key = "global"` | a primary key is unique in the whole table | otherwise |
/// | `reason = "…"` | why keys that tenants choose may be unique among all of them; such a key needs it | |
/// | `soft_delete = "deleted_at"` | the field that says when a row was deleted | rows are removed |
/// | `rls(…)` | further policies of PostgreSQL | none |
/// | `audit` | each change leaves a record | none does |
/// | `renamed_from = "jobs"` | what the table was called before, for revisions that are written from entities | nothing else |
/// | `renamed_from(title = "name")` | what columns were called before: fields as they are now, and the old columns | nothing else |
/// | `crate = path` | where the `tenancy` crate is | `::tenancy` |
///
/// Write the column yourself if it needs attributes, such as `#[serde(skip)]` or SeaORM's
/// `column_name`. Its type is then that of your field.
///
/// Where the table is, SeaORM's own attribute says: `schema_name` and `table_name`.
///
/// ## `soft_delete`
///
/// `Repo` then leaves out the rows that are marked, unless `with_deleted` takes them in, and its
/// deletions mark rows with the time of the database. The field is an `Option` of one of chrono's
/// times. This is a convenience, and no wall: SeaORM's own queries see the marked rows and remove
/// rows for good, and related rows are not filtered.
///
/// ## `rls(…)`
///
/// A condition in SQL for a command, `rls(update = "status <> 'closed'", delete = "false")`, becomes
/// a restrictive policy: it takes rows away and never shows one. `select`, `update` and `delete` speak
/// of the row as it is, `insert` of the new one. What `select` takes away is not changed or deleted
/// either by a statement that reads a column, as all that come from the scoper do. A condition names
/// columns of the table by the names they have in the database, and has no query in it. Two words
/// stand alone: `read_only` refuses all writes, and `soft_delete` lets only rows be removed that are marked. There is no policy that hides
/// marked rows from reads: PostgreSQL would then refuse the change that marks one. The policies hold
/// where row-level security is in force, so behind `Rls` and nowhere else.
///
/// ## `audit`
///
/// The table gets triggers, on every engine, which record each row that is added, changed or removed:
/// whose it was, its table and key, what was done, when, and as which user of the database. Whoever
/// changes the row and however, the record is there, in the same transaction and the same place.
/// `tenancy::change` has the records, and says what is not in them. Tenants read their own like any
/// other entity's, and cannot write them. `create_tables` makes the table of the records and the
/// triggers; so do the statements of `tenancy::schema`, and of PostgreSQL's triggers the file that
/// `tenancy rls generate` writes. On MySQL and MariaDB the entity's foreign keys may not change or
/// remove its rows by themselves, since no trigger sees that: it is refused when tables are made.
///
/// # What is generated
///
/// Beside the traits and the entity's place in the catalog, `Entity` gets three functions, or four.
/// Each shows in its documentation what it is about:
///
/// - `Entity::rls()`: the table's row security as SQL, up and down, as constants. It is there if the
///   macro sees the name of the table and the tenant column's type is written `String`, `Uuid` or
///   `i64`.
/// - `Entity::audit()`, of an audited entity: the trigger of PostgreSQL, up and down, as constants,
///   under the same conditions, and if the macro sees the primary key.
/// - `Entity::table_in(&schema)`: the table in a schema, for statements that name it there.
/// - `Entity::qualified_table(&db)`: what the table is called where the connection's tenant has its
///   rows, as in `"t_acme"."orders"`, for SQL by hand that goes another way.
/// - `Entity::scoped(&db)`: a query for the tenant's rows, as of a `Repo`.
///
/// # Errors
///
/// It does not compile if
///
/// - the tenant column is nullable, `ignore`d, converted, `unique` by itself, there twice or of another
///   type than the three above;
/// - the primary key cannot be what `key` says: the database counts for all tenants together, and a
///   key that tenants choose tells one what another has if it is `global`;
/// - a name is longer than 63 bytes, or somebody else's;
/// - a foreign key, written as a field, crosses from one tenant to others: from a shared entity to a
///   tenant's, between tenant columns of two types or to another column than the tenant's, or with an
///   `on_delete` or `on_update` that would change rows of all tenants or clear whose a row is;
/// - it is audited and names a schema;
/// - a relation leads to an entity that no macro classifies, or through one;
/// - the entity is classified by a second macro, or the item is not the `Model` of an entity.
///
/// A unique column or `unique_key` needs no tenant column: the table's keys get it by themselves, as
/// do its foreign keys. What the macro cannot see is refused at run time, when tables are made or the
/// database is audited: relations in an enumeration of their own (SeaORM's compact format without
/// `#[sea_orm::model]`, and its expanded one), and tables that were made by other means. Rust cannot
/// refuse a tenant column in an `ActiveModel` literal: one that names another tenant is refused when
/// the statement runs.
///
/// Each message, and what it means, is in `docs/macros.md`.
///
/// # Example
///
/// ```text
/// #[tenant_scoped]
/// #[sea_orm::model]
/// #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
/// #[sea_orm(table_name = "orders")]
/// pub struct Model {
///     #[sea_orm(primary_key)]
///     pub id: i64,
///     pub customer: String,
/// }
/// ```
///
/// adds the field `tenant_id` and, beside the struct:
///
/// ```text
/// impl ::tenancy::TenantEntity for Entity {
///     type Key = ::std::string::String;
///     const KEY_PER_TENANT: bool = false; // the database counts `id` up
///     fn tenant_column() -> Column {
///         Column::TenantId
///     }
/// }
/// impl Entity {
///     pub const fn rls() -> RowSecuritySql { … }
///     pub fn table_in(schema: &SchemaName) -> TableRef { … }
///     pub fn qualified_table(db: &TenantDb) -> String { … }
///     pub fn scoped(db: &TenantDb) -> RepoSelect<Entity> { … }
/// }
/// // …and the entity's place in the catalog of the program.
/// ```
#[proc_macro_attribute]
pub fn tenant_scoped(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::tenant_scoped(args.into(), &item.into()).into()
}

/// Puts an entity's rows under tenants, where the author wrote the tenant column.
///
/// It implements what [`#[tenant_scoped]`](macro@tenant_scoped) implements, and refuses what that
/// refuses, but adds no column.
///
/// # Arguments
///
/// `#[tenancy(…)]` on the struct takes all but `type`, with the meanings and defaults they have in
/// `#[tenant_scoped]`. If `PrimaryKey` is written by hand, `key` is required, because
/// the macro cannot see it.
///
/// # Example
///
/// ```text
/// #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, TenantEntity)]
/// #[sea_orm(table_name = "orders")]
/// #[tenancy(column = "org_id")]
/// pub struct Model {
///     #[sea_orm(primary_key)]
///     pub id: i64,
///     pub org_id: Uuid,
/// }
/// ```
#[proc_macro_derive(TenantEntity, attributes(tenancy))]
pub fn tenant_entity(item: TokenStream) -> TokenStream {
    expand::tenant_entity(item.into()).into()
}

/// Declares that all tenants share an entity's rows.
///
/// Tenants can read them. With `#[shared(writable)]` they can write them too, and all tenants see
/// what one of them wrote.
///
/// # Arguments
///
/// `#[shared(…)]` on the struct takes `writable`, `renamed_from` as for tenants' entities, and `crate = path`.
///
/// # Example
///
/// ```text
/// #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, SharedEntity)]
/// #[sea_orm(table_name = "products")]
/// #[shared(writable)]
/// pub struct Model {
///     #[sea_orm(primary_key)]
///     pub id: i64,
///     pub title: String,
/// }
/// ```
#[proc_macro_derive(SharedEntity, attributes(shared))]
pub fn shared_entity(item: TokenStream) -> TokenStream {
    expand::shared_entity(item.into()).into()
}

/// A statement, scoped when the program is compiled.
///
/// SQL that cannot be kept within one tenant, a table no entity describes, and a wrong number of
/// values do not compile. The result is a `TenantSql`, which runs on a `TenantDb` or in a
/// `TenantTransaction`; at run time nothing is parsed.
///
/// ```text
/// tenant_sql!("SELECT customer, total FROM orders WHERE total > ?", least).all::<Line>(&db).await?
/// ```
///
/// # The text
///
/// It is a literal. `?` stands for a value, numbered as it stands, on every engine; `$1` may be
/// written in a text for PostgreSQL alone, and `?` is there PostgreSQL's operator if the text has
/// a `$1`. The text must suit each engine whose feature is on. Where it cannot, write one for each,
/// or only for those the program is for; run on another engine, the statement is refused:
///
/// ```text
/// tenant_sql!(
///     postgres: "UPDATE orders SET total = $1 WHERE id = $2 RETURNING total",
///     mysql: "UPDATE orders SET total = ? WHERE id = ?",
///     total,
///     id,
/// )
/// ```
///
/// # The values
///
/// Each is an expression `Into<sea_orm::Value>`, evaluated once and in order. `..list` gives the
/// values of an `IN (?)`: anything that can be iterated over. A list that is empty is refused when
/// the statement runs, since `IN ()` is no SQL.
///
/// # The tables
///
/// The macro reads the entities from the sources of the crate: all `.rs` files in `src`, and for
/// tests, examples and benches those in the folder of the file with the statement. An entity in
/// that very file stands before others of the same table. Name other folders in `Cargo.toml`:
///
/// ```text
/// [package.metadata.tenancy]
/// entities = ["src", "../entity/src"]
/// ```
///
/// It sees entities in SeaORM's compact formats that are classified by one of the macros, and none
/// that another macro writes. When such a file changes, the statements that name its tables are
/// scoped again.
///
/// What was read may still not be what is linked, if `cfg` takes entities away for example. So each
/// statement remembers what it took for granted. If the catalog of the running program is another,
/// the statement goes through the scoper as if it had been written as a text, which is just as
/// safe, and a warning tells the difference. The same holds for functions you allow yourself: a
/// statement with one of them does not compile, and has to be run as a text.
///
/// `tenant_sql!(crate = path, "…")` says where the `tenancy` crate is, if not at `::tenancy`.
#[proc_macro]
pub fn tenant_sql(input: TokenStream) -> TokenStream {
    let found = |input: &sql::Input| tenancy_source::read::folder::known(input.file().as_deref());
    sql::tenant_sql(input.into(), sql::ENGINES, found).into()
}

/// All revisions of a folder, checked and written into the program.
///
/// ```text
/// let migrations = migrations!("migrations");
/// let migrations = migrations!("migrations", heads = many, rust = [backfill::Totals]);
/// ```
///
/// The folder is looked for beside `Cargo.toml`; its folders `shared` and `tenant` have the SQL files,
/// whose form `docs/migrations.md` describes. The result is a `tenancy::migrate::Migrations`.
///
/// # Arguments
///
/// | argument | meaning | default |
/// |---|---|---|
/// | `heads = many` | several revisions of a target may have none after them | one head each |
/// | `rust = [path, …]` | the unit structs that implement `RustRevision` | none |
/// | `crate = path`, first | where the `tenancy` crate is | `::tenancy` |
///
/// A revision in Rust is an SQL file too, whose head says what it comes after, so that the graph can
/// be checked here; `-- rust: Totals` in its head names the struct.
///
/// # Errors
///
/// It does not compile if
///
/// - a name is given to two revisions, or a label to two branches, or a label is a revision's name;
/// - what a revision comes after, or depends on, is not there, is of the wrong target, or leads round
///   in a circle;
/// - several revisions of a target have none after them, and `heads = many` is not said;
/// - a way up does nothing, or a way down is neither written nor marked `-- irreversible: …`;
/// - a head has a key, or a file a section, that nobody knows; or a section has a string, a comment or
///   a body that does not end;
/// - a struct that a head names is not in `rust`, or one in `rust` is named by no head.
///
/// All of that is said at once, each with the files it is in.
///
/// # New files
///
/// The program is compiled anew when a file changes or goes. Of a new one the compiler learns only
/// if something else changes too; let a build script watch the folder:
///
/// ```text
/// // build.rs
/// fn main() {
///     println!("cargo:rerun-if-changed=migrations");
/// }
/// ```
#[proc_macro]
pub fn migrations(input: TokenStream) -> TokenStream {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    migrations::expand(input.into(), root.as_ref(), sql::ENGINES).into()
}
