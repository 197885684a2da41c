//! What statements can name: tables, their columns, and aliases that get in their way.

use tenancy_tests::Engine;

use crate::generator::Generator;

/// The type of a value. Conditions stand where they are wanted and are no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
}

/// A column of something in FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// Something in FROM: what the statement calls it, its columns, and about how many rows it has.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub(crate) alias: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: f64,
}

/// A common table expression in sight. While its name is taken but must not be used, it has no
/// columns.
#[derive(Debug, Clone)]
pub(crate) struct Cte {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: f64,
}

/// A table of the shop.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    pub(crate) rows: f64,
}

pub(crate) const CUSTOMERS: Table = Table {
    name: "customers",
    columns: &[("id", Kind::Int), ("name", Kind::Text), ("email", Kind::Text), TENANT],
    rows: 4.0,
};
pub(crate) const ORDERS: Table = Table {
    name: "orders",
    columns: &[
        ("id", Kind::Int),
        ("customer_id", Kind::Int),
        ("status", Kind::Text),
        ("total", Kind::Int),
        TENANT,
    ],
    rows: 6.0,
};
pub(crate) const ITEMS: Table = Table {
    name: "items",
    columns: &[
        ("id", Kind::Int),
        ("order_id", Kind::Int),
        ("product_id", Kind::Int),
        ("quantity", Kind::Int),
        TENANT,
    ],
    rows: 7.0,
};
pub(crate) const LEDGER: Table = Table {
    name: "ledger",
    columns: &[("id", Kind::Int), ("entry", Kind::Text), ("amount", Kind::Int), TENANT],
    rows: 3.0,
};
pub(crate) const PRODUCTS: Table = Table {
    name: "products",
    columns: &[("id", Kind::Int), ("title", Kind::Text), ("price", Kind::Int)],
    rows: 3.0,
};
pub(crate) const WORDS: Table =
    Table { name: "words", columns: &[("id", Kind::Int), ("word", Kind::Text)], rows: 3.0 };
const TENANT: (&str, Kind) = ("tenant_id", Kind::Text);

/// All of them, those that matter most first.
pub(crate) const TABLES: [&Table; 6] = [&ORDERS, &ITEMS, &CUSTOMERS, &LEDGER, &PRODUCTS, &WORDS];

impl Table {
    pub(crate) fn columns(&self) -> Vec<Column> {
        let column = |(name, kind): &(&str, Kind)| Column { name: (*name).to_owned(), kind: *kind };
        self.columns.iter().map(column).collect()
    }

    pub(crate) fn relation(&self, alias: &str) -> Relation {
        Relation { alias: alias.to_owned(), columns: self.columns(), rows: self.rows }
    }
}

/// A name without its quotes, as it is compared.
pub(crate) fn bare(name: &str) -> String {
    name.trim_matches(['"', '`']).to_ascii_lowercase()
}

impl Generator {
    /// A name for something in FROM that nothing else there has: a letter, the name of a table or
    /// of a common table expression that it hides from then on, or a quoted one.
    pub(crate) fn alias(&mut self, taken: &mut Vec<String>) -> String {
        let mut pool: Vec<String> =
            ["o", "i", "c", "x", "y", "z"].iter().map(|name| (*name).to_owned()).collect();
        if self.choices.chance(35) {
            pool = TABLES.iter().map(|table| table.name.to_owned()).collect();
            pool.extend(self.ctes.iter().map(|cte| cte.name.clone()));
            pool.push(match self.engine {
                Engine::MySql => "`Big One`".to_owned(),
                _ => "\"Big One\"".to_owned(),
            });
        }
        let start = self.choices.below(pool.len());
        let free = (0..pool.len())
            .map(|step| pool[(start + step) % pool.len()].clone())
            .find(|name| !taken.contains(&bare(name)));
        let alias = free.unwrap_or_else(|| format!("t{}", taken.len()));
        if TABLES.iter().any(|table| table.name == alias) {
            self.saw("alias named as a table");
        }
        if self.ctes.iter().any(|cte| cte.name == alias) {
            self.saw("alias named as a CTE");
        }
        taken.push(bare(&alias));
        alias
    }

    /// Names for the columns of a query, all different.
    pub(crate) fn column_names(&mut self, count: usize) -> Vec<String> {
        const POOL: [&str; 10] =
            ["a", "b", "n", "id", "total", "status", "orders", "items", "name", "order_id"];
        let start = if self.choices.chance(50) { self.choices.below(POOL.len()) } else { 0 };
        (0..count)
            .map(|step| match POOL.get((start + step) % POOL.len()) {
                Some(name) if step < POOL.len() => (*name).to_owned(),
                _ => format!("k{step}"),
            })
            .collect()
    }

    /// What a bare name in FROM means here: the innermost common table expression of that name,
    /// else the table. `None` if it must not be used.
    pub(crate) fn meaning(&self, name: &str) -> Option<(Vec<Column>, f64)> {
        if let Some(cte) = self.ctes.iter().rev().find(|cte| cte.name == name) {
            return (!cte.columns.is_empty()).then(|| (cte.columns.clone(), cte.rows));
        }
        let table = TABLES.iter().find(|table| table.name == name)?;
        Some((table.columns(), table.rows))
    }
}
