//! What is known while a statement is made, and the finished statement.

use std::collections::BTreeSet;

use sea_orm::Value;
use tenancy_tests::Engine;

use crate::{
    choices::Choices,
    names::{Cte, Relation},
};

/// Around a parameter's number, until the text is finished.
const MARK: char = '\u{1}';

/// A finished statement.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
    /// It returns rows.
    pub(crate) returns: bool,
    /// The order of the rows is certain.
    pub(crate) ordered: bool,
    pub(crate) writes: bool,
    /// It writes a row under a key that counts over all tenants: the private database cannot tell
    /// what becomes of it where a neighbour has the key.
    pub(crate) collides: bool,
    /// The productions it is made of.
    pub(crate) productions: BTreeSet<&'static str>,
    /// How many queries stand within one another.
    pub(crate) depth: usize,
    pub(crate) choices: Vec<u32>,
}

/// The names in sight of one SELECT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) relations: Vec<Relation>,
    /// What an aggregate may be made of, where one may stand; `relations` are then the groups.
    pub(crate) grouped: Option<Vec<Relation>>,
}

/// Makes statements of one engine for one tenant.
#[derive(Debug)]
pub(crate) struct Generator {
    pub(crate) engine: Engine,
    pub(crate) tenant: &'static str,
    pub(crate) choices: Choices,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) ctes: Vec<Cte>,
    /// Columns may stand without the name of their table.
    pub(crate) unqualified: bool,
    /// How often the innermost query runs for one run of the statement, about.
    pub(crate) runs: f64,
    /// How many more queries the statement may have.
    pub(crate) fuel: usize,
    pub(crate) depth: usize,
    pub(crate) deepest: usize,
    pub(crate) collides: bool,
    values: Vec<Value>,
    productions: BTreeSet<&'static str>,
}

impl Generator {
    pub(crate) fn new(engine: Engine, tenant: &'static str, choices: Choices) -> Self {
        Self {
            engine,
            tenant,
            choices,
            scopes: Vec::new(),
            ctes: Vec::new(),
            unqualified: true,
            runs: 1.0,
            fuel: 0,
            depth: 0,
            deepest: 0,
            collides: false,
            values: Vec::new(),
            productions: BTreeSet::new(),
        }
    }

    /// Makes one statement.
    pub(crate) fn statement(mut self) -> Statement {
        let most = self.choices.weighted(&[(50, 2), (30, 5), (20, 8)]);
        self.fuel = 1 + self.choices.below(most);
        let (text, returns, ordered, writes) = if self.choices.chance(30) {
            let write = self.write();
            (write.sql, write.returns, false, true)
        } else {
            let (text, ordered) = self.top_query();
            (text, true, ordered, false)
        };
        let (sql, values) = self.finish(&text);
        Statement {
            sql,
            values,
            returns,
            ordered,
            writes,
            collides: self.collides,
            productions: self.productions,
            depth: self.deepest,
            choices: self.choices.made(),
        }
    }

    /// Notes that a production was used.
    pub(crate) fn saw(&mut self, production: &'static str) {
        self.productions.insert(production);
    }

    pub(crate) fn is(&self, engine: Engine) -> bool {
        self.engine == engine
    }

    /// Binds a value.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.saw("parameter");
        self.values.push(value.into());
        format!("{MARK}{}{MARK}", self.values.len() - 1)
    }

    /// Replaces the marks by placeholders, in the order of the text or against it.
    fn finish(&mut self, text: &str) -> (String, Vec<Value>) {
        let numbers: Vec<usize> =
            text.split(MARK).skip(1).step_by(2).map(|n| n.parse().expect("a number")).collect();
        let numbered = match self.engine {
            Engine::MySql => false,
            Engine::Postgres => true,
            Engine::Sqlite => self.choices.chance(40),
        };
        let backwards = numbered && self.choices.chance(40);
        let mut order: Vec<usize> = Vec::new();
        for number in &numbers {
            if !order.contains(number) {
                order.push(*number);
            }
        }
        if backwards && order.len() > 1 {
            self.saw("parameters against the order of the text");
            order.reverse();
        }
        let sigil = if self.is(Engine::Postgres) { '$' } else { '?' };
        let mut sql = String::new();
        for (index, part) in text.split(MARK).enumerate() {
            if index % 2 == 0 {
                sql.push_str(part);
            } else if numbered {
                let number: usize = part.parse().expect("a number");
                let position = order.iter().position(|known| *known == number);
                sql.push_str(&format!("{sigil}{}", position.expect("it is listed") + 1));
            } else {
                sql.push('?');
            }
        }
        let order = if numbered { order } else { numbers };
        (sql, order.into_iter().map(|number| self.values[number].clone()).collect())
    }
}
