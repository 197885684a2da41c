//! UPDATE: the tenant's rows only, and none of them may leave.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Ident, ObjectName, SqliteOnConflict, Update,
    UpdateTableFromKind,
};

use super::{
    Refusal, RefusalKind,
    column::may_mean,
    from::Entry,
    mark::Mark,
    walker::{Names, Result, Walker, guard, plain},
};
use crate::{Dialect, catalog::Entity};

impl<'a> Walker<'a> {
    pub(super) fn update(&mut self, update: &mut Update, names: &Names) -> Result {
        let Update {
            update_token: _,
            optimizer_hints,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        if [!optimizer_hints.is_empty(), output.is_some()].contains(&true) {
            return Err(self.unknown("a hint or OUTPUT clause"));
        }
        if !matches!(or, None | Some(SqliteOnConflict::Abort | SqliteOnConflict::Ignore)) {
            return Err(self.refuse(
                "UPDATE OR REPLACE, ROLLBACK or FAIL",
                "REPLACE deletes rows that are in the way, a neighbour's too; the others end or half-end the transaction",
                "use a plain UPDATE",
            ));
        }
        if !table.joins.is_empty() && self.dialect != Dialect::MySql {
            return Err(self.unknown("a join in the table of an UPDATE"));
        }
        let target = std::slice::from_mut(table);
        // The table to be updated is a table, whatever common table expressions are called.
        let mut found = self.within("UPDATE", |walker| {
            let names = if walker.dialect == Dialect::MySql { names } else { &Names::default() };
            walker.table_list(target, names)
        })?;
        if found.derived {
            return Err(self.no_derived_target("UPDATE"));
        }
        let single = found.entries.len() == 1;
        let targets = found.entries.len();
        match from {
            Some(UpdateTableFromKind::AfterSet(list)) => {
                let more = self.within("FROM", |walker| walker.table_list(list, names))?;
                self.distinct_names(&found.entries, &more.entries)?;
                found.predicates.extend(more.predicates);
                found.entries.extend(more.entries);
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => return Err(self.unknown("FROM before SET")),
            None => {}
        }
        let targets = &found.entries[..targets];
        if single {
            let target = targets.first().and_then(|entry| entry.entity);
            let target = target.ok_or_else(|| {
                self.refuse(
                    "UPDATE of something that is no table",
                    "a common table expression or sub-query has no rows of its own",
                    "update the table, and call expressions otherwise",
                )
            })?;
            self.within("UPDATE", |walker| walker.writable(target))?;
        }
        self.within("SET", |walker| walker.assignments(assignments, targets, names))?;
        if let Some(condition) = selection {
            self.within("WHERE", |walker| walker.expr(condition, names))?;
        }
        if let Some(items) = returning {
            self.within("RETURNING", |walker| walker.select_list(items, names))?;
        }
        self.within("ORDER BY", |walker| walker.order_list(order_by, names))?;
        if let Some(limit) = limit {
            self.within("LIMIT", |walker| walker.expr(limit, names))?;
        }
        *selection = guard(selection.take(), found.predicates);
        Ok(())
    }

    /// Walks `SET`. Whatever is given for the tenant column is checked and replaced by the tenant.
    pub(super) fn assignments(
        &mut self,
        assignments: &mut [Assignment],
        targets: &[Entry<'a>],
        names: &Names,
    ) -> Result {
        for Assignment { target, value } in assignments {
            let columns = match &*target {
                AssignmentTarget::ColumnName(name) => std::slice::from_ref(name),
                AssignmentTarget::Tuple(columns) => columns.as_slice(),
            };
            let mut pinned = None;
            for name in columns {
                let (entities, column) = self.assigned(name, targets)?;
                self.plain_column(column)?;
                for entity in entities {
                    self.writable(entity)?;
                    if let Some((tenant, kind)) = entity.tenant_column()
                        && may_mean(column, tenant)
                    {
                        pinned = Some((entity, tenant, kind));
                    }
                }
            }
            let Some((entity, column, kind)) = pinned else {
                self.expr(value, names)?;
                continue;
            };
            if columns.len() > 1 {
                return Err(self.refuse(
                    "the tenant column in a list of columns",
                    "it cannot be checked there",
                    "leave it out: a row never changes its tenant",
                ));
            }
            if !self.is_own_tenant(value, column) {
                self.tenant_value(value, entity, column, kind, false)?;
            }
            *value = Mark::Tenant(kind).into_expr();
        }
        Ok(())
    }

    /// The entities an assignment may mean, and the column.
    fn assigned<'n>(
        &self,
        name: &'n ObjectName,
        targets: &[Entry<'a>],
    ) -> Result<(Vec<&'a Entity>, &'n Ident)> {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        let (qualifier, column) = match parts.as_deref() {
            Some([column]) => (None, *column),
            Some([qualifier, column]) => (Some(*qualifier), *column),
            _ => return Err(self.unknown(format!("the assignment to `{}`", plain(name)))),
        };
        let meant = targets.iter().filter(|entry| {
            qualifier.is_none_or(|name| entry.alias.value.eq_ignore_ascii_case(&name.value))
        });
        let entities: Option<Vec<&Entity>> = meant.map(|entry| entry.entity).collect();
        match entities {
            Some(entities) if !entities.is_empty() => Ok((entities, column)),
            _ => Err(self.refuse(
                format!("the assignment to `{}`", plain(name)),
                "it is not certain which table's column it means",
                "qualify it with the name of a table that is updated",
            )),
        }
    }

    pub(super) fn writable(&self, entity: &Entity) -> Result {
        if entity.writable() {
            return Ok(());
        }
        if entity.tenant_column().is_some() {
            return Err(Refusal::new(
                RefusalKind::Table,
                format!("a write to `{}`", entity.table),
                "the database itself writes these records, and nobody changes what happened",
                "use an unscoped connection if old ones must go",
            )
            .at(self.place));
        }
        Err(Refusal::new(
            RefusalKind::Table,
            format!("a write to the shared table `{}`", entity.table),
            "all tenants would see the change",
            "put `#[shared(writable)]` on its entity if tenants may write it, or use an unscoped connection",
        )
        .at(self.place))
    }

    pub(super) fn no_derived_target(&self, statement: &str) -> Refusal {
        self.refuse(
            format!("{statement} of a RIGHT, NATURAL or nested join"),
            "the sub-query that keeps such a join within the tenant cannot be written to",
            "write the join as LEFT or INNER JOIN … ON",
        )
    }

    pub(super) fn distinct_names(&self, left: &[Entry<'_>], right: &[Entry<'_>]) -> Result {
        let twin = right.iter().find(|entry| {
            left.iter().any(|known| known.alias.value.eq_ignore_ascii_case(&entry.alias.value))
        });
        match twin {
            None => Ok(()),
            Some(entry) => Err(self.refuse(
                format!("the second `{}`", entry.alias.value),
                "the changed table and another have the same name, and the tenant predicate must mean one of them",
                "give one of them an alias of its own",
            )),
        }
    }

    /// Whether an assigned value is the tenant column of the row itself or of the row that was
    /// not inserted, which is the tenant's own either way.
    fn is_own_tenant(&self, value: &Expr, column: &str) -> bool {
        match value {
            Expr::CompoundIdentifier(parts) => {
                matches!(parts.as_slice(), [_, name] if may_mean(name, column)) && self.in_upsert
            }
            Expr::Function(call) => {
                let text = call.to_string().replace(['`', '"'], "");
                self.in_upsert && text.eq_ignore_ascii_case(&format!("values({column})"))
            }
            _ => false,
        }
    }
}
