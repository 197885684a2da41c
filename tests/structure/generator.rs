//! Tables like those of entities, made up.

use std::collections::BTreeMap;

use tenancy_core::Dialect;

/// Numbers that look random, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def1)
    }

    /// A number below another.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

#[derive(Debug, Clone)]
struct Column {
    kind: usize,
    not_null: bool,
    default: bool,
    unique: bool,
    indexed: bool,
    comment: bool,
}

#[derive(Debug, Clone)]
struct Table {
    columns: BTreeMap<&'static str, Column>,
    counted: bool,
    points_at: Option<&'static str>,
    positive: bool,
    secured: bool,
    partial: bool,
    trigger: bool,
}

/// A few tables.
#[derive(Debug, Clone)]
pub(crate) struct World {
    tables: BTreeMap<&'static str, Table>,
    values: usize,
    view: bool,
}

const TABLES: [&str; 4] = ["orders", "line items", "order", "Notes"];
const COLUMNS: [&str; 6] = ["title", "amount", "group", "Mixed", "a b", "state"];

impl World {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        let mut tables = BTreeMap::new();
        for name in TABLES {
            if !dice.one_in(4) {
                tables.insert(name, table(dice));
            }
        }
        let mut world = Self { tables, values: 1 + dice.below(3) as usize, view: dice.one_in(3) };
        world.settle();
        world
    }

    /// Another, which differs in a few things.
    pub(crate) fn neighbour(&self, dice: &mut Dice) -> Self {
        let mut other = self.clone();
        for _ in 0..=dice.below(3) {
            let name = TABLES[dice.below(4) as usize];
            let column = COLUMNS[dice.below(6) as usize];
            match (dice.below(8), other.tables.get_mut(name)) {
                (0, Some(_)) => drop(other.tables.remove(name)),
                (_, None) => drop(other.tables.insert(name, table(dice))),
                (1 | 2, Some(it)) => drop(it.columns.remove(column)),
                (3 | 4, Some(it)) => drop(it.columns.insert(column, self::column(dice))),
                (5, Some(it)) => it.points_at = Some(TABLES[dice.below(4) as usize]),
                (6, Some(it)) => {
                    it.positive = !it.positive;
                    it.secured = !it.secured;
                }
                (_, Some(it)) => {
                    it.partial = !it.partial;
                    it.trigger = !it.trigger;
                    other.view = !other.view;
                }
            }
        }
        other.settle();
        other
    }

    /// Takes out what cannot be.
    fn settle(&mut self) {
        let names: Vec<&str> = self.tables.keys().copied().collect();
        for (name, table) in &mut self.tables {
            let there = |target: &&str| names.contains(target) && target != name;
            table.points_at = table.points_at.filter(there);
        }
    }

    /// What makes it.
    pub(crate) fn statements(&self, dialect: Dialect) -> Vec<String> {
        let mut sql = Vec::new();
        if dialect == Dialect::Postgres && self.uses_enum() {
            let values = &["'new'", "'paid'", "'gone'"][..self.values];
            sql.push(format!("CREATE TYPE mood AS ENUM ({})", values.join(", ")));
        }
        let mut last = Vec::new();
        for (name, table) in &self.tables {
            make(dialect, name, table, &mut sql, &mut last);
        }
        sql.extend(last);
        if self.view
            && let Some((name, table)) = self.tables.iter().next()
        {
            let q = |name: &str| quoted(dialect, name);
            let columns: Vec<String> =
                std::iter::once(q("id")).chain(table.columns.keys().map(|it| q(it))).collect();
            sql.push(format!(
                "CREATE VIEW {} AS SELECT {} FROM {}",
                q("a view"),
                columns.join(", "),
                q(name)
            ));
        }
        sql
    }

    fn uses_enum(&self) -> bool {
        self.tables.values().flat_map(|it| it.columns.values()).any(|it| it.kind == 9)
    }
}

fn table(dice: &mut Dice) -> Table {
    let mut columns = BTreeMap::new();
    for name in COLUMNS {
        if dice.one_in(2) {
            columns.insert(name, column(dice));
        }
    }
    Table {
        columns,
        counted: dice.one_in(2),
        points_at: dice.one_in(2).then(|| TABLES[dice.below(4) as usize]),
        positive: dice.one_in(3),
        secured: dice.one_in(3),
        partial: dice.one_in(4),
        trigger: dice.one_in(4),
    }
}

fn column(dice: &mut Dice) -> Column {
    Column {
        kind: dice.below(10) as usize,
        not_null: dice.one_in(2),
        default: dice.one_in(2),
        unique: dice.one_in(4),
        indexed: dice.one_in(4),
        comment: dice.one_in(5),
    }
}

/// Types and a default for each.
fn kind(dialect: Dialect, kind: usize) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Postgres => [
            ("integer", "7"),
            ("bigint", "8"),
            ("varchar(20)", "'it''s'"),
            ("varchar(40)", "'b\\c'"),
            ("text", "'x'"),
            ("boolean", "true"),
            ("numeric(10,2)", "1.5"),
            ("timestamp with time zone", "now()"),
            ("uuid", "gen_random_uuid()"),
            ("mood", "'new'"),
        ][kind],
        Dialect::MySql => [
            ("int", "7"),
            ("bigint", "8"),
            ("varchar(20)", "'it''s'"),
            ("varchar(40)", "'b\\\\c'"),
            ("varchar(60)", "'x'"),
            ("tinyint(1)", "1"),
            ("decimal(10,2)", "1.5"),
            ("datetime", "CURRENT_TIMESTAMP"),
            ("char(36)", "'u'"),
            ("enum('new','paid')", "'new'"),
        ][kind],
        Dialect::Sqlite => [
            ("integer", "7"),
            ("bigint", "8"),
            ("varchar(20)", "'it''s'"),
            ("varchar(40)", "'b\\c'"),
            ("text", "'x'"),
            ("boolean", "TRUE"),
            ("real(10, 2)", "1.5"),
            ("datetime_text", "CURRENT_TIMESTAMP"),
            ("uuid_text", "'u'"),
            ("blob", "x'00'"),
        ][kind],
    }
}

fn quoted(dialect: Dialect, name: &str) -> String {
    let q = dialect.quote();
    format!("{q}{name}{q}")
}

fn make(
    dialect: Dialect,
    name: &str,
    table: &Table,
    sql: &mut Vec<String>,
    last: &mut Vec<String>,
) {
    let q = |name: &str| quoted(dialect, name);
    let counted = match dialect {
        Dialect::Postgres => "bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY",
        Dialect::MySql => "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY",
        Dialect::Sqlite => "integer NOT NULL PRIMARY KEY AUTOINCREMENT",
    };
    let id = if table.counted { counted } else { "bigint NOT NULL PRIMARY KEY" };
    let mut lines = vec![format!("{} {id}", q("id"))];
    for (column, it) in &table.columns {
        let (kind, default) = kind(dialect, it.kind);
        let mut line = format!("{} {kind}", q(column));
        if it.not_null {
            line.push_str(" NOT NULL");
        }
        if it.default {
            line.push_str(&format!(" DEFAULT {default}"));
        }
        if dialect == Dialect::MySql && it.comment {
            line.push_str(" COMMENT 'it''s said'");
        }
        lines.push(line);
        if it.unique && !(dialect == Dialect::Sqlite && it.kind == 9) {
            let own = q(&format!("uq {name} {column}"));
            lines.push(match dialect {
                Dialect::MySql => format!("UNIQUE KEY {own} ({})", q(column)),
                _ => format!("CONSTRAINT {own} UNIQUE ({})", q(column)),
            });
        }
        if dialect == Dialect::Postgres && it.comment {
            last.push(format!("COMMENT ON COLUMN {}.{} IS 'it''s said'", q(name), q(column)));
        }
        if it.indexed {
            let own = q(&format!("ix {name} {column}"));
            last.push(format!("CREATE INDEX {own} ON {} ({} DESC)", q(name), q(column)));
        }
    }
    // MariaDB lets no condition speak of a column that is counted up.
    if table.positive && !(dialect == Dialect::MySql && table.counted) {
        lines.push(format!(
            "CONSTRAINT {} CHECK ({} > 0)",
            q(&format!("{name} positive")),
            q("id")
        ));
    }
    if let Some(target) = table.points_at {
        lines.push(format!("{} bigint", q("other_id")));
        let key = q(&format!("fk {name}"));
        let key = format!(
            "CONSTRAINT {key} FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE CASCADE",
            q("other_id"),
            q(target),
            q("id")
        );
        if dialect == Dialect::Sqlite {
            lines.push(key);
        } else {
            last.push(format!("ALTER TABLE {} ADD {key}", q(name)));
        }
    }
    if dialect == Dialect::Sqlite {
        // Columns come before constraints there.
        lines.sort_by_key(|line| line.starts_with("CONSTRAINT"));
    }
    sql.push(format!("CREATE TABLE {} ({})", q(name), lines.join(", ")));
    let trigger = q(&format!("tr {name}"));
    match dialect {
        Dialect::Postgres => {
            if table.secured {
                let name = q(name);
                last.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
                last.push(format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"));
                last.push(format!(
                    "CREATE POLICY mine ON {name} AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (id > 5) WITH CHECK (id > 6)"
                ));
            }
            if table.partial {
                let index = q(&format!("partial {name}"));
                last.push(format!(
                    "CREATE UNIQUE INDEX {index} ON {} ((id + 1)) WHERE id > 3",
                    q(name)
                ));
            }
            if table.trigger {
                last.push(
                    "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$".to_owned(),
                );
                last.push(format!(
                    "CREATE TRIGGER {trigger} BEFORE UPDATE ON {} FOR EACH ROW WHEN (NEW.id > 1) EXECUTE FUNCTION touch()",
                    q(name)
                ));
            }
        }
        Dialect::Sqlite => {
            if table.partial {
                let index = q(&format!("partial {name}"));
                last.push(format!(
                    "CREATE UNIQUE INDEX {index} ON {} (id + 1) WHERE id > 3",
                    q(name)
                ));
            }
            if table.trigger {
                last.push(format!(
                    "CREATE TRIGGER {trigger} AFTER UPDATE ON {0} BEGIN UPDATE {0} SET id = id WHERE id = -1; END",
                    q(name)
                ));
            }
        }
        Dialect::MySql => {
            if table.trigger {
                last.push(format!(
                    "CREATE TRIGGER {trigger} BEFORE UPDATE ON {} FOR EACH ROW SET NEW.id = OLD.id",
                    q(name)
                ));
            }
        }
    }
}
