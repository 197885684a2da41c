//! FROM: every join, in every order, nested and lateral.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{Column, Kind, Relation, TABLES, bare},
    query::Rows,
};

/// What a chain of joins has so far.
#[derive(Debug, Default)]
struct Chain {
    sql: String,
    relations: Vec<Relation>,
    /// Its columns as USING and NATURAL see them, those merged before counted once.
    columns: Vec<Column>,
    rows: f64,
}

impl Generator {
    /// A FROM clause without its keyword.
    pub(crate) fn tables(&mut self) -> (String, Vec<Relation>, f64) {
        self.tables_beside(&mut Vec::new())
    }

    /// The same, where some names are taken.
    pub(crate) fn tables_beside(
        &mut self,
        taken: &mut Vec<String>,
    ) -> (String, Vec<Relation>, f64) {
        let mut room = (150.0 / self.runs).clamp(1.0, 30.0);
        let mut from = self.chain(taken, room, 0);
        room /= from.rows.max(1.0);
        if room >= 3.0 && self.choices.chance(12) {
            let more = self.chain(taken, room, 1);
            self.saw("comma join");
            from.sql = format!("{}, {}", from.sql, more.sql);
            from.relations.extend(more.relations);
            from.rows *= more.rows;
        }
        (from.sql, from.relations, from.rows)
    }

    /// A chain of joins as one thing to be joined with.
    pub(crate) fn joined_beside(
        &mut self,
        taken: &mut Vec<String>,
    ) -> (String, Vec<Relation>, f64) {
        let chain = self.chain(taken, (150.0 / self.runs).clamp(1.0, 30.0), 0);
        let sql = if chain.relations.len() > 1 { format!("({})", chain.sql) } else { chain.sql };
        (sql, chain.relations, chain.rows)
    }

    fn chain(&mut self, taken: &mut Vec<String>, room: f64, nested: usize) -> Chain {
        let (sql, relations) = self.factor(taken, room, nested);
        let mut chain = Chain {
            sql,
            columns: relations.iter().flat_map(|relation| relation.columns.clone()).collect(),
            rows: relations.iter().map(|relation| relation.rows).product(),
            relations,
        };
        for _ in 0..self.choices.weighted(&[(52, 0), (32, 1), (12, 2), (4, 3)]) {
            self.join(&mut chain, taken, room, nested);
        }
        chain
    }

    fn join(&mut self, chain: &mut Chain, taken: &mut Vec<String>, room: f64, nested: usize) {
        let full = if self.is(Engine::MySql) { 0 } else { 10 };
        let side = self.choices.weighted(&[
            (30, "INNER"),
            (28, "LEFT"),
            (16, "RIGHT"),
            (full, "FULL"),
            (12, "CROSS"),
        ]);
        if self.is(Engine::Postgres) && self.can_nest() && self.choices.chance(15) {
            self.lateral(chain, taken);
            return;
        }
        let (sql, relations) = self.factor(taken, room, nested);
        let columns: Vec<Column> =
            relations.iter().flat_map(|relation| relation.columns.clone()).collect();
        let right: f64 = relations.iter().map(|relation| relation.rows).product();
        let word = match side {
            "INNER" => self.choices.one(&["JOIN", "INNER JOIN"]),
            "LEFT" => self.choices.one(&["LEFT JOIN", "LEFT OUTER JOIN"]),
            "RIGHT" => self.choices.one(&["RIGHT JOIN", "RIGHT OUTER JOIN"]),
            "FULL" => self.choices.one(&["FULL JOIN", "FULL OUTER JOIN"]),
            _ => "CROSS JOIN",
        };
        self.saw(match side {
            "INNER" => "inner join",
            "LEFT" => "left join",
            "RIGHT" => "right join",
            "FULL" => "full join",
            _ => "cross join",
        });
        let product = chain.rows * right;
        let common = common_columns(&chain.columns, &columns);
        let roomy = product <= room;
        if side == "CROSS" && roomy {
            chain.take(format!("{} {word} {sql}", chain.sql), relations, product);
            chain.columns.extend(columns);
            return;
        }
        let word = if side == "CROSS" { "JOIN" } else { word };
        // Numbers tell rows apart; texts, the tenant's above all, are much the same in all.
        let apart = |column: &Column| column.kind == Kind::Int;
        let joined = chain.rows.max(right) * 1.5;
        if let Some(common) = &common
            && self.choices.chance(22)
            && (roomy || common.iter().any(apart))
        {
            self.saw(match side {
                "INNER" | "CROSS" => "natural join",
                "LEFT" => "natural left join",
                "RIGHT" => "natural right join",
                _ => "natural full join",
            });
            let rest = columns.into_iter().filter(|column| !common.contains(column));
            chain.columns.extend(rest);
            let rows = if common.iter().any(apart) { joined } else { product };
            chain.take(format!("{} NATURAL {word} {sql}", chain.sql), relations, rows);
            return;
        }
        if let Some(column) = self.using_column(&chain.columns, &columns)
            && self.choices.chance(25)
            && (roomy || column != "tenant_id")
        {
            self.saw(match side {
                "INNER" | "CROSS" => "join USING",
                "LEFT" => "left join USING",
                "RIGHT" => "right join USING",
                _ => "full join USING",
            });
            let rest = columns.into_iter().filter(|other| other.name != column);
            chain.columns.extend(rest);
            let text = format!("{} {word} {sql} USING ({column})", chain.sql);
            chain.take(text, relations, if column == "tenant_id" { product } else { joined });
            return;
        }
        let condition = self.on(chain, &relations, side == "FULL", roomy);
        let text = format!("{} {word} {sql} ON {condition}", chain.sql);
        chain.take(text, relations, if roomy { product } else { joined });
        chain.columns.extend(columns);
    }

    /// A join condition: mostly two columns that are equal, and more.
    fn on(&mut self, chain: &Chain, right: &[Relation], full: bool, roomy: bool) -> String {
        let equal = self.equal(&chain.relations, right, roomy);
        // PostgreSQL has no full join but on columns that are equal.
        if full && self.is(Engine::Postgres) {
            return equal.unwrap_or_else(|| "TRUE".to_owned());
        }
        let relations = chain.relations.iter().chain(right).cloned().collect();
        self.scopes.push(Scope { relations, grouped: None });
        // SQLite takes a bare name here for the column of a USING further to the right.
        let bare = !self.is(Engine::Sqlite);
        let unqualified = std::mem::replace(&mut self.unqualified, bare);
        let outside = self.runs;
        self.runs *= chain.rows.max(1.0) * 2.0;
        let condition = match equal {
            Some(equal) if self.choices.chance(40) => {
                let op = if roomy { self.choices.one(&["AND", "OR"]) } else { "AND" };
                format!("{equal} {op} {}", self.condition(2))
            }
            Some(equal) => equal,
            None => self.condition(2),
        };
        if condition.contains("(SELECT") {
            self.saw("sub-query in ON");
        }
        self.runs = outside;
        self.unqualified = unqualified;
        self.scopes.pop();
        condition
    }

    fn equal(&mut self, left: &[Relation], right: &[Relation], roomy: bool) -> Option<String> {
        let kind = if roomy && self.choices.chance(15) { Kind::Text } else { Kind::Int };
        let mut pick = |relations: &[Relation]| {
            let all: Vec<String> = relations
                .iter()
                .flat_map(|relation| {
                    let columns = relation.columns.iter().filter(|column| column.kind == kind);
                    columns.map(|column| format!("{}.{}", relation.alias, column.name))
                })
                .collect();
            if all.is_empty() { None } else { Some(self.choices.one(&all)) }
        };
        Some(format!("{} = {}", pick(left)?, pick(right)?))
    }

    fn using_column(&mut self, left: &[Column], right: &[Column]) -> Option<String> {
        let once = |list: &[Column], column: &Column| {
            list.iter().filter(|other| other.name == column.name).count() == 1
        };
        let fit: Vec<String> = left
            .iter()
            .filter(|column| right.contains(column) && once(left, column) && once(right, column))
            .map(|column| column.name.clone())
            .collect();
        if fit.is_empty() { None } else { Some(self.choices.one(&fit)) }
    }

    /// One thing in FROM.
    fn factor(
        &mut self,
        taken: &mut Vec<String>,
        room: f64,
        nested: usize,
    ) -> (String, Vec<Relation>) {
        let nest = if nested < 2 && room >= 8.0 { 8 } else { 0 };
        let derive = if self.can_nest() { 24 } else { 0 };
        let values = if self.is(Engine::MySql) { 0 } else { 3 };
        match self.choices.weighted(&[
            (60, "name"),
            (derive, "derived"),
            (nest, "nested"),
            (values, "values"),
        ]) {
            "derived" => {
                let (sql, columns, rows) = self.derived_query();
                let alias = self.alias(taken);
                self.saw("derived table");
                let relation = self.renamed(alias, columns, rows);
                (format!("({sql}) AS {}", relation.0), vec![relation.1])
            }
            "nested" => {
                self.saw("nested join");
                let mut chain = self.chain(taken, room, nested + 1);
                if chain.relations.len() == 1 {
                    self.join(&mut chain, taken, room, nested + 1);
                }
                (format!("({})", chain.sql), chain.relations)
            }
            "values" => {
                self.saw("VALUES in FROM");
                let alias = self.alias(taken);
                let rows: Vec<String> = (0..=self.choices.below(2))
                    .map(|_| format!("({}, {})", self.literal(Kind::Int), self.literal(Kind::Text)))
                    .collect();
                let column = |name: &str, kind| Column { name: name.to_owned(), kind };
                let columns = vec![column("column1", Kind::Int), column("column2", Kind::Text)];
                let sql = format!("(VALUES {}) AS {alias}", rows.join(", "));
                (sql, vec![Relation { alias, columns, rows: 2.0 }])
            }
            _ => self.named(taken),
        }
    }

    /// A table or a common table expression, under its own name or another.
    fn named(&mut self, taken: &mut Vec<String>) -> (String, Vec<Relation>) {
        let ctes: Vec<String> = self.ctes.iter().map(|cte| cte.name.clone()).collect();
        let name = if !ctes.is_empty() && self.choices.chance(55) {
            ctes[self.choices.below(ctes.len())].clone()
        } else {
            let weights = [(30, 0), (25, 1), (20, 2), (8, 3), (10, 4), (6, 5)];
            TABLES[self.choices.weighted(&weights)].name.to_owned()
        };
        let usable = [name].into_iter().chain(TABLES.iter().map(|table| table.name.to_owned()));
        let found = usable.into_iter().find_map(|name| Some((self.meaning(&name)?, name)));
        let Some(((columns, rows), name)) = found else {
            let alias = self.alias(taken);
            let columns = vec![Column { name: "k".to_owned(), kind: Kind::Int }];
            return (
                format!("(SELECT 1 AS k) AS {alias}"),
                vec![Relation { alias, columns, rows: 1.0 }],
            );
        };
        if ctes.contains(&name) {
            self.saw("CTE in FROM");
            if TABLES.iter().any(|table| table.name == name) {
                self.saw("CTE that hides a table");
            }
        }
        if !taken.contains(&bare(&name)) && self.choices.chance(40) {
            taken.push(bare(&name));
            return (name.clone(), vec![Relation { alias: name, columns, rows }]);
        }
        let alias = self.alias(taken);
        let word = self.choices.one(&["AS ", ""]);
        if self.is(Engine::Postgres) && self.choices.chance(2) && self.choices.chance(20) {
            // Refused where the tenant column has no certain name: one of the few refusals allowed.
            self.saw("alias that renames the columns of a table");
            let names: Vec<String> = (0..columns.len()).map(|n| format!("r{n}")).collect();
            let sql = format!("{name} {word}{alias} ({})", names.join(", "));
            // The order of a table's columns is not told here, so they may have other types.
            return (sql, vec![Relation { alias, columns: Vec::new(), rows }]);
        }
        (format!("{name} {word}{alias}"), vec![Relation { alias, columns, rows }])
    }

    /// A query in FROM. Only on MariaDB it cannot see the queries around it.
    fn derived_query(&mut self) -> (String, Vec<Column>, f64) {
        let hidden =
            if self.is(Engine::MySql) { std::mem::take(&mut self.scopes) } else { Vec::new() };
        let outside = self.runs;
        let kinds = self.kinds();
        let query = self.query(&kinds, Rows::Any);
        self.runs = outside;
        if self.is(Engine::MySql) {
            self.scopes = hidden;
        }
        (query.sql, query.columns, query.rows)
    }

    /// The kinds of a query's columns: a number, then anything.
    pub(crate) fn kinds(&mut self) -> Vec<Kind> {
        let more = self.choices.below(3);
        std::iter::once(Kind::Int).chain((0..more).map(|_| self.kind())).collect()
    }

    /// PostgreSQL alone renames the columns of a sub-query in its alias.
    fn renamed(
        &mut self,
        alias: String,
        mut columns: Vec<Column>,
        rows: f64,
    ) -> (String, Relation) {
        let mut sql = alias.clone();
        if self.is(Engine::Postgres) && self.choices.chance(20) {
            self.saw("alias that renames the columns of a sub-query");
            columns.iter_mut().enumerate().for_each(|(n, column)| column.name = format!("d{n}"));
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            sql = format!("{alias} ({})", names.join(", "));
        }
        (sql, Relation { alias, columns, rows })
    }

    /// A sub-query that sees what stands before it in FROM.
    fn lateral(&mut self, chain: &mut Chain, taken: &mut Vec<String>) {
        self.saw("lateral join");
        self.scopes.push(Scope { relations: chain.relations.clone(), grouped: None });
        let outside = self.runs;
        self.runs *= chain.rows.max(1.0);
        let kinds = self.kinds();
        let query = self.query(&kinds, Rows::Any);
        self.runs = outside;
        self.scopes.pop();
        let alias = self.alias(taken);
        let (named, relation) = self.renamed(alias, query.columns, query.rows);
        let text = match self.choices.below(2) {
            0 => format!("{} CROSS JOIN LATERAL ({}) AS {named}", chain.sql, query.sql),
            _ => format!("{} LEFT JOIN LATERAL ({}) AS {named} ON TRUE", chain.sql, query.sql),
        };
        chain.columns.extend(relation.columns.clone());
        let rows = chain.rows * query.rows;
        chain.take(text, vec![relation], rows);
    }
}

impl Chain {
    fn take(&mut self, sql: String, more: Vec<Relation>, rows: f64) {
        self.sql = sql;
        self.relations.extend(more);
        self.rows = rows;
    }
}

/// The columns a natural join compares. `None` if it cannot be written: a name that one side has
/// twice, or two types of one name.
fn common_columns(left: &[Column], right: &[Column]) -> Option<Vec<Column>> {
    let mut common = Vec::new();
    for column in right {
        let twins: Vec<&Column> = left.iter().filter(|other| other.name == column.name).collect();
        let own = right.iter().filter(|other| other.name == column.name).count();
        match twins.as_slice() {
            [] => {}
            [twin] if **twin == *column && own == 1 => common.push(column.clone()),
            _ => return None,
        }
    }
    Some(common)
}
