//! Queries: common table expressions, set operations, order and limits.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{Column, Cte, Kind, TABLES, bare},
};

/// How many rows a query may return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Any,
    /// As many as there are: MariaDB has no LIMIT within IN, ANY and ALL.
    Unlimited,
    One,
}

/// A finished query.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) columns: Vec<Column>,
    /// About how many rows it returns.
    pub(crate) rows: f64,
    /// The order of its rows is certain.
    pub(crate) ordered: bool,
}

/// One arm of a query, before order and limit.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) sql: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: f64,
    /// What an ORDER BY has to begin with.
    pub(crate) order: Option<String>,
}

impl Generator {
    pub(crate) fn can_nest(&self) -> bool {
        self.fuel > 0 && self.depth < 9 && self.runs < 60.0
    }

    /// A whole statement that reads, and whether the order of its rows is certain.
    pub(crate) fn top_query(&mut self) -> (String, bool) {
        if self.choices.chance(6) {
            return (self.star(), false);
        }
        let kinds = self.kinds();
        let query = self.query(&kinds, Rows::Any);
        (query.sql, query.ordered)
    }

    /// `SELECT *`, of which only the database knows the columns; and, of a single table, a lock.
    fn star(&mut self) -> String {
        self.saw("SELECT *");
        self.depth = 1;
        let (from, relations, rows) = self.tables();
        let scope = Scope { relations, grouped: None };
        let single = !from.contains("JOIN") && !from.contains("(SELECT") && !from.contains(',');
        let base = TABLES.iter().any(|table| from.starts_with(table.name));
        let star = match scope.relations.first() {
            Some(first) if self.choices.chance(40) => format!("{}.*", first.alias),
            _ => "*".to_owned(),
        };
        self.scopes.push(scope);
        self.runs = rows.max(1.0);
        let condition = self.condition(3);
        self.scopes.pop();
        let lock = if single && base && !self.is(Engine::Sqlite) {
            self.saw("FOR UPDATE");
            " FOR UPDATE"
        } else {
            ""
        };
        format!("SELECT {star} FROM {from} WHERE {condition}{lock}")
    }

    /// A query whose columns have these kinds.
    pub(crate) fn query(&mut self, kinds: &[Kind], rows: Rows) -> Query {
        self.fuel = self.fuel.saturating_sub(1);
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let unqualified = std::mem::replace(&mut self.unqualified, true);
        let known = self.ctes.len();
        let with = if self.can_nest() && self.choices.chance(20) {
            self.with_clause()
        } else {
            String::new()
        };
        let mut query = self.query_body(kinds, rows);
        query.sql.insert_str(0, &with);
        self.ctes.truncate(known);
        self.unqualified = unqualified;
        self.depth -= 1;
        query
    }

    fn query_body(&mut self, kinds: &[Kind], rows: Rows) -> Query {
        let several = self.can_nest() && self.choices.chance(16);
        let body = if several {
            self.set_operation(kinds)
        } else {
            self.select(kinds, rows == Rows::One, false)
        };
        let Body { mut sql, columns, rows: count, order } = body;
        let limited = match rows {
            Rows::One => count > 1.0,
            Rows::Any => self.choices.chance(22),
            Rows::Unlimited => !self.is(Engine::MySql) && self.choices.chance(10),
        };
        let sorted = limited || order.is_some() || self.choices.chance(15);
        if sorted {
            // All columns: rows that are still equal then cannot be told apart.
            let all = (1..=kinds.len()).map(|n| n.to_string());
            let mut terms: Vec<String> = order.into_iter().chain(all).collect();
            if self.choices.chance(25)
                && let Some(last) = terms.last_mut()
            {
                last.push_str(" DESC");
            }
            sql = format!("{sql} ORDER BY {}", terms.join(", "));
        }
        let mut count = count;
        if limited {
            let (text, most) = self.limit(rows == Rows::One);
            sql.push_str(&text);
            count = count.min(most);
        }
        Query { sql, columns, rows: count, ordered: sorted }
    }

    fn limit(&mut self, one: bool) -> (String, f64) {
        if one {
            return (" LIMIT 1".to_owned(), 1.0);
        }
        self.saw("LIMIT");
        let number = self.choices.below(5) + 1;
        match self.choices.weighted(&[(40, 0), (20, 1), (15, 2), (12, 3)]) {
            1 => {
                self.saw("OFFSET");
                let offset = self.parameter(Kind::Int);
                (format!(" LIMIT {number} OFFSET {offset}"), 5.0)
            }
            2 => {
                let rows = i64::try_from(number).expect("a small number");
                (format!(" LIMIT {}", self.bind(rows)), 5.0)
            }
            3 if self.can_nest() && !self.is(Engine::MySql) => {
                self.saw("sub-query in LIMIT");
                // Not correlated: no engine takes a column there.
                let scopes = std::mem::take(&mut self.scopes);
                self.scopes.push(Scope::default());
                let table = self.choices.one(&["orders", "customers"]);
                let text = match self.meaning(table) {
                    Some(_) => format!("SELECT COUNT(*) FROM {table} WHERE {}", self.condition(0)),
                    None => "SELECT 2".to_owned(),
                };
                self.scopes = scopes;
                (format!(" LIMIT ({text})"), 8.0)
            }
            3 if !self.is(Engine::Sqlite) => {
                self.saw("FETCH FIRST");
                (format!(" FETCH FIRST {number} ROWS ONLY"), 5.0)
            }
            _ => (format!(" LIMIT {number}"), 5.0),
        }
    }

    fn set_operation(&mut self, kinds: &[Kind]) -> Body {
        let mut body = self.select(kinds, false, true);
        for _ in 0..=self.choices.below(2) {
            let op = self.choices.one(&["UNION", "INTERSECT", "EXCEPT"]);
            let all = (op == "UNION" || !self.is(Engine::Sqlite)) && self.choices.chance(45);
            self.saw(match (op, all) {
                ("UNION", false) => "UNION",
                ("UNION", true) => "UNION ALL",
                ("INTERSECT", false) => "INTERSECT",
                ("INTERSECT", true) => "INTERSECT ALL",
                (_, false) => "EXCEPT",
                (_, true) => "EXCEPT ALL",
            });
            let more = self.arm(kinds);
            let all = if all { " ALL" } else { "" };
            body.sql = format!("{} {op}{all} {}", body.sql, more.sql);
            body.rows += more.rows;
        }
        body
    }

    fn arm(&mut self, kinds: &[Kind]) -> Body {
        if !self.is(Engine::Sqlite) && self.can_nest() && self.choices.chance(25) {
            self.saw("parenthesised arm of a set operation");
            let query = self.query(kinds, Rows::Any);
            let sql = format!("({})", query.sql);
            return Body { sql, columns: query.columns, rows: query.rows, order: None };
        }
        self.select(kinds, false, true)
    }

    /// WITH: from one to three expressions, often called as tables are.
    fn with_clause(&mut self) -> String {
        self.saw("CTE");
        if self.depth > 1 {
            self.saw("CTE in a sub-query");
        }
        let hidden =
            if self.is(Engine::MySql) { std::mem::take(&mut self.scopes) } else { Vec::new() };
        let text = if self.choices.chance(25) { self.recursive() } else { self.plain_with() };
        if self.is(Engine::MySql) {
            self.scopes = hidden;
        }
        text
    }

    fn plain_with(&mut self) -> String {
        let mut taken = Vec::new();
        let count = 1 + self.choices.below(3);
        let names: Vec<String> = (0..count).map(|_| self.cte_name(&mut taken)).collect();
        let outside = self.ctes.len();
        // On SQLite all expressions of one WITH see each other, their own names included. So do
        // they on MariaDB once an expression is read twice, and then the server may hang.
        let mutual = !self.is(Engine::Postgres);
        if mutual {
            for name in &names {
                self.ctes.push(Cte { name: name.clone(), columns: Vec::new(), rows: 0.0 });
            }
        }
        let (mut list, mut finished) = (Vec::new(), Vec::new());
        for (index, name) in names.iter().enumerate() {
            let kinds = self.kinds();
            let query = self.query(&kinds, Rows::Any);
            let mut columns = query.columns;
            let renames = if self.choices.chance(30) {
                self.saw("CTE that renames its columns");
                let names = self.column_names(columns.len());
                for (column, name) in columns.iter_mut().zip(&names) {
                    column.name.clone_from(name);
                }
                format!(" ({})", names.join(", "))
            } else {
                String::new()
            };
            let kept = match self.engine {
                Engine::MySql | Engine::Sqlite => "",
                Engine::Postgres => {
                    self.choices.one(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "])
                }
            };
            list.push(format!("{name}{renames} AS {kept}({})", query.sql));
            let cte = Cte { name: name.clone(), columns, rows: query.rows };
            if mutual {
                self.ctes[outside + index] = cte.clone();
            } else {
                self.ctes.push(cte.clone());
            }
            finished.push(cte);
        }
        format!("WITH {} ", list.join(", "))
    }

    fn cte_name(&mut self, taken: &mut Vec<String>) -> String {
        let mut pool = vec!["big", "few", "q"];
        if self.choices.chance(55) {
            pool = TABLES.iter().map(|table| table.name).collect();
        }
        let start = self.choices.below(pool.len());
        let mut free = (0..pool.len()).map(|step| pool[(start + step) % pool.len()]);
        let name = free.find(|name| !taken.contains(&bare(name))).unwrap_or("more").to_owned();
        taken.push(name.clone());
        if TABLES.iter().any(|table| table.name == name) {
            self.saw("CTE named as a table");
        }
        name
    }

    /// `WITH RECURSIVE`: counts up, or follows the rows of a table.
    fn recursive(&mut self) -> String {
        self.saw("recursive CTE");
        // With the name of a table it is refused: one of the few refusals allowed.
        let name = if self.choices.chance(1) { "orders" } else { "r" };
        self.ctes.push(Cte { name: name.to_owned(), columns: Vec::new(), rows: 0.0 });
        let own = self.ctes.len() - 1;
        let start = self.literal(Kind::Int);
        let (start, end) = (self.as_int(&start), 2 + self.choices.below(4));
        let all = self.choices.one(&["", " ALL"]);
        let bound = if self.can_nest() && self.choices.chance(50) {
            let scopes = std::mem::take(&mut self.scopes);
            let text = format!("coalesce(({}), 2)", self.query(&[Kind::Int], Rows::One).sql);
            self.scopes = scopes;
            let least = if self.is(Engine::Sqlite) { "min" } else { "least" };
            format!("{least}({text}, 5)")
        } else {
            end.to_string()
        };
        let plain = |own: &Self, table: &str| own.ctes.iter().all(|cte| cte.name != table);
        let seed = match plain(self, "items") {
            true if self.choices.chance(50) => {
                format!("SELECT {start}, items.id FROM items WHERE items.quantity < 3")
            }
            _ => format!("SELECT {start}, {}", self.as_int("2")),
        };
        let step = match plain(self, "orders") {
            true if self.choices.chance(50) => {
                self.saw("recursive CTE over a table");
                "{r}.i + 1, t.id FROM {r} JOIN orders t ON t.customer_id = {r}.j"
            }
            _ => "{r}.i + 1, {r}.j FROM {r}",
        };
        let step = step.replace("{r}", name);
        let column = |name: &str| Column { name: name.to_owned(), kind: Kind::Int };
        self.ctes[own].columns = vec![column("i"), column("j")];
        self.ctes[own].rows = 15.0;
        format!(
            "WITH RECURSIVE {name} (i, j) AS ({seed} UNION{all} SELECT {step} WHERE {name}.i < {bound}) "
        )
    }
}
