//! Conditions, with every way a sub-query can stand in one.

use tenancy_tests::Engine;

use crate::{generator::Generator, names::Kind, query::Rows};

impl Generator {
    /// A condition, `size` operators deep at most.
    pub(crate) fn condition(&mut self, size: usize) -> String {
        let less = size.saturating_sub(1);
        if size > 0 && self.can_nest() && self.choices.chance(30) {
            return self.sub_query_condition(less);
        }
        match self.choices.weighted(&[
            (30, "compare"),
            (6, "null"),
            (6, "between"),
            (6, "list"),
            (5, "like"),
            (if size > 0 { 26 } else { 0 }, "and"),
            (if size > 0 { 6 } else { 0 }, "not"),
            (4, "distinct"),
            (2, "truth"),
        ]) {
            "null" => {
                let kind = self.kind();
                let not = self.choices.one(&["", "NOT "]);
                format!("{} IS {not}NULL", self.value(kind, less))
            }
            "between" => {
                self.saw("BETWEEN");
                let not = self.choices.one(&["", "NOT "]);
                let value = self.value(Kind::Int, less);
                let (low, high) = (self.value(Kind::Int, 0), self.value(Kind::Int, less));
                format!("{value} {not}BETWEEN {low} AND {high}")
            }
            "list" => {
                self.saw("IN (list)");
                let kind = self.kind();
                let not = self.choices.one(&["", "NOT "]);
                let value = self.value(kind, less);
                // The parser takes a sub-query in the first place for `IN (SELECT …)`.
                let first = self.value(kind, 0);
                let mut list = vec![first];
                for _ in 0..self.choices.below(3) {
                    list.push(self.value(kind, less));
                }
                format!("{value} {not}IN ({})", list.join(", "))
            }
            "like" => {
                self.saw("LIKE");
                let pattern = self.choices.one(&["'%a%'", "'c%'", "'_e%'"]);
                format!("{} LIKE {pattern}", self.value(Kind::Text, less))
            }
            "and" => {
                let (left, right) = (self.condition(less), self.condition(less));
                let op = self.choices.one(&["AND", "OR"]);
                // Often without parentheses around them, as the scoper has to add its own.
                if self.choices.chance(50) {
                    format!("({left} {op} {right})")
                } else {
                    format!("{left} {op} {right}")
                }
            }
            "not" => format!("NOT ({})", self.condition(less)),
            "distinct" => {
                let kind = self.kind();
                let (left, right) = (self.value(kind, less), self.value(kind, less));
                if self.is(Engine::MySql) {
                    format!("{left} <=> {right}")
                } else {
                    let not = self.choices.one(&["", "NOT "]);
                    format!("{left} IS {not}DISTINCT FROM {right}")
                }
            }
            "truth" => {
                let truth = self.choices.one(&["TRUE", "NOT TRUE", "FALSE", "NOT FALSE"]);
                format!("({}) IS {truth}", self.condition(less))
            }
            _ => self.comparison(less),
        }
    }

    pub(crate) fn kind(&mut self) -> Kind {
        if self.choices.chance(35) { Kind::Text } else { Kind::Int }
    }

    fn comparison(&mut self, size: usize) -> String {
        let kind = self.kind();
        let op = self.operator();
        let (left, right) = (self.value(kind, size), self.value(kind, size));
        format!("{left} {op} {right}")
    }

    fn operator(&mut self) -> &'static str {
        self.choices.one(&["=", "<>", "<", ">", "<=", ">="])
    }

    fn sub_query_condition(&mut self, size: usize) -> String {
        let not = self.choices.one(&["", "NOT "]);
        let kind = self.kind();
        let quantified = if self.is(Engine::Sqlite) { 0 } else { 12 };
        match self.choices.weighted(&[
            (22, "exists"),
            (22, "in"),
            (quantified, "quantified"),
            (6, "row in"),
            (5, "row equals"),
            (10, "scalar"),
        ]) {
            "in" => {
                self.saw(if not.is_empty() { "IN (query)" } else { "NOT IN (query)" });
                let value = self.value(kind, size);
                format!("{value} {not}IN ({})", self.query(&[kind], Rows::Unlimited).sql)
            }
            "quantified" => {
                let word = self.choices.one(&["ANY", "ALL", "SOME"]);
                self.saw(if word == "ALL" { "ALL (query)" } else { "ANY (query)" });
                let (value, op) = (self.value(kind, size), self.operator());
                format!("{value} {op} {word} ({})", self.query(&[kind], Rows::Unlimited).sql)
            }
            "row in" => {
                self.saw("row IN (query)");
                let (first, second) = (self.value(Kind::Int, 0), self.value(kind, size));
                let query = self.query(&[Kind::Int, kind], Rows::Unlimited).sql;
                format!("({first}, {second}) {not}IN ({query})")
            }
            "row equals" => {
                self.saw("row = (query)");
                let (first, second) = (self.value(Kind::Int, 0), self.value(kind, size));
                let query = self.query(&[Kind::Int, kind], Rows::One).sql;
                format!("({first}, {second}) = ({query})")
            }
            "scalar" => {
                let (value, op) = (self.value(kind, size), self.operator());
                format!("{value} {op} ({})", self.query(&[kind], Rows::One).sql)
            }
            _ => {
                self.saw(if not.is_empty() { "EXISTS" } else { "NOT EXISTS" });
                let kinds = [kind];
                format!("{not}EXISTS ({})", self.query(&kinds, Rows::Any).sql)
            }
        }
    }
}
