use crate::revision::prefixed;

#[test]
fn names_of_tables_and_indexes_get_the_prefix_and_nothing_else_does() {
    for (sql, wanted) in [
        (
            "CREATE TABLE tasks (id INTEGER PRIMARY KEY AUTOINCREMENT, list INT REFERENCES lists (id) ON DELETE CASCADE, tasks TEXT, CHECK (tasks <> 'tasks'))",
            "CREATE TABLE \"t__tasks\" (id INTEGER PRIMARY KEY AUTOINCREMENT, list INT REFERENCES \"t__lists\" (id) ON DELETE CASCADE, tasks TEXT, CHECK (tasks <> 'tasks'))",
        ),
        (
            "CREATE TABLE a (x INT, FOREIGN KEY (x) REFERENCES b (y)) STRICT",
            "CREATE TABLE \"t__a\" (x INT, FOREIGN KEY (x) REFERENCES \"t__b\"(y)) STRICT",
        ),
        (
            "ALTER TABLE a ADD COLUMN y INT REFERENCES b (z)",
            "ALTER TABLE \"t__a\" ADD COLUMN y INT REFERENCES \"t__b\" (z)",
        ),
        ("ALTER TABLE a RENAME TO b", "ALTER TABLE \"t__a\" RENAME TO \"t__b\""),
        ("ALTER TABLE a RENAME COLUMN a TO b", "ALTER TABLE \"t__a\" RENAME COLUMN a TO b"),
        ("CREATE UNIQUE INDEX i ON a (b, c)", "CREATE UNIQUE INDEX \"t__i\" ON \"t__a\"(b, c)"),
        ("DROP INDEX i", "DROP INDEX \"t__i\""),
        // What all tenants share keeps its name.
        (
            "CREATE TABLE a (x INT REFERENCES {{shared}}.b (id), y INT REFERENCES \"b\" (id))",
            "CREATE TABLE \"t__a\" (x INT REFERENCES b (id), y INT REFERENCES \"t__b\" (id))",
        ),
        (
            "INSERT INTO a SELECT x FROM {{shared}}.\"a\"",
            "INSERT INTO \"t__a\" SELECT x FROM \"a\"",
        ),
        ("DROP TABLE IF EXISTS a", "DROP TABLE IF EXISTS \"t__a\""),
        (
            "INSERT INTO a SELECT b.x, 'b' FROM b JOIN c AS d ON d.y = b.y",
            "INSERT INTO \"t__a\" SELECT \"t__b\".x, 'b' FROM \"t__b\" JOIN \"t__c\" AS d ON d.y = \"t__b\".y",
        ),
        (
            "UPDATE a SET x = (SELECT max(y) FROM b) WHERE a.x IS NULL",
            "UPDATE \"t__a\" SET x = (SELECT max(y) FROM \"t__b\") WHERE \"t__a\".x IS NULL",
        ),
        (
            "DELETE FROM a WHERE x IN (WITH q AS (SELECT x FROM b) SELECT x FROM q)",
            "DELETE FROM \"t__a\" WHERE x IN (WITH q AS (SELECT x FROM \"t__b\") SELECT x FROM q)",
        ),
        ("CREATE VIEW v AS SELECT x FROM a", "CREATE VIEW \"t__v\" AS SELECT x FROM \"t__a\""),
        (
            "CREATE TRIGGER {{prefix}}g AFTER INSERT ON {{prefix}}a BEGIN SELECT 1; END",
            "CREATE TRIGGER t__g AFTER INSERT ON t__a BEGIN SELECT 1; END",
        ),
    ] {
        assert_eq!(prefixed(sql, "t__").unwrap(), wanted, "{sql}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    for sql in [
        "CREATE TRIGGER g AFTER INSERT ON a BEGIN SELECT 1; END",
        "PRAGMA user_version = 1",
        "SELECT 1; SELECT 2",
        "CREATE TABLE main.a (x INT)",
        "DELETE FROM sqlite_sequence",
        "SELECT a.* FROM a",
        "SELECT a.x FROM b AS a, a AS c",
        "ATTACH DATABASE 'x' AS y",
        "CREATE VIRTUAL TABLE f USING fts5 (x)",
        "VACUUM",
        "nonsense",
    ] {
        let error = prefixed(sql, "t__").unwrap_err().to_string();
        assert!(error.contains("`{{prefix}}` before each name"), "{sql}: {error}");
    }
}
