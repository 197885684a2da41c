//! What the scoper must know of an entity.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, Schema,
    sea_query::IndexCreateStatement,
};
use tenancy_core::catalog::{Class, Entity};

use super::{SharedEntity, TenantEntity, TenantKey};

/// Describes a tenant's entity to the scoper.
#[must_use]
pub fn tenant_definition<E: TenantEntity>(module: &'static str) -> Entity {
    let column = E::tenant_column().as_str().to_owned();
    let class = Class::Tenant { column, kind: E::Key::KIND };
    describe(facts::<E>(), class, E::KEY_PER_TENANT, module)
}

/// Describes a shared entity to the scoper.
#[must_use]
pub fn shared_definition<E: SharedEntity>(module: &'static str) -> Entity {
    describe(facts::<E>(), Class::Shared { writable: E::WRITABLE }, false, module)
}

/// What SeaORM says of an entity. What is made of it is made once, and not for each entity anew.
struct Facts {
    table: String,
    schema: Option<String>,
    primary: Vec<String>,
    /// Each column, and whether it is unique by itself.
    columns: Vec<(&'static str, bool)>,
    indexes: Vec<IndexCreateStatement>,
}

// Compiled for each entity, so with loops: adapters of iterators are dozens of functions more.
fn facts<E: EntityTrait>() -> Facts {
    let entity = E::default();
    let mut facts = Facts {
        table: entity.table_name().to_owned(),
        schema: entity.schema_name().map(str::to_owned),
        primary: Vec::new(),
        columns: Vec::new(),
        indexes: Schema::new(DbBackend::Sqlite).create_index_from_entity(entity),
    };
    for key in E::PrimaryKey::iter() {
        facts.primary.push(key.into_column().as_str().to_owned());
    }
    for column in E::Column::iter() {
        facts.columns.push((column.as_str(), column.def().is_unique()));
    }
    facts
}

fn describe(facts: Facts, class: Class, key_per_tenant: bool, module: &'static str) -> Entity {
    let Facts { table, schema, primary, columns, indexes } = facts;
    let mut keys: Vec<Vec<String>> = vec![primary];
    let unique = columns.iter().filter(|(_, unique)| *unique);
    keys.extend(unique.map(|(name, _)| vec![(*name).to_owned()]));
    // SeaORM shows the groups of `unique_key` only through the indexes it would create.
    let groups = indexes.iter().filter(|index| index.is_unique_key());
    keys.extend(groups.map(|index| index.get_index_spec().get_column_names()));
    if let Class::Tenant { column, .. } = &class {
        for (position, key) in keys.iter_mut().enumerate() {
            let per_tenant = position > 0 || key_per_tenant;
            if per_tenant && !key.contains(column) {
                key.insert(0, column.clone());
            }
        }
    }
    let columns = columns.into_iter().map(|(name, _)| name.to_owned()).collect();
    Entity { table, schema, class, columns, keys, module }
}
