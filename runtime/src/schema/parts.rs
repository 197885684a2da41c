//! What SeaORM says of an entity. All that is made of it is made once, and not for each entity anew.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
    RelationDef, RelationTrait, Schema,
    sea_query::{
        ColumnDef, IndexCreateStatement, TableRef, extension::postgres::TypeCreateStatement,
    },
};

/// An entity, taken apart.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) table: TableRef,
    pub(super) comment: Option<String>,
    /// Whether the database makes up the primary key's values.
    pub(super) counted: bool,
    pub(super) columns: Vec<Column>,
    pub(super) relations: Vec<RelationDef>,
    pub(super) indexes: Vec<IndexCreateStatement>,
    pub(super) types: Vec<TypeCreateStatement>,
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// As SeaORM would make it.
    pub(super) theirs: ColumnDef,
    pub(super) nullable: bool,
    /// Whether it is in the entity's primary key.
    pub(super) key: bool,
}

impl Parts {
    pub(super) fn of<E: EntityTrait>(backend: DbBackend) -> Self {
        let (entity, schema) = (E::default(), Schema::new(backend));
        let keys: Vec<&str> = E::PrimaryKey::iter().map(|key| key.into_column().as_str()).collect();
        let column = |column: E::Column| Column {
            name: column.as_str(),
            theirs: schema.get_column_def::<E>(column),
            nullable: column.def().is_null(),
            key: keys.contains(&column.as_str()),
        };
        Self {
            table: entity.table_ref(),
            comment: entity.comment().map(str::to_owned),
            counted: E::PrimaryKey::auto_increment(),
            columns: E::Column::iter().map(column).collect(),
            relations: E::Relation::iter().map(|relation| relation.def()).collect(),
            indexes: schema.create_index_from_entity(entity),
            types: schema.create_enum_from_entity(entity),
        }
    }

    /// The columns of the primary key, in its order.
    pub(super) fn key<'a>(&'a self, order: &'a [String]) -> impl Iterator<Item = &'a Column> {
        order.iter().filter_map(|name| self.columns.iter().find(|it| it.key && it.name == name))
    }
}
