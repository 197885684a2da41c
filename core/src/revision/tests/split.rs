use proptest::prelude::*;

use crate::{Dialect, revision::split};

fn pieces(dialect: Dialect, sql: &str) -> Vec<(usize, String)> {
    let pieces = split(dialect, sql).unwrap();
    pieces.iter().map(|piece| (piece.line, piece.sql.to_owned())).collect()
}

#[test]
fn statements_end_at_semicolons_that_are_ones() {
    for (dialect, sql, wanted) in [
        (Dialect::Sqlite, "", vec![]),
        (Dialect::Sqlite, " ;; -- nothing\n/* ; */ ;", vec![]),
        (Dialect::Sqlite, "SELECT 1", vec![(1, "SELECT 1")]),
        (
            Dialect::Sqlite,
            "SELECT ';', \";\", [;] ; SELECT 2;",
            vec![(1, "SELECT ';', \";\", [;]"), (1, "SELECT 2")],
        ),
        (
            Dialect::Postgres,
            "SELECT 'ä;';\n\nSELECT e'\\';';",
            vec![(1, "SELECT 'ä;'"), (3, "SELECT e'\\';'")],
        ),
        (
            Dialect::Postgres,
            "DO $x$ BEGIN RAISE 'a;'; END $x$;SELECT 1",
            vec![(1, "DO $x$ BEGIN RAISE 'a;'; END $x$"), (1, "SELECT 1")],
        ),
        (
            Dialect::Postgres,
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
            vec![
                (
                    1,
                    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
                ),
                (1, "SELECT 3"),
            ],
        ),
        (
            Dialect::Sqlite,
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; SELECT 1; END;\nSELECT 2;",
            vec![
                (
                    1,
                    "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; SELECT 1; END",
                ),
                (2, "SELECT 2"),
            ],
        ),
        (
            Dialect::MySql,
            "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; CASE 1 WHEN 1 THEN SELECT 2; END CASE; WHILE 0 DO SELECT 3; END WHILE; END; SELECT 4",
            vec![
                (
                    1,
                    "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; END IF; CASE 1 WHEN 1 THEN SELECT 2; END CASE; WHILE 0 DO SELECT 3; END WHILE; END",
                ),
                (1, "SELECT 4"),
            ],
        ),
        (
            Dialect::MySql,
            "/*!50003 SET x = 1; */; # end;\nSELECT `;`;",
            vec![(1, "/*!50003 SET x = 1; */"), (2, "SELECT `;`")],
        ),
        (
            Dialect::MySql,
            "/*M!100100 SET x = 1; */; SELECT 1",
            vec![(1, "/*M!100100 SET x = 1; */"), (1, "SELECT 1")],
        ),
        (
            Dialect::MySql,
            "SELECT 'a\\';b'; SELECT 2",
            vec![(1, "SELECT 'a\\';b'"), (1, "SELECT 2")],
        ),
        // Transactions are not routines.
        (Dialect::Sqlite, "BEGIN; SELECT 1; END;", vec![(1, "BEGIN"), (1, "SELECT 1"), (1, "END")]),
    ] {
        let wanted: Vec<_> = wanted.into_iter().map(|(line, sql)| (line, sql.to_owned())).collect();
        assert_eq!(pieces(dialect, sql), wanted, "{dialect}: {sql}");
    }
}

#[test]
fn what_does_not_end_is_refused() {
    for (dialect, sql) in [
        (Dialect::Postgres, "SELECT 'a"),
        (Dialect::Postgres, "DO $$ BEGIN"),
        (Dialect::Sqlite, "SELECT 1; /* never"),
        (Dialect::Sqlite, "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1;"),
        (Dialect::MySql, "SELECT `a"),
    ] {
        assert!(split(dialect, sql).is_err(), "{sql}");
    }
}

proptest! {
    /// Nothing but semicolons, space and comments is lost, whatever the text.
    #[test]
    fn nothing_is_lost(parts in prop::collection::vec(
        prop::sample::select(vec![
            "SELECT 1", "'a;b'", "\"x;y\"", ";", "\n", " ", "-- c;\n", "/* ; */", "é", "BEGIN", "END", "CASE",
        ]), 0..20),
    ) {
        let sql = parts.join(" ");
        for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
            let pieces = split(dialect, &sql).unwrap();
            let kept: usize = pieces.iter().map(|piece| piece.sql.matches("SELECT 1").count()).sum();
            prop_assert_eq!(kept, parts.iter().filter(|part| **part == "SELECT 1").count());
            for piece in &pieces {
                prop_assert!(sql.contains(piece.sql));
                let before = &sql[..sql.find(piece.sql).unwrap()];
                prop_assert!(piece.line > before.matches('\n').count() || pieces.len() > 1);
            }
        }
    }
}
