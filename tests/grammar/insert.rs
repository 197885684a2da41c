//! INSERT, and what happens to the row that is in the way.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{CUSTOMERS, ITEMS, Kind, LEDGER, ORDERS, Relation, Table, WORDS},
    world::ledger_keys,
    write::Write,
};

impl Generator {
    pub(crate) fn insert(&mut self) -> Write {
        let table = self.choices.one(&[&ORDERS, &CUSTOMERS, &ITEMS, &WORDS, &LEDGER]);
        self.insert_into(table)
    }

    /// An INSERT for use within another statement.
    pub(crate) fn insert_within(&mut self) -> Write {
        self.insert_into(&ORDERS)
    }

    fn insert_into(&mut self, table: &'static Table) -> Write {
        self.saw("INSERT");
        self.depth = 1;
        if self.choices.chance(2) {
            // No column has a default, so both sides fail.
            self.saw("INSERT of defaults");
            let rest = if self.is(Engine::MySql) { "() VALUES ()" } else { "DEFAULT VALUES" };
            return Write { sql: format!("INSERT INTO {} {rest}", table.name), returns: false };
        }
        let mut columns: Vec<&str> = table
            .columns
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "tenant_id")
            .collect();
        let tenant = table.name != "words" && self.choices.chance(15);
        let position = self.choices.below(columns.len() + 1);
        if tenant {
            self.saw("INSERT that names the tenant column");
            columns.insert(position, "tenant_id");
        }
        let mysql = self.is(Engine::MySql);
        // The parser reads no alias here on SQLite.
        let aliased = self.is(Engine::Postgres) && self.choices.chance(25);
        let alias = if aliased { "o" } else { table.name };
        let selects = table.name != "ledger" && self.can_nest() && self.choices.chance(40);
        let mut source = self.unread(&[table.name], |own| {
            if selects {
                own.rows_of_a_query(table, &columns)
            } else {
                own.rows_of_values(table, &columns)
            }
        });
        let upsert = if self.choices.chance(55) {
            self.unread(&[table.name], |own| own.on_conflict(table, alias))
        } else {
            String::new()
        };
        let ignore = if mysql && self.choices.chance(10) && upsert.is_empty() {
            self.saw("INSERT IGNORE");
            "IGNORE "
        } else {
            ""
        };
        let named = if aliased { " AS o" } else { "" };
        source = format!(
            "INSERT {ignore}INTO {}{named} ({}) {source}{upsert}",
            table.name,
            columns.join(", ")
        );
        let returns = !mysql && self.choices.chance(30);
        if returns {
            let scope = Scope { relations: vec![table.relation(alias)], grouped: None };
            source.push_str(&self.returning(scope, true));
        }
        Write { sql: source, returns }
    }

    fn rows_of_values(&mut self, table: &Table, columns: &[&str]) -> String {
        self.saw("INSERT … VALUES");
        self.scopes.push(Scope::default());
        let rows: Vec<String> = (0..=self.choices.weighted(&[(60, 0), (25, 1), (15, 2)]))
            .map(|_| {
                let row: Vec<String> =
                    columns.iter().map(|column| self.new_value(table, column)).collect();
                format!("({})", row.join(", "))
            })
            .collect();
        self.scopes.pop();
        format!("VALUES {}", rows.join(", "))
    }

    /// A value for a column of a new row. Keys are few, so that they meet.
    fn new_value(&mut self, table: &Table, column: &str) -> String {
        match (table.name, column) {
            (_, "tenant_id") => {
                match self.choices.below(if self.is(Engine::Sqlite) { 2 } else { 3 }) {
                    0 => format!("'{}'", self.tenant),
                    1 => self.bind(self.tenant),
                    _ => "DEFAULT".to_owned(),
                }
            }
            ("ledger", "id") => {
                let key = self.choices.one(&[1_i64, 2, 11, 12, 21, 22, 31, 35, 36]);
                if !ledger_keys(self.tenant).contains(&key) && key < 30 {
                    self.collides = true;
                }
                key.to_string()
            }
            (_, "id") => {
                let id = self.choices.one(&[11_i64, 12, 13, 1, 2, 3, 14, 15, 16]);
                if self.choices.chance(30) { self.bind(id) } else { id.to_string() }
            }
            ("orders", "customer_id") => self.choices.one(&["1", "2", "3", "9"]).to_owned(),
            ("items", "order_id") => self.choices.one(&["1", "2", "3", "99"]).to_owned(),
            ("items", "product_id") => self.choices.one(&["1", "2"]).to_owned(),
            (_, "email") => {
                let number = self.choices.one(&[11, 12, 13, 1, 2, 14]);
                format!("'c{number}@example.org'")
            }
            _ => {
                let kinds = table.columns.iter().find(|(name, _)| *name == column);
                let kind = kinds.map_or(Kind::Int, |(_, kind)| *kind);
                self.some(kind, 2)
            }
        }
    }

    /// `INSERT … SELECT`, in an order: on a conflict it matters which row is the second.
    fn rows_of_a_query(&mut self, table: &Table, columns: &[&str]) -> String {
        self.saw("INSERT … SELECT");
        let alone = self.choices.chance(30) && !columns.contains(&"tenant_id");
        if alone {
            self.saw("INSERT from a derived table");
        }
        // MariaDB sees what is read in ON DUPLICATE KEY UPDATE as well, and wants other names there.
        let mut taken = Vec::new();
        if self.is(Engine::MySql) {
            taken.push(table.name.to_owned());
        }
        let (from, relations, rows) = self.tables_beside(&mut taken);
        self.runs = rows.max(1.0);
        let key = relations.iter().find_map(|relation| {
            let column = relation.columns.iter().find(|column| column.kind == Kind::Int)?;
            Some(format!("{}.{}", relation.alias, column.name))
        });
        self.scopes.push(Scope { relations, grouped: None });
        let items: Vec<String> = columns
            .iter()
            .map(|column| match (table.name, *column, &key) {
                (_, "id", Some(key)) => {
                    format!("{key} + {}", self.choices.one(&["10", "0", "20"]))
                }
                (_, "email", Some(key)) => match self.engine {
                    Engine::MySql => format!("concat('e', {key})"),
                    _ => format!("'e' || CAST({key} AS TEXT)"),
                },
                // From a row, the tenant's own is put in its place.
                (_, "tenant_id", _) => format!("'{}'", self.tenant),
                _ => self.new_value(table, column),
            })
            .collect();
        let condition = self.condition(2);
        self.scopes.pop();
        let names: Vec<String> =
            items.iter().enumerate().map(|(index, item)| format!("{item} AS v{index}")).collect();
        let select = format!("SELECT DISTINCT {} FROM {from} WHERE {condition}", names.join(", "));
        let order: Vec<String> = (1..=columns.len()).map(|n| n.to_string()).collect();
        let order = order.join(", ");
        if alone {
            format!("SELECT * FROM ({select}) AS s WHERE TRUE ORDER BY {order}")
        } else {
            format!("{select} ORDER BY {order}")
        }
    }

    fn on_conflict(&mut self, table: &'static Table, alias: &str) -> String {
        if self.is(Engine::MySql) {
            self.saw("ON DUPLICATE KEY UPDATE");
            let (column, kind) = changed(table);
            let value = if self.choices.chance(50) {
                format!("VALUES({column})")
            } else {
                self.scopes.push(Scope { relations: vec![table.relation(alias)], grouped: None });
                let value = self.some(kind, 2);
                self.scopes.pop();
                value
            };
            return format!(" ON DUPLICATE KEY UPDATE {column} = {value}");
        }
        let mut targets = vec!["(id)"];
        match table.name {
            "customers" => targets.extend(["(email)", "(tenant_id, id)"]),
            "orders" | "items" => targets.push("(tenant_id, id)"),
            _ => {}
        }
        let target = self.choices.one(&targets);
        if self.choices.chance(40) {
            self.saw("ON CONFLICT DO NOTHING");
            let target = if self.choices.chance(40) { "" } else { target };
            return format!(" ON CONFLICT {target} DO NOTHING");
        }
        self.saw("ON CONFLICT DO UPDATE");
        let (column, kind) = changed(table);
        let excluded = Relation { alias: "excluded".to_owned(), ..table.relation(alias) };
        self.scopes.push(Scope { relations: vec![table.relation(alias), excluded], grouped: None });
        let value =
            if self.choices.chance(40) { format!("excluded.{column}") } else { self.some(kind, 2) };
        let condition = if self.choices.chance(50) {
            self.saw("DO UPDATE … WHERE");
            format!(" WHERE {}", self.condition(2))
        } else {
            String::new()
        };
        self.scopes.pop();
        format!(" ON CONFLICT {target} DO UPDATE SET {column} = {value}{condition}")
    }
}

/// The column an upsert changes.
fn changed(table: &Table) -> (&'static str, Kind) {
    match table.name {
        "orders" => ("total", Kind::Int),
        "items" => ("quantity", Kind::Int),
        "customers" => ("name", Kind::Text),
        "ledger" => ("amount", Kind::Int),
        _ => ("word", Kind::Text),
    }
}
