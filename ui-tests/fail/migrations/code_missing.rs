//! Code that the macro is not given, and code no file names.

struct Backfill;

fn main() {
    let _ = tenancy::migrations!("../../../../ui-tests/migrations/code_missing", rust = [Backfill]);
}
