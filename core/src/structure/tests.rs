use super::*;
use crate::Dialect::Sqlite;

fn sqlite(tables: &[&str]) -> Structure {
    let facts = tables.iter().flat_map(|sql| {
        let name = sql.split('"').nth(1).expect("a quoted name");
        sqlite_facts("table", name, name, sql, "t$").expect("understood")
    });
    Structure::of(facts).expect("facts")
}

#[test]
fn spellings_of_one_table_are_equal() {
    let one = sqlite(&[
        "CREATE TABLE \"t$orders\" ( \"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"a\" varchar(20) UNIQUE )",
    ]);
    let other = sqlite(&[
        "create table \"orders\" (id INTEGER not null primary key autoincrement, a VARCHAR(20), unique (a)) -- why",
    ]);
    assert_eq!(one, other);
    assert_eq!(one.digest(), other.digest());
}

#[test]
fn renames_happen_only_when_they_are_said() {
    let from = sqlite(&["CREATE TABLE \"a\" (id bigint, x text CHECK (x <> 'x'))"]);
    let to = sqlite(&["CREATE TABLE \"b\" (id bigint, y text CHECK (y <> 'x'))"]);
    assert!(diff(Sqlite, &from, &to, &Renames::default()).is_destructive());
    let mut renames = Renames::default();
    renames.table("b", "a").column("b", "y", "x");
    let changes = diff(Sqlite, &from, &to, &renames);
    let sql: Vec<&str> = changes.up_statements().collect();
    assert_eq!(
        sql,
        ["ALTER TABLE \"a\" RENAME TO \"b\"", "ALTER TABLE \"b\" RENAME COLUMN \"x\" TO \"y\""]
    );
    assert!(!changes.is_destructive());
    // Once it has happened, nothing is left to do.
    assert!(diff(Sqlite, &to, &to, &renames).is_empty());
}

#[test]
fn what_is_lost_is_a_comment() {
    let from = sqlite(&["CREATE TABLE \"a\" (id bigint)"]);
    let to = Structure::default();
    let changes = diff(Sqlite, &from, &to, &Renames::default());
    let text = changes.up(Destructive::Commented);
    assert!(text.lines().all(|line| line.starts_with("--")), "{text}");
    assert!(changes.up(Destructive::Written).contains("\nDROP TABLE \"a\";\n"));
    assert!(changes.down(Destructive::Commented).lines().all(|line| line.starts_with("--")));
}

#[test]
fn rows_that_statements_say_are_compared_and_written() {
    let structure = sqlite(&[
        "CREATE TABLE \"seats\" (plan text NOT NULL REFERENCES plans (name), made text DEFAULT (datetime('now')))",
        "CREATE TABLE \"plans\" (name text PRIMARY KEY, open integer DEFAULT 1)",
    ]);
    let questions = Contents::questions(Sqlite, &structure);
    let asked: Vec<_> =
        questions.iter().map(|it| (it.table.as_str(), it.columns.join(","))).collect();
    // The time is not what another run would say.
    assert_eq!(asked, [("plans", "name,open".to_owned()), ("seats", "plan".to_owned())]);
    assert_eq!(questions[1].sql, "SELECT '(' || quote(\"plan\") || ')' FROM \"seats\"");
    let held = |plans: &[&str], seats: &[&str]| {
        let mut contents = Contents::default();
        for (question, rows) in questions.iter().zip([plans, seats]) {
            contents.found(question.clone(), rows.iter().map(|row| (*row).to_owned()).collect());
        }
        contents
    };
    let wanted = held(&["('paid', 1)", "('free', 0)"], &["('free')", "('free')"]);
    assert_eq!(
        wanted.inserts(Sqlite, &structure),
        [
            "INSERT INTO \"plans\" (\"name\", \"open\") VALUES\n    ('free', 0),\n    ('paid', 1)",
            "INSERT INTO \"seats\" (\"plan\") VALUES\n    ('free'),\n    ('free')",
        ]
    );
    assert!(wanted.differences(&wanted).is_empty());
    assert_eq!(
        held(&["('free', 0)", "('more', 1)"], &["('free')"]).differences(&wanted),
        [
            "plans lacks the row ('paid', 1)",
            "plans has the row ('more', 1), which the revisions do not make",
            "seats lacks the row ('free')",
        ]
    );
}
