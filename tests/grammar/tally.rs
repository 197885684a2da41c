//! What was run, so that a property that never met anything does not pass.

use std::{collections::BTreeMap, fmt};

use tenancy_tests::Engine;

use crate::{
    generator::Statement,
    oracle::{CONTRADICTION, Outcome},
};

#[derive(Debug, Default)]
pub(crate) struct Tally {
    ran: u64,
    failed: BTreeMap<String, u64>,
    refused: BTreeMap<&'static str, u64>,
    rows: u64,
    written: u64,
    /// How many statements ran that nest so deep.
    depths: BTreeMap<usize, u64>,
    /// How many statements of each production ran.
    productions: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn ran(&mut self, statement: &Statement, outcome: &Outcome) {
        match outcome {
            Outcome::Rows(rows) => self.rows += rows.len() as u64,
            Outcome::Affected(rows) => self.written += rows,
            Outcome::Refused(_) => unreachable!("it was judged"),
            Outcome::Failed(failure) => {
                let why: String =
                    failure.message.chars().take(150).filter(|c| !c.is_ascii_digit()).collect();
                *self.failed.entry(why).or_default() += 1;
                return;
            }
        }
        self.ran += 1;
        *self.depths.entry(statement.depth).or_default() += 1;
        for production in &statement.productions {
            *self.productions.entry(production).or_default() += 1;
        }
    }

    pub(crate) fn refused(&mut self, construct: &'static str) {
        *self.refused.entry(construct).or_default() += 1;
    }

    pub(crate) fn statements(&self) -> u64 {
        self.ran + self.failed.values().sum::<u64>() + self.refused.values().sum::<u64>()
    }

    /// Fails unless enough was met for the property to mean anything.
    pub(crate) fn must_suffice(&self, engine: Engine) {
        let all = self.statements();
        let share = |part: u64| part * 100 / all.max(1);
        // A generator that gives everything the same name meets what is refused on purpose.
        let (runs, refuses) = match engine {
            Engine::Sqlite => (85, 2),
            Engine::Postgres => (70, 25),
            Engine::MySql => (85, 6),
        };
        assert!(share(self.ran) >= runs, "too few statements ran");
        assert!(share(self.refused.values().sum()) < refuses, "too many statements are refused");
        let doubtful = self.refused.get(CONTRADICTION).copied().unwrap_or(0);
        assert!(doubtful * 100 < all, "too often the server was taken to be wrong");
        assert!(self.rows > all, "too few rows were compared");
        assert!(self.written > all / 10, "too few rows were written");
        let deep: u64 = self.depths.range(5..).map(|(_, count)| count).sum();
        assert!(deep > all / 80, "too few statements are five queries deep");
        let own = match engine {
            Engine::Sqlite => [EVERYWHERE, NOT_MYSQL].concat(),
            Engine::Postgres => [EVERYWHERE, NOT_MYSQL, NOT_SQLITE, POSTGRES].concat(),
            Engine::MySql => [EVERYWHERE, NOT_SQLITE, MYSQL].concat(),
        };
        let missing: Vec<&str> =
            own.into_iter().filter(|name| !self.productions.contains_key(name)).collect();
        assert!(missing.is_empty(), "these never ran: {missing:?}");
    }
}

/// What must have run on every engine.
const EVERYWHERE: &[&str] = &[
    "BETWEEN",
    "CASE with an operand",
    "CTE",
    "CTE in FROM",
    "CTE in a sub-query",
    "CTE named as a table",
    "CTE that hides a table",
    "CTE that renames its columns",
    "DELETE",
    "DISTINCT",
    "EXCEPT",
    "EXISTS",
    "GROUP BY",
    "HAVING",
    "IN (list)",
    "IN (query)",
    "INSERT",
    "INSERT from a derived table",
    "INSERT that names the tenant column",
    "INSERT … SELECT",
    "INSERT … VALUES",
    "INTERSECT",
    "LIKE",
    "LIMIT",
    "NOT EXISTS",
    "NOT IN (query)",
    "OFFSET",
    "SELECT *",
    "SELECT without FROM",
    "UNION",
    "UNION ALL",
    "UPDATE",
    "UPDATE that sets the tenant column",
    "WINDOW clause",
    "aggregate",
    "alias named as a CTE",
    "alias named as a table",
    "alias of a written table",
    "comma join",
    "correlated one level up",
    "correlated several levels up",
    "cross join",
    "derived table",
    "inner join",
    "join USING",
    "left join",
    "left join USING",
    "natural join",
    "natural left join",
    "natural right join",
    "nested join",
    "parameter",
    "recursive CTE",
    "recursive CTE over a table",
    "right join",
    "right join USING",
    "row = (query)",
    "row IN (query)",
    "scalar sub-query",
    "sub-query in CASE",
    "sub-query in GROUP BY",
    "sub-query in HAVING",
    "sub-query in ON",
    "sub-query in ORDER BY",
    "sub-query in PARTITION BY",
    "sub-query in a function's argument",
    "sub-query in a written value",
    "sub-query in the select list",
    "unqualified column",
    "window function",
    "window over a total order",
];

/// On all but MySQL.
const NOT_MYSQL: &[&str] = &[
    "CTE before a write",
    "DO UPDATE … WHERE",
    "ON CONFLICT DO NOTHING",
    "ON CONFLICT DO UPDATE",
    "RETURNING",
    "UPDATE from sums",
    "UPDATE … FROM",
    "VALUES in FROM",
    "aggregate with FILTER",
    "full join",
    "full join USING",
    "natural full join",
    "parameters against the order of the text",
    "sub-query in LIMIT",
    "sub-query in an aggregate",
    "sub-query in a window's ORDER BY",
];

/// On all but SQLite.
const NOT_SQLITE: &[&str] = &[
    "ALL (query)",
    "ANY (query)",
    "EXCEPT ALL",
    "FETCH FIRST",
    "FOR UPDATE",
    "INTERSECT ALL",
    "ROLLUP",
    "parenthesised arm of a set operation",
];

/// On PostgreSQL alone.
const POSTGRES: &[&str] = &[
    "DELETE … USING",
    "DISTINCT ON",
    "alias that renames the columns of a sub-query",
    "lateral join",
    "write within WITH",
];

/// On MySQL alone.
const MYSQL: &[&str] = &[
    "DELETE from a join",
    "DELETE … LIMIT",
    "INSERT IGNORE",
    "ON DUPLICATE KEY UPDATE",
    "UPDATE of a join",
    "UPDATE … LIMIT",
];

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ran, failed, refused, rows, written, depths, productions } = self;
        writeln!(f, "{ran} of {} ran, {rows} rows read, {written} written", self.statements())?;
        writeln!(f, "  depths {depths:?}\n  refused {refused:?}\n  productions {productions:?}")?;
        for (why, count) in failed {
            writeln!(f, "  failed {count}: {why}")?;
        }
        Ok(())
    }
}
