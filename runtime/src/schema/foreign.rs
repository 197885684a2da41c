//! Foreign keys, with the tenant at both ends.

use sea_orm::{
    DbBackend, RelationDef,
    sea_query::{
        Alias, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement, IntoTableRef, SchemaName,
        TableName, TableRef,
    },
};
use tenancy_core::catalog::Entity;

use super::{Place, Reference, parts::Column, place, table};
use crate::{Error, Result};

/// A foreign key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) target: super::TableName,
    pub(super) from: Vec<String>,
    to: Vec<String>,
    from_table: TableRef,
    to_table: TableRef,
    name: Option<String>,
    on_delete: Option<ForeignKeyAction>,
    on_update: Option<ForeignKeyAction>,
}

impl Key {
    /// Puts both ends where they are for one tenant.
    fn place(
        &mut self,
        known: &[Entity],
        own: &Entity,
        backend: DbBackend,
        place: &Place<'_>,
    ) -> Result<()> {
        let target = described(known, &self.target);
        if backend == DbBackend::MySql {
            // The builder writes bare names only. They mean the database of the new table, which is
            // right for tenants' tables; others are put into the text afterwards.
            self.from_table = Alias::new(&own.table).into_table_ref();
            if let Some(target) = target {
                let shared = target.tenant_column().is_none();
                let name =
                    if shared { place::elsewhere(&target.table) } else { target.table.clone() };
                self.to_table = Alias::new(name).into_table_ref();
            }
            return Ok(());
        }
        self.from_table = place.table(own, backend)?;
        if let Some(target) = target {
            self.to_table = place.table(target, backend)?;
        }
        Ok(())
    }

    /// What it is, apart from its statement.
    pub(super) fn reference(&self, own: &Entity, columns: &[Column]) -> Reference {
        let pairs = self.from.iter().cloned().zip(self.to.iter().cloned()).collect();
        let empty = |from: &String| columns.iter().any(|it| it.name == from && it.nullable);
        Reference {
            own: (own.schema.clone(), own.table.clone()),
            target: self.target.clone(),
            pairs,
            optional: self.from.iter().any(empty),
        }
    }

    pub(super) fn statement(self, table: &str) -> ForeignKeyCreateStatement {
        let mut key = ForeignKey::create();
        let name = self.name.unwrap_or_else(|| table::name("fk", table, &self.from));
        key.name(name).from_tbl(self.from_table).to_tbl(self.to_table);
        for column in &self.from {
            key.from_col(Alias::new(column));
        }
        for column in &self.to {
            key.to_col(Alias::new(column));
        }
        if let Some(action) = self.on_delete {
            key.on_delete(action);
        }
        if let Some(action) = self.on_update {
            key.on_update(action);
        }
        key
    }
}

/// The entity of a table.
fn described<'a>(known: &'a [Entity], target: &super::TableName) -> Option<&'a Entity> {
    known.iter().find(|entity| entity.schema == target.0 && entity.table == target.1)
}

/// The foreign keys of an entity's relations.
pub(super) fn keys(
    relations: &[RelationDef],
    known: &[Entity],
    own: &Entity,
    backend: DbBackend,
    place: Option<&Place<'_>>,
) -> Result<Vec<Key>> {
    let mut keys: Vec<Key> = Vec::new();
    for relation in relations {
        // SeaORM calls the side without the foreign key its owner.
        if relation.is_owner || relation.skip_fk {
            continue;
        }
        let mut key = key(relation.clone(), known, own)?;
        if let Some(place) = place {
            if !place.reaches(described(known, &key.target)) {
                continue;
            }
            key.place(known, own, backend, place)?;
        }
        let twin = |other: &Key| {
            other.target == key.target && other.from == key.from && other.to == key.to
        };
        if !keys.iter().any(twin) {
            keys.push(key);
        }
    }
    Ok(keys)
}

fn key(relation: RelationDef, known: &[Entity], own: &Entity) -> Result<Key> {
    let mut from: Vec<String> =
        relation.from_col.into_iter().map(|column| column.to_string()).collect();
    let mut to: Vec<String> =
        relation.to_col.into_iter().map(|column| column.to_string()).collect();
    let problem = |why: String| {
        Error::config(format!("the foreign key {from:?} of the table `{}`: {why}", own.table))
    };
    let TableRef::Table(TableName(schema, table), _) = &relation.to_tbl else {
        return Err(problem("it points at something that is no table".to_owned()));
    };
    let schema = schema.as_ref().map(|SchemaName(_, schema)| schema.to_string());
    let target = (schema, table.to_string());
    let Some(entity) = described(known, &target) else {
        return Err(problem(format!(
            "no annotated entity describes the table `{}`; put `#[tenant_scoped]` or \
             `#[derive(SharedEntity)]` on it, or `skip_fk` on the relation",
            target.1
        )));
    };
    match (own.tenant_column(), entity.tenant_column()) {
        (Some((ours, our_kind)), Some((theirs, their_kind))) => {
            if our_kind != their_kind {
                return Err(problem(format!(
                    "the tenant column is a `{our_kind}` here and a `{their_kind}` in `{}`; use \
                     one type for both",
                    target.1
                )));
            }
            let clears =
                [relation.on_delete, relation.on_update].into_iter().flatten().any(|action| {
                    matches!(action, ForeignKeyAction::SetNull | ForeignKeyAction::SetDefault)
                });
            if clears {
                return Err(problem(
                    "`SetNull` and `SetDefault` would clear the tenant column as well; clear the \
                     reference yourself before you delete, or set `skip_fk` on the relation"
                        .to_owned(),
                ));
            }
            let paired = from.iter().zip(&to).all(|(from, to)| (from == ours) == (to == theirs));
            if !paired {
                return Err(problem(format!(
                    "it does not pair `{ours}` with `{theirs}` of `{}`; name the tenant columns at \
                     the same place of `from` and `to`, or in neither",
                    target.1
                )));
            }
            if !from.iter().any(|column| column == ours) {
                from.insert(0, ours.to_owned());
                to.insert(0, theirs.to_owned());
            }
        }
        (None, Some(_)) => {
            return Err(problem(format!(
                "all tenants share this table, and the rows of `{}` belong to one; set `skip_fk` \
                 on the relation",
                target.1
            )));
        }
        (Some(_), None) => {
            let (delete, update) = (&relation.on_delete, &relation.on_update);
            let changes = |action: &Option<ForeignKeyAction>| {
                matches!(
                    action,
                    Some(
                        ForeignKeyAction::Cascade
                            | ForeignKeyAction::SetNull
                            | ForeignKeyAction::SetDefault
                    )
                )
            };
            if matches!(delete, Some(ForeignKeyAction::Cascade)) {
                return Err(problem(format!(
                    "all tenants share `{}`, so `on_delete = \"Cascade\"` would delete rows of every \
                     tenant; write `on_delete = \"Restrict\"`",
                    target.1
                )));
            }
            if entity.writable() && (changes(delete) || changes(update)) {
                return Err(problem(format!(
                    "every tenant may write `{}`, so one of them would change rows of the others; \
                     write `Restrict` for `on_delete` and `on_update`",
                    target.1
                )));
            }
        }
        (None, None) => {}
    }
    Ok(Key {
        target,
        from,
        to,
        from_table: relation.from_tbl,
        to_table: relation.to_tbl,
        name: relation.fk_name,
        on_delete: relation.on_delete,
        on_update: relation.on_update,
    })
}
