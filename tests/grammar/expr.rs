//! Values: columns of this query and of those around it, literals, parameters, functions,
//! aggregates, sub-queries.

use tenancy_tests::Engine;

use crate::{
    generator::{Generator, Scope},
    names::{Kind, bare},
    query::Rows,
};

impl Generator {
    /// A value, `size` operators deep at most.
    pub(crate) fn value(&mut self, kind: Kind, size: usize) -> String {
        match kind {
            Kind::Int => self.int(size),
            Kind::Text => self.text(size),
        }
    }

    fn int(&mut self, size: usize) -> String {
        if size == 0 || self.choices.chance(35) {
            return self.leaf(Kind::Int);
        }
        let less = size - 1;
        match self.choices.weighted(&[
            (14, "leaf"),
            (14, "sum"),
            (4, "product"),
            (10, "case"),
            (6, "function"),
            (18, "sub-query"),
            (4, "length"),
        ]) {
            "sum" => {
                let (left, right) = (self.int(less), self.int(less));
                let op = self.choices.one(&["+", "-"]);
                format!("({left} {op} {right})")
            }
            "product" => {
                let (left, factor) = (self.int(less), self.choices.one(&["* 2", "% 3"]));
                format!("({left} {factor})")
            }
            "case" => self.case(Kind::Int, less),
            "function" => match self.choices.below(4) {
                0 => format!("abs({})", self.int(less)),
                1 => self.pair_call("coalesce", Kind::Int, less),
                2 => self.pair_call("nullif", Kind::Int, less),
                _ => {
                    let name = if self.is(Engine::Sqlite) { "max" } else { "greatest" };
                    self.pair_call(name, Kind::Int, less)
                }
            },
            "sub-query" => self.scalar(Kind::Int),
            "length" => format!("length({})", self.text(less)),
            _ => self.leaf(Kind::Int),
        }
    }

    fn text(&mut self, size: usize) -> String {
        if size == 0 || self.choices.chance(45) {
            return self.leaf(Kind::Text);
        }
        let less = size - 1;
        match self.choices.weighted(&[
            (14, "leaf"),
            (8, "concat"),
            (10, "case"),
            (10, "function"),
            (14, "sub-query"),
        ]) {
            "concat" => {
                let (left, right) = (self.text(less), self.text(less));
                match self.engine {
                    Engine::MySql => format!("concat({left}, {right})"),
                    _ => format!("({left} || {right})"),
                }
            }
            "case" => self.case(Kind::Text, less),
            "function" => match self.choices.below(6) {
                0 => format!("lower({})", self.text(less)),
                1 => format!("substr({}, 1, 3)", self.text(less)),
                2 => format!("replace({}, 'a', 'e')", self.text(less)),
                3 => format!("trim({})", self.text(less)),
                4 => self.pair_call("coalesce", Kind::Text, less),
                _ => self.pair_call("nullif", Kind::Text, less),
            },
            "sub-query" => self.scalar(Kind::Text),
            _ => self.leaf(Kind::Text),
        }
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let aggregates = self.scopes.last().is_some_and(|scope| scope.grouped.is_some());
        if aggregates && self.choices.chance(60) {
            return self.aggregate(kind);
        }
        match self.choices.weighted(&[(70, 0), (18, 1), (10, 2), (2, 3)]) {
            0 => self.column(kind).unwrap_or_else(|| self.literal(kind)),
            1 => self.literal(kind),
            2 => self.parameter(kind),
            _ => match (self.engine, kind) {
                (Engine::MySql, Kind::Int) => "CAST(NULL AS SIGNED)".to_owned(),
                (Engine::MySql, Kind::Text) => "CAST(NULL AS CHAR)".to_owned(),
                (_, Kind::Int) => "CAST(NULL AS BIGINT)".to_owned(),
                (_, Kind::Text) => "CAST(NULL AS TEXT)".to_owned(),
            },
        }
    }

    pub(crate) fn literal(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => self.choices.one(&["1", "2", "3", "0", "5", "20", "(-1)"]).to_owned(),
            Kind::Text => {
                let mut pool = vec!["'paid'", "'new'", "'c2'", "'it''s'", "''", "'$1 ? -- /*'"];
                pool.push(if self.is(Engine::MySql) { r"'a\\b'" } else { r"'a\b'" });
                self.choices.one(&pool).to_owned()
            }
        }
    }

    pub(crate) fn parameter(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => {
                let number = self.choices.one(&[1_i64, 2, 3, 4, 20, 0]);
                self.bind(number)
            }
            Kind::Text => {
                let text = self.choices.one(&["paid", "new", "c1", "it's ?", r"a\b"]);
                self.bind(text)
            }
        }
    }

    /// A column in sight, mostly of this query.
    pub(crate) fn column(&mut self, kind: Kind) -> Option<String> {
        let levels = self.scopes.len();
        let wanted =
            if levels > 1 && self.choices.chance(35) { self.choices.below(levels) } else { 0 };
        let (level, alias, name) = (wanted..levels).chain(0..wanted).find_map(|level| {
            let seen = self.columns_at(level, kind);
            if seen.is_empty() {
                return None;
            }
            let (alias, name) = seen[self.choices.below(seen.len())].clone();
            Some((level, alias, name))
        })?;
        match level {
            0 => {}
            1 => self.saw("correlated one level up"),
            _ => self.saw("correlated several levels up"),
        }
        let innermost = &self.scopes[levels - 1].relations;
        let all = innermost.iter().flat_map(|relation| &relation.columns);
        let alone = level == 0 && all.filter(|column| column.name == name).count() == 1;
        if alone && self.unqualified && self.choices.chance(25) {
            self.saw("unqualified column");
            return Some(name);
        }
        Some(format!("{alias}.{name}"))
    }

    /// The columns of one kind so many levels up, without those a nearer alias hides.
    fn columns_at(&self, level: usize, kind: Kind) -> Vec<(String, String)> {
        let index = self.scopes.len() - 1 - level;
        let hidden = |alias: &str| {
            self.scopes[index + 1..].iter().any(|scope| {
                let full = scope.grouped.iter().flatten();
                scope.relations.iter().chain(full).any(|near| bare(&near.alias) == bare(alias))
            })
        };
        let mut seen = Vec::new();
        for relation in self.scopes[index].relations.iter().filter(|one| !hidden(&one.alias)) {
            for column in relation.columns.iter().filter(|column| column.kind == kind) {
                seen.push((relation.alias.clone(), column.name.clone()));
            }
        }
        seen
    }

    fn pair_call(&mut self, name: &str, kind: Kind, size: usize) -> String {
        let (first, second) = (self.value(kind, size), self.value(kind, size));
        if second.starts_with("(SELECT") || first.starts_with("(SELECT") {
            self.saw("sub-query in a function's argument");
        }
        format!("{name}({first}, {second})")
    }

    fn case(&mut self, kind: Kind, size: usize) -> String {
        let (then, otherwise) = (self.value(kind, size), self.value(kind, size));
        if self.choices.chance(30) {
            let operand = self.value(Kind::Int, size);
            let when = self.value(Kind::Int, size);
            self.saw("CASE with an operand");
            return format!("CASE {operand} WHEN {when} THEN {then} ELSE {otherwise} END");
        }
        let condition = self.condition(size);
        if then.starts_with("(SELECT") || condition.contains("(SELECT") {
            self.saw("sub-query in CASE");
        }
        format!("CASE WHEN {condition} THEN {then} ELSE {otherwise} END")
    }

    /// A sub-query of one value.
    fn scalar(&mut self, kind: Kind) -> String {
        if !self.can_nest() {
            return self.leaf(kind);
        }
        self.saw("scalar sub-query");
        format!("({})", self.query(&[kind], Rows::One).sql)
    }

    /// An aggregate of the rows of a group. Its argument has a column of this very query in it, so
    /// that it belongs to no other.
    pub(crate) fn aggregate(&mut self, kind: Kind) -> String {
        let Some(scope) = self.scopes.last_mut() else { return self.literal(kind) };
        let Some(full) = scope.grouped.take() else { return self.literal(kind) };
        let groups = std::mem::replace(&mut scope.relations, full);
        let call = self.aggregate_call(kind);
        if let Some(Scope { relations, grouped }) = self.scopes.last_mut() {
            *grouped = Some(std::mem::replace(relations, groups));
        }
        call
    }

    fn aggregate_call(&mut self, kind: Kind) -> String {
        let own = self.columns_at(0, kind);
        let argument = if own.is_empty() {
            None
        } else {
            let (alias, name) = own[self.choices.below(own.len())].clone();
            Some(format!("{alias}.{name}"))
        };
        let Some(mut argument) = argument else {
            return match kind {
                Kind::Int => "COUNT(*)".to_owned(),
                Kind::Text => "MAX('none')".to_owned(),
            };
        };
        if kind == Kind::Int && self.choices.chance(30) && !self.is(Engine::MySql) {
            let more = self.int(1);
            if more.contains("(SELECT") {
                self.saw("sub-query in an aggregate");
            }
            argument = format!("{argument} + {more}");
        }
        let distinct = if self.choices.chance(20) { "DISTINCT " } else { "" };
        let name = match kind {
            Kind::Text => self.choices.one(&["MAX", "MIN"]),
            Kind::Int => self.choices.one(&["SUM", "COUNT", "MAX", "MIN", "AVG"]),
        };
        let filter = if !self.is(Engine::MySql) && self.choices.chance(25) {
            self.saw("aggregate with FILTER");
            let condition = self.condition(1);
            format!(" FILTER (WHERE {condition})")
        } else {
            String::new()
        };
        // With a filter on columns of another query it would belong to that one.
        let star = name == "COUNT" && filter.is_empty() && self.choices.chance(40);
        let call = if star {
            "COUNT(*)".to_owned()
        } else {
            format!("{name}({distinct}{argument}){filter}")
        };
        match (kind, name) {
            (Kind::Int, "SUM" | "AVG") => self.as_int(&call),
            _ => call,
        }
    }

    /// Brings a sum, which can be of a wider type, back to a number like the others.
    pub(crate) fn as_int(&self, value: &str) -> String {
        let name = if self.is(Engine::MySql) { "SIGNED" } else { "BIGINT" };
        format!("CAST({value} AS {name})")
    }
}
