//! What servers say of statements that had been done before.

/// Whether a statement that was announced says that it has been done already: what it makes is there,
/// or what it drops or renames is not. That a table is missing says so only of what drops or renames one.
pub(super) fn says_done(sql: &str, code: &str) -> bool {
    // Of a database, table, column, key, trigger, routine, constraint.
    let there = matches!(
        code,
        "1007"
            | "1050"
            | "1060"
            | "1061"
            | "1068"
            | "1359"
            | "1304"
            | "1826"
            | "3822"
            | "42P07"
            | "42701"
            | "42710"
            | "42723"
            | "42P06"
            | "42P16"
    );
    let gone = matches!(
        code,
        "1008" | "1051" | "1091" | "1360" | "1305" | "3821" | "3940" | "42704" | "42883" | "3F000"
    );
    let column_gone = matches!(code, "1054" | "42703");
    let table_gone = matches!(code, "1146" | "42P01");
    let mut words = sql.split_whitespace().map(str::to_ascii_uppercase);
    match words.next().as_deref() {
        Some("CREATE") => there,
        Some("DROP") => gone || table_gone,
        Some("RENAME") => there || table_gone,
        Some("ALTER") => {
            let renames = words.any(|word| word == "RENAME");
            there || gone || column_gone || (renames && table_gone)
        }
        _ => false,
    }
}
