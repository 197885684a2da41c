//! The procedural macros of the `tenancy` crate, which re-exports them.

mod case;
mod check;
mod errors;
mod expand;
mod fallback;
mod keys;
mod model;
mod parse;
mod source;
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
/// | `crate = path` | where the `tenancy` crate is | `::tenancy` |
///
/// Write the column yourself if it needs attributes, such as `#[serde(skip)]` or SeaORM's
/// `column_name`. Its type is then that of your field.
///
/// # Errors
///
/// It does not compile if the tenant column is nullable, `ignore`d, `unique` by itself, there twice
/// or of another type than the three above; if the entity is classified by a second macro; if a
/// relation leads to an entity that no macro classifies; or if the item is not the `Model` of an
/// entity.
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
/// `#[tenancy(…)]` on the struct takes `column`, `key` and `crate`, with the meanings and defaults
/// they have in `#[tenant_scoped]`. If `PrimaryKey` is written by hand, `key` is required, because
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
/// `#[shared(…)]` on the struct takes `writable` and `crate = path`.
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
    let found = |input: &sql::Input| source::folder::known(input.file().as_deref());
    sql::tenant_sql(input.into(), sql::ENGINES, found).into()
}
