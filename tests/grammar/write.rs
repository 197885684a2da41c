//! UPDATE, DELETE, and writes within a query.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{
        CUSTOMERS, Column, Cte, ITEMS, Kind, LEDGER, ORDERS, Relation, TABLES, Table, WORDS, bare,
    },
    query::Rows,
};

/// A finished write.
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) sql: String,
    /// It has a RETURNING clause.
    pub(crate) returns: bool,
}

impl Generator {
    /// A whole statement that writes.
    pub(crate) fn write(&mut self) -> Write {
        let cte = if self.is(Engine::Postgres) { 14 } else { 0 };
        match self.choices.weighted(&[(30, "update"), (20, "delete"), (40, "insert"), (cte, "cte")])
        {
            "delete" => self.delete(true),
            "insert" => self.insert(),
            "cte" => Write { sql: self.modifying_cte(), returns: true },
            _ => self.update(true),
        }
    }

    /// WITH in front of a write, where the engine has it.
    fn leading_with(&mut self) -> String {
        if self.is(Engine::MySql) || !self.can_nest() || !self.choices.chance(20) {
            return String::new();
        }
        self.saw("CTE before a write");
        let kinds = self.kinds();
        let table = TABLES[self.choices.below(TABLES.len())].name;
        let name = self.choices.one(&["big", table]);
        // On SQLite an expression cannot read what it hides.
        let hide = Cte { name: name.to_owned(), columns: Vec::new(), rows: 0.0 };
        self.ctes.push(hide);
        let query = self.query(&kinds, Rows::Any);
        self.ctes.pop();
        let (columns, rows) = (query.columns, query.rows);
        self.ctes.push(Cte { name: name.to_owned(), columns, rows });
        format!("WITH {name} AS ({}) ", query.sql)
    }

    /// The written table under its alias.
    fn target(&mut self, table: &Table) -> (String, Relation, Vec<String>) {
        let mut taken = Vec::new();
        let alias = if self.choices.chance(50) {
            taken.push(table.name.to_owned());
            table.name.to_owned()
        } else {
            self.saw("alias of a written table");
            self.alias(&mut taken)
        };
        let text =
            if alias == table.name { alias.clone() } else { format!("{} AS {alias}", table.name) };
        (text, table.relation(&alias), taken)
    }

    /// Runs `make` while a table cannot be read: what a statement reads while it writes depends on
    /// the order of rows on SQLite and MariaDB.
    pub(crate) fn unread<T>(
        &mut self,
        tables: &[&'static str],
        make: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.is(Engine::Postgres) {
            return make(self);
        }
        let known = self.ctes.len();
        let hidden = |name: &&str| Cte { name: (*name).into(), columns: Vec::new(), rows: 0.0 };
        self.ctes.extend(tables.iter().map(hidden));
        let made = make(self);
        self.ctes.truncate(known);
        made
    }

    pub(crate) fn update(&mut self, with: bool) -> Write {
        self.saw("UPDATE");
        let table = self.choices.one(&[&ORDERS, &ITEMS, &CUSTOMERS, &LEDGER, &WORDS]);
        let known = self.ctes.len();
        let with = if with { self.leading_with() } else { String::new() };
        let (text, relation, mut taken) = self.target(table);
        let alias = relation.alias.clone();
        self.depth = 1;
        self.runs = 6.0;
        let own = Scope { relations: vec![relation.clone()], grouped: None };
        let mut from = String::new();
        let mut joined = String::new();
        let mut relations = vec![relation];
        let mut summed = None;
        match (self.engine, self.choices.weighted(&[(50, 0), (30, 1), (20, 2)])) {
            (Engine::MySql, 1 | 2) => {
                self.saw("UPDATE of a join");
                let side = self.choices.one(&["JOIN", "LEFT JOIN"]);
                let more = self.unread(&[table.name], |own| own.joined(&mut taken));
                relations.extend(more.1);
                self.scopes.push(Scope { relations: relations.clone(), grouped: None });
                let on = self.unread(&[table.name], |own| own.condition(2));
                self.scopes.pop();
                joined = format!(" {side} {} ON {on}", more.0);
            }
            (_, 1) => {
                self.saw("UPDATE … FROM");
                let more = self.joined(&mut taken);
                relations.extend(more.1);
                from = format!(" FROM {}", more.0);
            }
            (_, 2)
                if self.meaning("items").is_some_and(|(columns, _)| columns == ITEMS.columns()) =>
            {
                self.saw("UPDATE from sums");
                let name = self.alias(&mut taken);
                let sum = self.as_int("SUM(s.quantity)");
                from = format!(
                    " FROM (SELECT s.order_id AS k, {sum} AS v FROM items s GROUP BY s.order_id) AS {name}"
                );
                let column = |name: &str| Column { name: name.to_owned(), kind: Kind::Int };
                let columns = vec![column("k"), column("v")];
                summed = Some(format!("{name}.k = {alias}.id AND "));
                relations.push(Relation { alias: name, columns, rows: 3.0 });
            }
            _ => {}
        }
        let values = if summed.is_some() {
            Scope { relations: relations.clone(), grouped: None }
        } else {
            own.clone()
        };
        self.scopes.push(values);
        let plain = joined.is_empty();
        let set =
            self.unread(&[table.name], |own| own.assignments(table, (!plain).then_some(&alias)));
        self.scopes.pop();
        self.scopes.push(Scope { relations, grouped: None });
        let mysql = self.is(Engine::MySql);
        let unread: &[&'static str] = if mysql { &[table.name] } else { &[] };
        let condition = self.unread(unread, |own| own.condition(3));
        self.scopes.pop();
        let condition = match &summed {
            Some(keys) => format!("{keys}({condition})"),
            None => condition,
        };
        let mut sql = format!("{with}UPDATE {text}{joined} SET {set}{from} WHERE {condition}");
        let mut returns = false;
        if mysql && plain && self.choices.chance(30) {
            self.saw("UPDATE … LIMIT");
            sql.push_str(&format!(" ORDER BY {alias}.id LIMIT {}", 1 + self.choices.below(3)));
        }
        if !mysql && self.choices.chance(30) {
            sql.push_str(&self.returning(own, from.is_empty()));
            returns = true;
        }
        self.ctes.truncate(known);
        Write { sql, returns }
    }

    /// What a write joins its table with.
    fn joined(&mut self, taken: &mut Vec<String>) -> (String, Vec<Relation>) {
        let (sql, relations, rows) = if self.is(Engine::MySql) {
            self.joined_beside(taken)
        } else {
            self.tables_beside(taken)
        };
        self.runs *= rows.max(1.0);
        (sql, relations)
    }

    fn assignments(&mut self, table: &Table, alias: Option<&String>) -> String {
        let mut columns: Vec<(&str, Kind)> = match table.name {
            "orders" => vec![("total", Kind::Int), ("status", Kind::Text)],
            "items" => vec![("quantity", Kind::Int)],
            "customers" => vec![("name", Kind::Text)],
            "ledger" => vec![("amount", Kind::Int), ("entry", Kind::Text)],
            _ => vec![("word", Kind::Text)],
        };
        if columns.len() > 1 && self.choices.chance(60) {
            columns.truncate(1);
        }
        let qualifier = alias.map(|alias| format!("{alias}.")).unwrap_or_default();
        let mut list: Vec<String> = columns
            .into_iter()
            .map(|(column, kind)| format!("{qualifier}{column} = {}", self.some(kind, 2)))
            .collect();
        if table.name != "words" && self.choices.chance(8) {
            self.saw("UPDATE that sets the tenant column");
            list.push(format!("{qualifier}tenant_id = '{}'", self.tenant));
        }
        if table.name == "orders" && self.choices.chance(10) {
            list.push(format!("{qualifier}customer_id = {}", self.choices.one(&["1", "2", "9"])));
        }
        list.join(", ")
    }

    /// A value that is not NULL.
    pub(crate) fn some(&mut self, kind: Kind, size: usize) -> String {
        let value = self.value(kind, size);
        if value.contains("(SELECT") {
            self.saw("sub-query in a written value");
        }
        match kind {
            Kind::Int => format!("coalesce({value}, 1)"),
            Kind::Text => format!("coalesce({value}, 'x')"),
        }
    }

    /// RETURNING of the written table's columns.
    pub(crate) fn returning(&mut self, scope: Scope, star: bool) -> String {
        self.saw("RETURNING");
        if star && self.choices.chance(30) {
            return " RETURNING *".to_owned();
        }
        let fuel = std::mem::take(&mut self.fuel);
        self.scopes.push(scope);
        let (number, text) = (self.value(Kind::Int, 1), self.value(Kind::Text, 0));
        self.scopes.pop();
        self.fuel = fuel;
        format!(" RETURNING {number} AS n, {text} AS t")
    }

    pub(crate) fn delete(&mut self, with: bool) -> Write {
        self.saw("DELETE");
        let table = self.choices.one(&[&ITEMS, &ORDERS, &CUSTOMERS, &LEDGER, &WORDS]);
        let known = self.ctes.len();
        let with = if with { self.leading_with() } else { String::new() };
        let joins = self.choices.chance(35);
        // MariaDB knows no alias where there is no join.
        let (text, relation, mut taken) = if joins || !self.is(Engine::MySql) {
            self.target(table)
        } else {
            (table.name.to_owned(), table.relation(table.name), vec![table.name.to_owned()])
        };
        let alias = relation.alias.clone();
        self.depth = 1;
        self.runs = 6.0;
        let own = Scope { relations: vec![relation.clone()], grouped: None };
        let mut relations = vec![relation];
        let mysql = self.is(Engine::MySql);
        // Rows of `items` go with their order.
        let unread: &[&'static str] = if mysql { &[table.name, "items", "orders"] } else { &[] };
        let mut using = String::new();
        if joins && !self.is(Engine::Sqlite) {
            let more = self.unread(unread, |own| own.joined(&mut taken));
            relations.extend(more.1);
            using = more.0;
        }
        self.scopes.push(Scope { relations, grouped: None });
        let condition = self.unread(unread, |own| own.condition(3));
        self.scopes.pop();
        let mut returns = false;
        let mut sql = if using.is_empty() {
            format!("{with}DELETE FROM {text} WHERE {condition}")
        } else if mysql {
            self.saw("DELETE from a join");
            format!("DELETE {alias} FROM {text} JOIN {using} ON TRUE WHERE {condition}")
        } else {
            self.saw("DELETE … USING");
            format!("{with}DELETE FROM {text} USING {using} WHERE {condition}")
        };
        if mysql && using.is_empty() && bare(&alias) == table.name && self.choices.chance(25) {
            self.saw("DELETE … LIMIT");
            sql.push_str(&format!(" ORDER BY id LIMIT {}", 1 + self.choices.below(3)));
        } else if !mysql && self.choices.chance(30) {
            sql.push_str(&self.returning(own, using.is_empty()));
            returns = true;
        }
        self.ctes.truncate(known);
        Write { sql, returns }
    }

    /// PostgreSQL's writes within WITH, read by the query after it.
    fn modifying_cte(&mut self) -> String {
        let table = TABLES[self.choices.below(TABLES.len())].name;
        let name = self.choices.one(&["changed", table]);
        let write = match self.choices.below(3) {
            0 => self.update(false),
            1 => self.delete(false),
            _ => self.insert_within(),
        };
        self.saw("write within WITH");
        let mut text = write.sql;
        if write.returns {
            text.truncate(text.rfind(" RETURNING ").unwrap_or(text.len()));
        }
        let column = |name: &str| Column { name: name.to_owned(), kind: Kind::Int };
        self.ctes.push(Cte { name: name.to_owned(), columns: vec![column("n")], rows: 4.0 });
        self.depth = 0;
        self.runs = 1.0;
        let kinds = self.kinds();
        let query = self.query(&kinds, Rows::Any);
        self.ctes.pop();
        let star = self.choices.one(&["1", "coalesce(length('abc'), 2)"]);
        format!("WITH {name} AS ({text} RETURNING {star} AS n) {}", query.sql)
    }
}
