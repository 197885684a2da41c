//! What SeaORM says of an entity. All that is made of it is made once, and not for each entity anew.

use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn, PrimaryKeyTrait,
    RelationDef, RelationTrait, Schema,
    sea_query::{
        ColumnDef, ColumnType, IndexCreateStatement, TableRef,
        extension::postgres::TypeCreateStatement,
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

/// An enumeration of the database's own.
#[derive(Debug, Clone)]
pub(super) struct Enumeration {
    pub(super) name: String,
    pub(super) values: Vec<String>,
    /// Whether a column has several of its values.
    pub(super) listed: bool,
}

impl Enumeration {
    fn of(kind: &ColumnType) -> Option<Self> {
        match kind {
            ColumnType::Enum { name, variants } => {
                let values = variants.iter().map(ToString::to_string).collect();
                Some(Self { name: name.to_string(), values, listed: false })
            }
            ColumnType::Array(inner) => Some(Self { listed: true, ..Self::of(inner)? }),
            _ => None,
        }
    }
}

/// One column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    /// As SeaORM would make it.
    pub(super) theirs: ColumnDef,
    pub(super) nullable: bool,
    /// The enumeration of the database's own that its values are of.
    pub(super) enumeration: Option<Enumeration>,
    /// Whether it is in the entity's primary key.
    pub(super) key: bool,
}

impl Parts {
    // Compiled for each entity, so with loops: adapters of iterators are dozens of functions more.
    pub(super) fn of<E: EntityTrait>(backend: DbBackend) -> Self {
        let (entity, schema) = (E::default(), Schema::new(backend));
        let mut parts = Self {
            table: entity.table_ref(),
            comment: entity.comment().map(str::to_owned),
            counted: E::PrimaryKey::auto_increment(),
            columns: Vec::new(),
            relations: Vec::new(),
            indexes: schema.create_index_from_entity(entity),
            types: schema.create_enum_from_entity(entity),
        };
        for column in E::Column::iter() {
            let def = column.def();
            parts.columns.push(Column {
                name: column.as_str(),
                theirs: schema.get_column_def::<E>(column),
                nullable: def.is_null(),
                enumeration: Enumeration::of(def.get_column_type()),
                key: false,
            });
        }
        for key in E::PrimaryKey::iter() {
            parts.mark(key.into_column().as_str());
        }
        for relation in E::Relation::iter() {
            parts.relations.push(relation.def());
        }
        parts
    }

    fn mark(&mut self, key: &str) {
        for column in &mut self.columns {
            column.key |= column.name == key;
        }
    }

    /// The columns of the primary key, in its order.
    pub(super) fn key<'a>(&'a self, order: &'a [String]) -> impl Iterator<Item = &'a Column> {
        order.iter().filter_map(|name| self.columns.iter().find(|it| it.key && it.name == name))
    }
}
