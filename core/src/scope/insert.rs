//! INSERT: every new row is the tenant's.

use sqlparser::ast::{
    Assignment, AssignmentTarget, CastKind, DataType, Expr, Ident, Insert, ObjectName,
    ObjectNamePart, Parens, Query, SelectItem, SetExpr, SqliteOnConflict, TableAliasWithoutColumns,
    TableObject, Values, helpers::attached_token::AttachedToken,
};

use super::{
    Action, Refusal,
    build::plain_query,
    column::may_mean,
    mark::Mark,
    walker::{Names, Result, Walker},
};
use crate::{
    Dialect,
    catalog::{Entity, KeyKind},
};

/// The tenant column of the table rows are added to.
#[derive(Debug, Clone, Copy)]
struct Stamp<'a> {
    entity: &'a Entity,
    column: &'a str,
    kind: KeyKind,
    /// Where the author wrote it in the list of columns.
    position: Option<usize>,
    /// How many columns there are in it.
    columns: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn insert(&mut self, insert: &mut Insert, names: &Names) -> Result {
        self.plain_insert(insert)?;
        self.values_of_set(insert)?;
        let TableObject::TableName(name) = &insert.table else {
            return Err(self.unknown("INSERT into something that is no table"));
        };
        self.count_relation();
        let entity = self.within("INSERT", |walker| walker.entity(name))?;
        self.within("INSERT", |walker| walker.writable(entity))?;
        let alias = match &insert.table_alias {
            Some(TableAliasWithoutColumns { explicit: _, alias }) => Some(alias),
            None => name.0.last().and_then(|part| part.as_ident()),
        };
        let Some(alias) = alias.cloned() else {
            return Err(self.unknown("INSERT into a computed name"));
        };
        self.place_insert(insert, entity)?;
        match entity.tenant_column() {
            Some((column, kind)) => {
                self.note(entity, &alias, Action::Stamped);
                let position = self.tenant_position(&insert.columns, column)?;
                let columns = insert.columns.len();
                let stamp = Stamp { entity, column, kind, position, columns };
                self.stamp(insert, stamp, names)?;
            }
            None => {
                self.note(entity, &alias, Action::Shared);
                if let Some(source) = &mut insert.source {
                    self.query(source, names)?;
                }
            }
        }
        self.upsert(insert, entity, &alias, names)?;
        if let Some(items) = &mut insert.returning {
            self.within("RETURNING", |walker| walker.select_list(items, names))?;
        }
        Ok(())
    }

    fn place_insert(&self, insert: &mut Insert, entity: &Entity) -> Result {
        let TableObject::TableName(name) = &mut insert.table else { return Ok(()) };
        let mut alias = None;
        self.place_name(name, &mut alias, entity)?;
        // MySQL has no alias here; the bare name goes on meaning the table.
        if let Some(alias) = alias
            && insert.table_alias.is_none()
            && self.dialect != Dialect::MySql
        {
            insert.table_alias =
                Some(TableAliasWithoutColumns { explicit: true, alias: alias.name });
        }
        Ok(())
    }

    fn plain_insert(&self, insert: &Insert) -> Result {
        // Every field is named, so that a new one in the parser does not compile unseen.
        let Insert {
            insert_token: _,
            optimizer_hints,
            or,
            ignore: _,
            into: _,
            table: _,
            table_alias: _,
            columns: _,
            overwrite,
            source: _,
            assignments: _,
            partitioned,
            after_columns,
            has_table_keyword,
            on: _,
            returning: _,
            output,
            replace_into,
            priority,
            insert_alias: _,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        if matches!(or, Some(SqliteOnConflict::Rollback | SqliteOnConflict::Fail)) {
            return Err(self.refuse(
                "INSERT OR ROLLBACK or OR FAIL",
                "it ends the transaction, or leaves the statement half done",
                "use a plain INSERT",
            ));
        }
        if *replace_into || matches!(or, Some(SqliteOnConflict::Replace)) {
            return Err(self.refuse(
                "REPLACE or INSERT OR REPLACE",
                "it deletes the row that is in the way, a neighbour's too",
                "use an upsert: `ON CONFLICT … DO UPDATE` or `ON DUPLICATE KEY UPDATE`",
            ));
        }
        let foreign = [
            !optimizer_hints.is_empty(),
            *overwrite,
            partitioned.is_some(),
            !after_columns.is_empty(),
            *has_table_keyword,
            output.is_some(),
            priority.is_some(),
            settings.is_some(),
            format_clause.is_some(),
            multi_table_insert_type.is_some(),
            !multi_table_into_clauses.is_empty(),
            !multi_table_when_clauses.is_empty(),
            multi_table_else_clause.is_some(),
        ];
        if foreign.contains(&true) {
            Err(self.unknown("an INSERT clause of another engine"))
        } else {
            Ok(())
        }
    }

    /// Writes `INSERT … SET a = 1` as `INSERT … (a) VALUES (1)`.
    fn values_of_set(&self, insert: &mut Insert) -> Result {
        let mut row = Vec::new();
        for Assignment { target, value } in std::mem::take(&mut insert.assignments) {
            let AssignmentTarget::ColumnName(column) = target else {
                return Err(self.unknown("an assignment to a list of columns"));
            };
            insert.columns.push(column);
            row.push(value);
        }
        if !row.is_empty() {
            insert.source = Some(Box::new(plain_query(SetExpr::Values(one_row(row)))));
        }
        Ok(())
    }

    fn tenant_position(&self, columns: &[ObjectName], column: &str) -> Result<Option<usize>> {
        let mut position = None;
        for (index, name) in columns.iter().enumerate() {
            let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else {
                return Err(self.unknown("a qualified column in the column list of an INSERT"));
            };
            self.plain_column(ident)?;
            if may_mean(ident, column) && position.replace(index).is_some() {
                return Err(self.refuse(
                    format!("the second `{column}` in the column list"),
                    "the tenant column can be given once",
                    "leave it out, and it is filled in",
                ));
            }
        }
        Ok(position)
    }

    /// Writes the tenant into every row of an INSERT.
    fn stamp(&mut self, insert: &mut Insert, stamp: Stamp<'a>, names: &Names) -> Result {
        let Insert { columns, source, .. } = insert;
        let default_rows = match source.as_deref() {
            None => Some(1),
            Some(query) => default_rows(query).filter(|_| columns.is_empty()),
        };
        if let Some(rows) = default_rows {
            // No column at all: the tenant's becomes the only one given. `DEFAULT VALUES` has no
            // query of its own, so it gets one.
            self.count_query();
            let mut values = one_row(vec![Mark::Tenant(stamp.kind).into_expr()]);
            let row = values.rows.pop();
            values.rows.extend(row.into_iter().cycle().take(rows));
            let mut query = source
                .take()
                .unwrap_or_else(|| Box::new(plain_query(SetExpr::Values(values.clone()))));
            *query.body = SetExpr::Values(values);
            insert.columns = vec![self.quoted(stamp.column)];
            insert.source = Some(query);
            return Ok(());
        }
        let Some(source) = source else { return Ok(()) };
        if columns.is_empty() {
            return Err(self.refuse(
                "INSERT without a list of columns",
                "the order of the table's columns is not certain",
                "name the columns: `INSERT INTO t (a, b) VALUES (…)`",
            ));
        }
        self.query(source, names)?;
        self.stamp_body(&mut source.body, stamp)?;
        if stamp.position.is_none() {
            columns.push(self.quoted(stamp.column));
        }
        Ok(())
    }

    fn stamp_body(&mut self, body: &mut SetExpr, stamp: Stamp<'a>) -> Result {
        match body {
            SetExpr::Values(values) => {
                values.rows.iter_mut().try_for_each(|row| self.stamp_row(&mut row.content, stamp))
            }
            SetExpr::Select(select) => {
                let tenant = self.typed_tenant(stamp.kind);
                let wild = |item: &SelectItem| {
                    matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
                };
                if !select.projection.iter().any(wild) {
                    self.one_for_each(select.projection.len(), stamp)?;
                }
                let Some(position) = stamp.position else {
                    select.projection.push(SelectItem::UnnamedExpr(tenant));
                    return Ok(());
                };
                // Counted from the front, or from the back if a wildcard stands before it only.
                let items = select.projection.len();
                let front = select.projection.get(..=position);
                let position = if front.is_some_and(|front| !front.iter().any(wild)) {
                    position
                } else if !select.projection.iter().rev().take(stamp.columns - position).any(wild) {
                    items.wrapping_sub(stamp.columns - position)
                } else {
                    return Err(self.select_position());
                };
                match select.projection.get_mut(position) {
                    Some(
                        SelectItem::UnnamedExpr(value)
                        | SelectItem::ExprWithAlias { expr: value, .. },
                    ) => {
                        // A value somebody wrote is checked. What is read from a table is only
                        // replaced: the rows that are read are the tenant's own.
                        if !matches!(value, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                            let Stamp { entity, column, kind, .. } = stamp;
                            self.tenant_value(value, entity, column, kind, true)?;
                        }
                        *value = tenant;
                        Ok(())
                    }
                    _ => Err(self.select_position()),
                }
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.stamp_body(left, stamp)?;
                self.stamp_body(right, stamp)
            }
            SetExpr::Query(query) => self.stamp_body(&mut query.body, stamp),
            _ => Err(self.unknown("INSERT from the rows another statement returns")),
        }
    }

    /// The tenant's id in a select list, where PostgreSQL takes a bare parameter for a text.
    fn typed_tenant(&self, kind: KeyKind) -> Expr {
        let tenant = Mark::Tenant(kind).into_expr();
        let data_type = match kind {
            KeyKind::Uuid if self.dialect == Dialect::Postgres => DataType::Uuid,
            KeyKind::Integer if self.dialect == Dialect::Postgres => DataType::BigInt(None),
            _ => return tenant,
        };
        Expr::Cast { kind: CastKind::Cast, expr: Box::new(tenant), data_type, format: None }
    }

    fn stamp_row(&mut self, row: &mut Vec<Expr>, stamp: Stamp<'a>) -> Result {
        let Stamp { entity, column, kind, position, columns: _ } = stamp;
        self.one_for_each(row.len(), stamp)?;
        let tenant = Mark::Tenant(kind).into_expr();
        match position {
            None => row.push(tenant),
            Some(position) => {
                let Some(value) = row.get_mut(position) else {
                    return Err(self.select_position());
                };
                self.place = "VALUES";
                self.tenant_value(value, entity, column, kind, true)?;
                *value = tenant;
            }
        }
        Ok(())
    }

    fn one_for_each(&self, values: usize, stamp: Stamp<'_>) -> Result {
        if values == stamp.columns {
            return Ok(());
        }
        Err(self.refuse(
            format!("a row of {values} values for {} columns", stamp.columns),
            "it is not certain which of them the tenant column gets",
            "give each row one value for each column",
        ))
    }

    fn select_position(&self) -> Refusal {
        self.refuse(
            "the tenant column of INSERT … SELECT",
            "a wildcard stands before its value",
            "leave the tenant column out, and it is filled in",
        )
    }

    fn quoted(&self, column: &str) -> ObjectName {
        ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote(
            self.dialect.quote(),
            column,
        ))])
    }
}

fn one_row(content: Vec<Expr>) -> Values {
    let row = Parens {
        opening_token: AttachedToken::empty(),
        content,
        closing_token: AttachedToken::empty(),
    };
    Values { explicit_row: false, value_keyword: false, rows: vec![row] }
}

/// How many rows of nothing but defaults a query without a column list stands for: `VALUES ()`
/// and `VALUES (DEFAULT)`, as query builders write them.
fn default_rows(query: &Query) -> Option<usize> {
    let SetExpr::Values(values) = &*query.body else { return None };
    let is_default = |expr: &Expr| {
        matches!(expr, Expr::Identifier(word)
            if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("default"))
    };
    let plain = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
    let empty = values.rows.iter().all(|row| match row.content.as_slice() {
        [] => true,
        [only] => is_default(only),
        _ => false,
    });
    (plain && empty && !values.rows.is_empty()).then_some(values.rows.len())
}
