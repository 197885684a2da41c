//! How entities are classified: the traits behind the macros, and the catalog they fill.

use sea_orm::{
    DbBackend, EntityTrait,
    prelude::{DateTime, DateTimeLocal, DateTimeUtc, DateTimeWithTimeZone},
    sea_query::{Alias, IntoTableRef, TableRef},
};
use tenancy_core::{
    catalog::{Catalog, CatalogError, Entity, KeyKind},
    policy::Rule,
    structure::Renames,
};

use crate::{
    Error, Result, SchemaName,
    schema::{self, Blueprint, Place},
};

pub mod change;
mod definition;
mod side;

#[doc(hidden)]
pub use self::definition::{shared_definition, tenant_definition};
pub use self::side::Side;

mod private {
    pub trait Sealed {}
    impl Sealed for uuid::Uuid {}
    impl Sealed for String {}
    impl Sealed for i64 {}
}

/// The Rust types a tenant column may have: `Uuid`, `String` and `i64`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a tenant column",
    label = "a tenant column is a `Uuid`, a `String` or an `i64`",
    note = "change the field's type, or let `#[tenant_scoped]` write the column for you"
)]
pub trait TenantKey: private::Sealed + Send + Sync + 'static {
    /// How a tenant's id is bound to such a column.
    const KIND: KeyKind;
}

impl TenantKey for uuid::Uuid {
    const KIND: KeyKind = KeyKind::Uuid;
}

impl TenantKey for String {
    const KIND: KeyKind = KeyKind::Text;
}

impl TenantKey for i64 {
    const KIND: KeyKind = KeyKind::Integer;
}

/// An entity whose rows each belong to one tenant.
///
/// Written by [`#[tenant_scoped]`](macro@crate::tenant_scoped) and
/// [`#[derive(TenantEntity)]`](derive@crate::TenantEntity), not by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not known to belong to tenants",
    label = "this entity has no tenant classification",
    note = "put `#[tenant_scoped]` above its `Model`, or `#[derive(TenantEntity)]` on it if you wrote the tenant column yourself",
    note = "a table that all tenants share has `#[derive(SharedEntity)]`; query it through a `TenantDb`"
)]
pub trait TenantEntity: EntityTrait {
    /// Type of the tenant column.
    type Key: TenantKey;

    /// Whether the primary key is unique per tenant, not in the whole table: the database's key
    /// is then the tenant column and the entity's key together.
    const KEY_PER_TENANT: bool;

    /// Further policies of the table in PostgreSQL, from `rls(…)`.
    const RULES: &'static [Rule] = &[];

    /// Whether changes of the table are [recorded](crate::change), from `audit`.
    const AUDITED: bool = false;

    /// The tenant column.
    fn tenant_column() -> Self::Column;

    /// The column that says when a row was deleted, from `soft_delete`.
    fn deleted_column() -> Option<Self::Column> {
        None
    }
}

/// An entity whose rows all tenants share.
///
/// Written by [`#[derive(SharedEntity)]`](derive@crate::SharedEntity), not by hand.
pub trait SharedEntity: EntityTrait {
    /// Whether tenants may write it.
    const WRITABLE: bool;
}

/// What every classified entity is. The macros implement it, once for each entity, so that two
/// classifications of one entity conflict; and they require it of the entities a relation names.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a relation leads to `{Self}`, which no macro classifies",
    label = "is this a tenant's entity, or shared?",
    note = "put `#[tenant_scoped]` above its `Model`, or `#[derive(SharedEntity)]` on it if all tenants share its rows"
)]
pub trait TenantOrShared: EntityTrait {
    /// What a relation that leads here must know.
    const SIDE: Side;
}

/// The types of a column that says when a row was deleted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot say when a row was deleted",
    label = "`soft_delete` needs a column that is a time, or empty",
    note = "write `Option<DateTimeUtc>`, or another of chrono's times with a date"
)]
pub trait DeletionTime {}

impl DeletionTime for Option<DateTime> {}
impl DeletionTime for Option<DateTimeUtc> {}
impl DeletionTime for Option<DateTimeLocal> {}
impl DeletionTime for Option<DateTimeWithTimeZone> {}

/// The column that says when a row was deleted.
#[doc(hidden)]
pub fn deleted_at<T: DeletionTime, C>(column: C) -> Option<C> {
    Some(column)
}

/// The row security of a table in PostgreSQL, as [`Entity::rls()`](macro@crate::tenant_scoped) has
/// it: statements with comments, for a transaction that is open, run by the owner of the table.
///
/// The policies read the tenant from the [setting](crate::policy::Context::Setting). Rights are not
/// part of it: [`RowSecurity`](crate::policy::RowSecurity) has them, for all tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowSecuritySql {
    /// What puts it in place; it may be run again.
    pub up: &'static str,
    /// What takes it away.
    pub down: &'static str,
}

/// The trigger of PostgreSQL that records a table's changes, as
/// [`Entity::audit()`](macro@crate::tenant_scoped) has it: statements with comments, for a transaction
/// that is open, run by the owner of the table. The table of the [records](crate::change) must be
/// there; [`schema`] makes it, and the triggers of all engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditSql {
    /// What makes it unless it is there.
    pub up: &'static str,
    /// What takes it away. The records stay.
    pub down: &'static str,
}

/// The table of an entity in a schema.
#[doc(hidden)]
#[must_use]
pub fn table_in<E: EntityTrait>(schema: &SchemaName) -> TableRef {
    (Alias::new(schema.as_str()), Alias::new(E::default().table_name())).into_table_ref()
}

/// An annotated entity, as the macros submit it at link time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration {
    module: &'static str,
    definition: fn(&'static str) -> Entity,
    rules: &'static [Rule],
    audited: bool,
    renamed: (Option<&'static str>, &'static [OldColumn]),
    blueprint: fn(DbBackend, &[Entity], Option<&Place<'_>>) -> Result<Blueprint>,
}

impl Registration {
    /// A tenant's entity.
    #[must_use]
    pub const fn tenant<E: TenantEntity>(module: &'static str) -> Self {
        Self {
            module,
            definition: tenant_definition::<E>,
            rules: E::RULES,
            audited: E::AUDITED,
            renamed: (None, &[]),
            blueprint: schema::tenant::<E>,
        }
    }

    /// A shared entity.
    #[must_use]
    pub const fn shared<E: SharedEntity>(module: &'static str) -> Self {
        Self {
            module,
            definition: shared_definition::<E>,
            rules: &[],
            audited: false,
            renamed: (None, &[]),
            blueprint: schema::shared::<E>,
        }
    }
}

/// A column's name, and what it was called before.
type OldColumn = (fn() -> &'static str, &'static str);

impl Registration {
    /// With what the table, and some columns, were called before.
    #[must_use]
    pub const fn renamed_from(
        mut self,
        table: Option<&'static str>,
        columns: &'static [OldColumn],
    ) -> Self {
        self.renamed = (table, columns);
        self
    }
}

inventory::collect!(Registration);

/// What the linked entities say was called something else.
pub(crate) fn renames() -> Renames {
    let mut renames = Renames::default();
    for registration in inventory::iter::<Registration> {
        let (old_table, columns) = registration.renamed;
        if old_table.is_none() && columns.is_empty() {
            continue;
        }
        let table = (registration.definition)(registration.module).table;
        if let Some(old) = old_table {
            renames.table(table.clone(), old);
        }
        for (new, old) in columns {
            renames.column(table.clone(), new(), *old);
        }
    }
    renames
}

/// The table of the records, which is there if an entity is audited.
static CHANGES: Registration = Registration::tenant::<change::Entity>("tenancy::change");

/// All annotated entities linked into this program, and what belongs to them.
fn registrations() -> impl Iterator<Item = &'static Registration> {
    let linked = || inventory::iter::<Registration>.into_iter();
    linked().chain(linked().any(|it| it.audited).then_some(&CHANGES))
}

/// The catalog of all annotated entities linked into this program.
///
/// # Errors
///
/// An error that [is one of configuration](Error::is_config) if entities disagree about a table.
pub fn catalog() -> Result<Catalog> {
    let refused = |error: CatalogError| Error::config(error.to_string());
    let mut catalog = Catalog::new(registered()).map_err(refused)?;
    for registration in inventory::iter::<Registration> {
        let entity = || (registration.definition)(registration.module);
        if !registration.rules.is_empty() {
            catalog.add_rules(&entity(), registration.rules).map_err(refused)?;
        }
        if registration.audited {
            catalog.add_audit(&entity()).map_err(refused)?;
        }
    }
    Ok(catalog)
}

/// The further policies of a table, as its entities have them.
pub(crate) fn rules(entity: &Entity) -> Vec<Rule> {
    let of_table = |registration: &&Registration| {
        let known = (registration.definition)(registration.module);
        known.table == entity.table && known.schema == entity.schema
    };
    let registrations =
        inventory::iter::<Registration>.into_iter().filter(|it| !it.rules.is_empty());
    registrations.filter(of_table).flat_map(|it| it.rules).cloned().collect()
}

/// All annotated entities linked into this program.
pub(crate) fn registered() -> impl Iterator<Item = Entity> {
    registrations().map(|registration| (registration.definition)(registration.module))
}

/// The tables of all annotated entities, for an engine.
pub(crate) fn blueprints(
    backend: DbBackend,
    known: &[Entity],
    place: Option<&Place<'_>>,
) -> impl Iterator<Item = Result<Blueprint>> {
    registrations().map(move |registration| (registration.blueprint)(backend, known, place))
}
