//! Upserts: what happens to the row that is in the way, which may be a neighbour's.

use sqlparser::ast::{
    Assignment, AssignmentTarget, CaseWhen, ConflictTarget, DoUpdate, Expr, Ident, Insert,
    OnConflict, OnConflictAction, OnInsert, Query, SelectItem, SetExpr, SetOperator, SetQuantifier,
    Value, ValueWithSpan, helpers::attached_token::AttachedToken,
};

use super::{
    build::{plain_query, plain_select},
    from::Entry,
    mark::Mark,
    walker::{Names, Result, Walker, guard},
};
use crate::catalog::Entity;

impl<'a> Walker<'a> {
    pub(super) fn upsert(
        &mut self,
        insert: &mut Insert,
        entity: &'a Entity,
        alias: &Ident,
        names: &Names,
    ) -> Result {
        let Some(on) = &mut insert.on else { return Ok(()) };
        let targets = [Entry { alias: alias.clone(), entity: Some(entity) }];
        self.in_upsert = true;
        match on {
            OnInsert::OnConflict(OnConflict { conflict_target, action }) => {
                if let Some(ConflictTarget::Columns(columns)) = conflict_target {
                    match columns.as_slice() {
                        [only] if let Some(Mark::Target(number)) = Mark::named(only) => {
                            self.read_target(number, entity)?;
                        }
                        _ => {
                            columns.iter().try_for_each(|column| self.plain_column(column))?;
                            self.conflict_target(columns, entity);
                        }
                    }
                }
                if let OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) = action {
                    self.within("DO UPDATE", |walker| {
                        walker.assignments(assignments, &targets, names)?;
                        selection.iter_mut().try_for_each(|condition| walker.expr(condition, names))
                    })?;
                    if let Some((column, kind)) = entity.tenant_column()
                        && self.mode.narrows()
                    {
                        let predicate = self.predicate(alias, column, kind);
                        *selection = guard(selection.take(), vec![predicate]);
                    }
                }
            }
            OnInsert::DuplicateKeyUpdate(assignments) => {
                if insert.returning.is_some() {
                    return Err(self.refuse(
                        "RETURNING after ON DUPLICATE KEY UPDATE",
                        "it returns the row that was in the way, a neighbour's too",
                        "read the row back with a SELECT",
                    ));
                }
                let ignore = insert.ignore;
                self.within("ON DUPLICATE KEY UPDATE", |walker| {
                    walker.assignments(assignments, &targets, names)?;
                    walker.keep_neighbours(assignments, entity, alias, ignore)
                })?;
            }
            _ => return Err(self.unknown("this ON clause of an INSERT")),
        }
        self.in_upsert = false;
        Ok(())
    }

    /// Adds the tenant column to a conflict target that is unique per tenant only: the key the
    /// author means exists in the database with the tenant column in it.
    fn conflict_target(&self, columns: &mut Vec<Ident>, entity: &Entity) {
        let Some((tenant, _)) = entity.tenant_column() else { return };
        let tenant = Ident::with_quote(self.dialect.quote(), tenant);
        let names: Vec<&Ident> = columns.iter().collect();
        let with_tenant: Vec<&Ident> = columns.iter().chain([&tenant]).collect();
        if !has_key(entity, &names) && has_key(entity, &with_tenant) {
            columns.push(tenant);
        }
    }

    /// MySQL has no WHERE here. Each assignment of a row that is not the tenant's fails instead, by
    /// a sub-query of two rows where one is allowed (error 1242): to leave the row as it is and
    /// report success would lose what was to be written. After `IGNORE`, which makes warnings of
    /// errors, the old value is kept.
    fn keep_neighbours(
        &mut self,
        assignments: &mut [Assignment],
        entity: &Entity,
        alias: &Ident,
        ignore: bool,
    ) -> Result {
        let Some((column, kind)) = entity.tenant_column() else { return Ok(()) };
        if !self.mode.narrows() {
            return Ok(());
        }
        for Assignment { target, value } in assignments {
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(self.unknown("an assignment to a list of columns"));
            };
            let Some(assigned) = name.0.last().and_then(|part| part.as_ident()) else {
                return Err(self.unknown("an assignment to a computed column"));
            };
            let otherwise = if ignore {
                self.column(alias, &assigned.value)
            } else {
                self.count_query();
                Expr::Subquery(Box::new(two_rows()))
            };
            let new = std::mem::replace(value, Expr::Tuple(Vec::new()));
            *value = Expr::Case {
                case_token: AttachedToken::empty(),
                end_token: AttachedToken::empty(),
                operand: None,
                conditions: vec![CaseWhen {
                    condition: self.predicate(alias, column, kind),
                    result: new,
                }],
                else_result: Some(Box::new(otherwise)),
            };
        }
        Ok(())
    }
}

/// Whether these columns, in any order, are a unique key of the entity.
pub(super) fn has_key(entity: &Entity, columns: &[&Ident]) -> bool {
    entity.keys.iter().any(|key| {
        key.len() == columns.len()
            && key.iter().all(|name| columns.iter().any(|c| c.value.eq_ignore_ascii_case(name)))
    })
}

/// `SELECT NULL UNION ALL SELECT NULL`
fn two_rows() -> Query {
    let one_row = || {
        let null = Expr::Value(ValueWithSpan::from(Value::Null));
        SetExpr::Select(Box::new(plain_select(SelectItem::UnnamedExpr(null))))
    };
    plain_query(SetExpr::SetOperation {
        left: Box::new(one_row()),
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        right: Box::new(one_row()),
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        Dialect,
        catalog::{Catalog, Class, Entity, KeyKind},
        scope::plan,
    };

    /// The database has the keys that are unique for each tenant with the tenant column in them.
    /// Other targets stay as they are: the author means another index, or none.
    #[test]
    fn a_conflict_target_means_the_key_that_is_there() {
        let keys = [&["tenant_id", "id"][..], &["serial"], &["tenant_id", "shelf", "place"]];
        let catalog = Catalog::new([Entity {
            table: "things".into(),
            schema: None,
            class: Class::Tenant { column: "tenant_id".into(), kind: KeyKind::Text },
            columns: Vec::new(),
            keys: keys.map(|key| key.iter().map(|c| (*c).to_owned()).collect()).to_vec(),
            module: "tests",
        }])
        .unwrap();
        for (written, expected) in [
            ("id", r#"id, "tenant_id""#),
            ("ID", r#"ID, "tenant_id""#),
            ("tenant_id, id", "tenant_id, id"),
            ("id, tenant_id", "id, tenant_id"),
            ("place, shelf", r#"place, shelf, "tenant_id""#),
            ("serial", "serial"),
            ("place", "place"),
            ("name", "name"),
            ("name, id", "name, id"),
            ("serial, id", "serial, id"),
            ("id, id", "id, id"),
        ] {
            let sql =
                format!("INSERT INTO things (id) VALUES (1) ON CONFLICT ({written}) DO NOTHING");
            let text = plan(&sql, Dialect::Sqlite, &catalog).unwrap().text("");
            assert!(text.ends_with(&format!("ON CONFLICT({expected}) DO NOTHING")), "{text}");
        }
    }
}
