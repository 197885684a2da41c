//! SQLite, where a tenant's tables have a prefix: statements whose names get it.

use std::{collections::BTreeSet, error, fmt, ops::ControlFlow};

use sqlparser::{
    ast::{
        AlterTableOperation, ColumnOption, Expr, Ident, ObjectName, ObjectNamePart, ObjectType,
        Query, RenameTableNameKind, SelectItem, SelectItemQualifiedWildcardKind, Statement,
        TableConstraint, TableFactor, VisitMut, VisitorMut,
    },
    dialect::SQLiteDialect,
    parser::Parser,
};

/// What stands for the prefix in a statement that has it already.
const MARK: &str = "{{prefix}}";

/// A statement whose names cannot be told for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPrefixed(String);

impl fmt::Display for NotPrefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, so the names in it cannot be given the tenant's prefix; write it for SQLite alone, with \
             `{MARK}` before each name of a table, index or trigger",
            self.0
        )
    }
}

impl error::Error for NotPrefixed {}

/// What stands for the tables all tenants share while a statement is read, where a database's name does.
const SHARED: (&str, &str) = ("{{shared}}.", "tenancy_shared_place.");

/// A statement of SQLite with a prefix before the names of all tables, views and indexes, but for those
/// that say `{{shared}}.name`: these are of tables all tenants share, and stay.
///
/// Known are statements that make, change and drop tables, views and indexes, and those on rows. One
/// that holds `{{prefix}}` is taken at its word.
///
/// # Errors
///
/// An error that says what is not known in the statement.
///
/// # Example
///
/// ```
/// use tenancy_core::revision::prefixed;
///
/// let sql = prefixed("CREATE INDEX due ON tasks (due)", "t_acme__")?;
/// assert_eq!(sql, r#"CREATE INDEX "t_acme__due" ON "t_acme__tasks"(due)"#);
/// # Ok::<(), tenancy_core::revision::NotPrefixed>(())
/// ```
pub fn prefixed(sql: &str, prefix: &str) -> Result<String, NotPrefixed> {
    if sql.contains(MARK) {
        return Ok(sql.replace(MARK, prefix).replace(SHARED.0, ""));
    }
    let sql = &sql.replace(SHARED.0, SHARED.1);
    let mut statements = Parser::parse_sql(&SQLiteDialect {}, sql)
        .map_err(|error| NotPrefixed(format!("the statement cannot be read ({error})")))?;
    let [statement] = statements.as_mut_slice() else {
        return Err(NotPrefixed("there is not one statement".to_owned()));
    };
    let mut names =
        Names { prefix, virtual_names: BTreeSet::new(), tables: BTreeSet::new(), why: None };
    // Names that a query gives to its parts are not of tables.
    let mut parts = Parts(BTreeSet::new());
    let _ = statement.visit(&mut parts);
    names.virtual_names = parts.0;
    names.own(statement)?;
    let _ = statement.visit(&mut names);
    match names.why {
        Some(why) => Err(NotPrefixed(why)),
        None => {
            let mut columns = Columns { prefix, tables: &names.tables, why: None };
            let _ = statement.visit(&mut columns);
            columns.why.map_or_else(|| Ok(statement.to_string()), |why| Err(NotPrefixed(why)))
        }
    }
}

/// The names a statement gives to its common table expressions.
struct Parts(BTreeSet<String>);

impl VisitorMut for Parts {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let Some(with) = &query.with {
            self.0.extend(with.cte_tables.iter().map(|cte| folded(&cte.alias.name)));
        }
        ControlFlow::Continue(())
    }
}

fn folded(ident: &Ident) -> String {
    ident.value.to_ascii_lowercase()
}

struct Names<'a> {
    prefix: &'a str,
    virtual_names: BTreeSet<String>,
    tables: BTreeSet<String>,
    why: Option<String>,
}

impl Names<'_> {
    fn rename(&mut self, name: &mut ObjectName) {
        if let [ObjectNamePart::Identifier(place), _] = name.0.as_slice()
            && SHARED.1.strip_suffix('.') == Some(&place.value)
        {
            name.0.remove(0);
            return;
        }
        let [ObjectNamePart::Identifier(ident)] = name.0.as_mut_slice() else {
            self.why.get_or_insert_with(|| format!("`{name}` names a database"));
            return;
        };
        let plain = folded(ident);
        if plain.starts_with("sqlite_") {
            self.why.get_or_insert_with(|| format!("`{name}` is a table of SQLite itself"));
            return;
        }
        if self.virtual_names.contains(&plain) {
            return;
        }
        self.tables.insert(plain);
        *ident = Ident::with_quote('"', format!("{}{}", self.prefix, ident.value));
    }

    fn column_options<'b>(&mut self, options: impl Iterator<Item = &'b mut ColumnOption>) {
        for option in options {
            if let ColumnOption::ForeignKey(key) = option {
                self.rename(&mut key.foreign_table);
            }
        }
    }

    fn constraint(&mut self, constraint: &mut TableConstraint) {
        if let TableConstraint::ForeignKey(key) = constraint {
            self.rename(&mut key.foreign_table);
        }
    }

    /// The names that are not those of tables that are read or written, or that the parser's visitor
    /// leaves out.
    fn own(&mut self, statement: &mut Statement) -> Result<(), NotPrefixed> {
        match statement {
            Statement::CreateTable(table) => {
                for column in &mut table.columns {
                    self.column_options(column.options.iter_mut().map(|option| &mut option.option));
                }
                for constraint in &mut table.constraints {
                    self.constraint(constraint);
                }
            }
            Statement::AlterTable(alter) => {
                for operation in &mut alter.operations {
                    match operation {
                        AlterTableOperation::AddColumn { column_def, .. } => {
                            let options = column_def.options.iter_mut();
                            self.column_options(options.map(|option| &mut option.option));
                        }
                        AlterTableOperation::RenameTable { table_name } => match table_name {
                            RenameTableNameKind::As(name) | RenameTableNameKind::To(name) => {
                                self.rename(name);
                            }
                        },
                        AlterTableOperation::RenameColumn { .. }
                        | AlterTableOperation::DropColumn { .. } => {}
                        other => {
                            return Err(NotPrefixed(format!("`{other}` is not known here")));
                        }
                    }
                }
            }
            Statement::CreateIndex(index) => match &mut index.name {
                Some(name) => self.rename(name),
                None => return Err(NotPrefixed("the index has no name".to_owned())),
            },
            Statement::Drop {
                object_type: ObjectType::Table | ObjectType::Index | ObjectType::View,
                names,
                ..
            } => {
                for name in names {
                    self.rename(name);
                }
            }
            // The parser's visitor comes to its name.
            Statement::CreateView(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::Query(_) => {}
            other => {
                let text = other.to_string();
                let start: Vec<_> = text.split_whitespace().take(2).collect();
                return Err(NotPrefixed(format!("`{} …` is not known here", start.join(" "))));
            }
        }
        Ok(())
    }
}

impl VisitorMut for Names<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        // Once only: the names of `own` are not visited, so none has the prefix already.
        self.rename(relation);
        ControlFlow::Continue(())
    }
}

/// Columns that say whose they are, by the name of a table.
struct Columns<'a> {
    prefix: &'a str,
    tables: &'a BTreeSet<String>,
    why: Option<String>,
}

impl Columns<'_> {
    fn rename(&self, ident: &mut Ident) {
        if self.tables.contains(&folded(ident)) {
            *ident = Ident::with_quote('"', format!("{}{}", self.prefix, ident.value));
        }
    }
}

impl VisitorMut for Columns<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let Some(first) = parts.first_mut()
        {
            self.rename(first);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. } = factor
            && self.tables.contains(&folded(&alias.name))
        {
            self.why.get_or_insert_with(|| format!("`{}` is an alias and a table", alias.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if let Some(select) = query.body.as_select() {
            let wildcard = select.projection.iter().find_map(|item| match item {
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => Some(name),
                _ => None,
            });
            if let Some(name) = wildcard {
                self.why.get_or_insert_with(|| format!("`{name}.*` is not known here"));
            }
        }
        ControlFlow::Continue(())
    }
}
